/** MariaDB, which refuses to run as root: there it runs as the user that its package made. */
import { writeFileSync } from 'node:fs'
import { must } from '../lib/steps.mjs'
import { folderFor, programAt, startServer, withFreePorts } from './server.mjs'
import { userToRunAs } from './users.mjs'

/** @returns {Promise<import('./server.mjs').Server & { url: string }>} of a user who may do everything */
export async function startMariadb() {
  const owner = await userToRunAs('mysql')
  const folder = folderFor('mariadb', owner)
  const data = `${folder}/data`
  const install = ['--no-defaults', `--datadir=${data}`, '--skip-test-db', '--auth-root-authentication-method=normal']
  await must(programAt('mariadb-install-db'), install, { cwd: folder, ...owner })
  const first = `${folder}/first.sql`
  writeFileSync(
    first,
    "CREATE USER 'sallyport'@'%' IDENTIFIED BY 'sallyport';\nGRANT ALL ON *.* TO 'sallyport'@'%' WITH GRANT OPTION;\n",
    { mode: 0o644 },
  )
  const settings = {
    datadir: data,
    'bind-address': '127.0.0.1',
    socket: `${folder}/socket`,
    'init-file': first,
    'max-connections': '400',
    // Its data is thrown away with its folder.
    'innodb-flush-log-at-trx-commit': '0',
    'innodb-buffer-pool-size': '64M',
  }
  const ready = /ready for connections[\s\S]*port: \d+/
  return withFreePorts(1, async port => {
    const all = Object.entries({ ...settings, port: String(port) }).map(([name, value]) => `--${name}=${value}`)
    const args = ['--no-defaults', '--skip-name-resolve', ...all]
    const server = await startServer('mariadbd', args, { folder, ready, owner })
    return { url: `mysql://sallyport:sallyport@127.0.0.1:${port}/mysql`, ...server }
  })
}

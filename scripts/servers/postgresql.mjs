/** PostgreSQL, which refuses to run as root: there it runs as the user that its package made. */
import { must } from '../lib/steps.mjs'
import { folderFor, programAt, startServer, withFreePorts } from './server.mjs'
import { userToRunAs } from './users.mjs'

/** @returns {Promise<import('./server.mjs').Server & { url: string }>} of a superuser */
export async function startPostgresql() {
  const owner = await userToRunAs('postgres')
  const folder = folderFor('postgresql', owner)
  const data = `${folder}/data`
  const cluster = [
    '--pgdata',
    data,
    '--username=sallyport',
    '--auth=trust',
    '--encoding=UTF8',
    '--no-locale',
    '--no-sync',
  ]
  await must(programAt('initdb'), cluster, { cwd: folder, ...owner })
  const settings = {
    listen_addresses: '127.0.0.1',
    unix_socket_directories: '',
    // Its data is thrown away with its folder; what the tests show is not what survives a power cut.
    fsync: 'off',
    max_connections: '400',
  }
  const ready = /database system is ready to accept connections/
  return withFreePorts(1, async port => {
    const all = Object.entries({ ...settings, port: String(port) })
    const args = ['-D', data, ...all.flatMap(([name, value]) => ['-c', `${name}=${value}`])]
    const server = await startServer('postgres', args, { folder, ready, owner, signal: 'SIGINT' })
    return { url: `postgresql://sallyport@127.0.0.1:${port}/postgres`, ...server }
  })
}

/** The servers that the tests start for themselves: found, started, named where they are missing, and gone afterwards. */
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { chmodSync, existsSync, mkdtempSync, readdirSync, rmSync } from 'node:fs'
import { createServer, type Server } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { setTimeout as pause } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import { createClient } from 'redis'
import { describe, expect, it } from 'vitest'
import { folderFor, startServer, withFreePorts } from '../scripts/servers/server.mjs'

/** Set, and never looked at: servers of one's own. */
const elsewhere = {
  SALLYPORT_TEST_REDIS_CLUSTER_URL: 'redis://elsewhere',
  SALLYPORT_TEST_POSTGRES_URL: 'postgresql://elsewhere',
  SALLYPORT_TEST_MYSQL_URL: 'mysql://elsewhere',
}

function startServers(env: Record<string, string>) {
  return spawn(process.execPath, [fileURLToPath(new URL('../scripts/servers.mjs', import.meta.url))], {
    env: { ...process.env, SALLYPORT_TEST_REDIS_URL: '', ...elsewhere, ...env },
    stdio: ['pipe', 'pipe', 'pipe'],
  })
}

it('a server whose port somebody else takes first is started at another', async () => {
  const others: Server[] = []
  const asked: number[] = []
  const server = await withFreePorts(1, async port => {
    if (asked.push(port) < 3) {
      const other = createServer().listen(port, '127.0.0.1')
      await once(other, 'listening')
      others.push(other)
    }
    const place = ['--port', String(port), '--bind', '127.0.0.1', '--save', '']
    return startServer('redis', place, { folder: folderFor('redis'), ready: /Ready to accept connections/ })
  })
  expect(new Set(asked).size).toBe(3)
  await server.stop()
  for (const other of others) other.close()
})

describe('scripts/servers.mjs', () => {
  it('starts what no variable points to, tells where, and leaves nothing behind once its input ends', async () => {
    const servers = startServers({})
    const exit = once(servers, 'exit')
    const [line] = (await once(createInterface(servers.stdout), 'line')) as [string]
    const variables = JSON.parse(line)
    expect(Object.keys(variables)).toEqual(['SALLYPORT_TEST_REDIS_URL'])

    const client = createClient({ url: variables.SALLYPORT_TEST_REDIS_URL, socket: { reconnectStrategy: false } })
    client.on('error', () => {})
    await client.connect()
    const { dir } = await client.configGet('dir')
    expect(dir).toContain(tmpdir())
    expect(existsSync(dir ?? '')).toBe(true)

    servers.stdin.end()
    expect(await exit).toEqual([0, null])
    expect(existsSync(dir ?? '')).toBe(false)
    const again = createClient({ url: variables.SALLYPORT_TEST_REDIS_URL, socket: { reconnectStrategy: false } })
    again.on('error', () => {})
    await expect(again.connect()).rejects.toThrow('ECONNREFUSED')
  })

  it('leaves nothing behind either where it is asked to stop while a server is still starting', async () => {
    // A folder for all that it makes: others make folders of such names as well. Servers of another user have to get through.
    const own = mkdtempSync(join(tmpdir(), 'sallyport-servers-'))
    chmodSync(own, 0o755)
    const folders = () => readdirSync(own).filter(name => /^sallyport-mariadb-/.test(name))
    const servers = startServers({
      SALLYPORT_TEST_REDIS_URL: 'redis://elsewhere',
      SALLYPORT_TEST_MYSQL_URL: '',
      TMPDIR: own,
    })
    const exit = once(servers, 'exit')
    while (folders().length === 0) await pause(1)
    servers.stdin.end()
    expect(await exit).toEqual([0, null])
    expect(folders()).toEqual([])
    rmSync(own, { recursive: true, force: true })
  })

  it('names the package of a server that is missing, and fails', async () => {
    const servers = startServers({ PATH: '/nowhere' })
    const exit = once(servers, 'exit')
    let said = ''
    for await (const chunk of servers.stderr) said += chunk
    expect(said).toContain('redis is not installed: install the package redis-server')
    expect(await exit).toEqual([1, null])
  })
})

/** The servers that the tests start for themselves: found, started, named where they are missing, and gone afterwards. */
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { existsSync, readdirSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { createInterface } from 'node:readline'
import { fileURLToPath } from 'node:url'
import { createClient } from 'redis'
import { describe, expect, it } from 'vitest'

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
    const folders = () => readdirSync(tmpdir()).filter(name => /^sallyport-mariadb-/.test(name))
    const before = folders()
    const servers = startServers({ SALLYPORT_TEST_REDIS_URL: 'redis://elsewhere', SALLYPORT_TEST_MYSQL_URL: '' })
    const exit = once(servers, 'exit')
    while (folders().length === before.length) await new Promise(resolve => setImmediate(resolve))
    servers.stdin.end()
    expect(await exit).toEqual([0, null])
    expect(folders().filter(name => !before.includes(name))).toEqual([])
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

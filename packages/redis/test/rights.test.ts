import { readFileSync } from 'node:fs'
import { redisStore } from '@sallyport/redis'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { type Connection, defaultClients, defaultClusterClients } from './support/clients.js'
import { newKey, newRecord, race } from './support/records.js'
import { type RedisCluster, type RedisServer, startCluster, startRedis } from './support/servers.js'

/** What the documentation tells to grant: for one server, and what a cluster takes besides. */
const page = readFileSync(new URL('../../../docs/redis.md', import.meta.url), 'utf8')
const granted = [...page.matchAll(/^ACL SETUSER sallyport (?:on >\S+ )?(.+)$/gm)].map(([, rights = '']) =>
  rights.split(' '),
)
const [forOne = [], forCluster = []] = granted
const commands = forOne.filter(right => right.startsWith('+') && right !== '+info')

/** From now on whoever connects without a name has these rights, and the operator another name. */
async function grant({ operator: { run } }: RedisServer, rights: readonly string[]): Promise<void> {
  await run('ACL', 'SETUSER', 'operator', 'on', 'nopass', '~*', '+@all')
  await run('AUTH', 'operator', '')
  await run('ACL', 'SETUSER', 'default', 'reset', 'on', 'nopass', ...rights)
}

/** Everything that the store does. */
async function useAll({ port }: Connection, forget: () => Promise<unknown>): Promise<void> {
  const store = redisStore(port)
  const [key, record] = [newKey(), newRecord()]
  await forget()
  await store.put(key, record, null)
  expect(await store.put(key, newRecord(), null)).toBe(false)
  expect(await race([store], key, record.version, 4)).toBe(1)
  expect(await store.get(key)).not.toBeNull()
  await store.delete(key)
}

it('finds two lists in the documentation', () => {
  expect(granted).toHaveLength(2)
  expect(commands).toHaveLength(6)
})

describe('the rights that the documentation lists', () => {
  let server: RedisServer
  let cluster: RedisCluster
  beforeAll(async () => {
    ;[server, cluster] = await Promise.all([startRedis(), startCluster()])
    await Promise.all([grant(server, forOne), ...cluster.nodes.map(node => grant(node, [...forOne, ...forCluster]))])
  })
  afterAll(() => Promise.all([server.stop(), cluster.stop()]))
  const forget = () => server.operator.run('SCRIPT', 'FLUSH')
  const forgetAll = () => Promise.all(cluster.nodes.map(({ operator }) => operator.run('SCRIPT', 'FLUSH')))

  it.each(defaultClients)('are enough for $name', async ({ connect }) => {
    const connection = await connect(server.url)
    await useAll(connection, forget)
    expect(await redisStore(connection.port).check()).toEqual([])
    connection.close()
  })

  it.each(defaultClusterClients)('are enough for $name', async ({ connect }) => {
    const connection = await connect(cluster.urls)
    await useAll(connection, forgetAll)
    expect(await redisStore(connection.port).check()).toEqual([])
    connection.close()
  })

  it.each(commands)('are all needed: without %s something fails', async command => {
    const [client] = defaultClients
    if (client === undefined) throw new Error('no client')
    const connection = await client.connect(server.url)
    await grant(
      server,
      forOne.filter(right => right !== command),
    )
    await expect(useAll(connection, forget)).rejects.toMatchObject({
      kind: 'store',
      message: expect.stringContaining('lacks a right'),
    })
    await grant(server, forOne)
    connection.close()
  })

  it('are all needed: without +info check cannot tell, and says so', async () => {
    const [client] = defaultClients
    const connection = await client?.connect(server.url)
    if (connection === undefined) throw new Error('no client')
    await grant(
      server,
      forOne.filter(right => right !== '+info'),
    )
    await useAll(connection, forget)
    await expect(redisStore(connection.port).check()).rejects.toMatchObject({ kind: 'store', code: 'store_failed' })
    await grant(server, forOne)
    connection.close()
  })

  it('leave other keys alone', async () => {
    const [client] = defaultClients
    const connection = await client?.connect(server.url)
    if (connection === undefined) throw new Error('no client')
    const elsewhere = redisStore(connection.port, { prefix: 'elsewhere:' })
    await expect(elsewhere.get(newKey())).rejects.toMatchObject({
      message: expect.stringContaining('lacks a right to the keys'),
    })
    connection.close()
  })
})

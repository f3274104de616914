import { redisStore } from '@sallyport/redis'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { recordKey } from '../../core/src/store/record.js'
import { expectRefusal, makeApplication, minute } from '../../core/test/support/harness.js'
import { clusterClients, defaultClusterClients } from './support/clients.js'
import { newKey, newPrefix, newRecord, race, waitingFor } from './support/records.js'
import { addReplicas, type RedisCluster, type RedisServer, startCluster } from './support/servers.js'

let cluster: RedisCluster
beforeAll(async () => {
  cluster = await startCluster()
})
afterAll(() => cluster.stop())

/** Who has the slot now, and who has not. */
async function ownerOf(slot: string): Promise<{ owner: RedisServer; others: RedisServer[] }> {
  const ranges = (await cluster.nodes[0]?.operator.run('CLUSTER', 'SLOTS')) as [number, number, [string, number]][]
  const range = ranges.find(([from, to]) => from <= Number(slot) && Number(slot) <= to)
  const owner = cluster.nodes.find(({ port }) => port === range?.[2][1])
  if (owner === undefined) throw new Error('nobody has the slot')
  return { owner, others: cluster.nodes.filter(node => node !== owner) }
}

/** The steps of moving a slot with one key in it, as redis-cli takes them. */
async function movesOf(key: string): Promise<(() => Promise<unknown>)[]> {
  const slot = String(await cluster.nodes[0]?.operator.run('CLUSTER', 'KEYSLOT', key))
  const { owner, others } = await ownerOf(slot)
  const [target] = others
  if (target === undefined) throw new Error('nowhere to move to')
  const idOf = ({ operator }: RedisServer) => operator.run('CLUSTER', 'MYID').then(String)
  const [from, to] = await Promise.all([idOf(owner), idOf(target)])
  const set = ({ operator }: RedisServer, state: string, id: string) =>
    operator.run('CLUSTER', 'SETSLOT', slot, state, id)
  return [
    () => set(target, 'IMPORTING', from),
    () => set(owner, 'MIGRATING', to),
    () => owner.operator.run('MIGRATE', '127.0.0.1', String(target.port), key, '0', '30000'),
    () => set(target, 'NODE', to),
    () => set(owner, 'NODE', to),
    () => Promise.all(others.map(node => set(node, 'NODE', to))),
  ]
}

describe.each(defaultClusterClients)('by $name, as it comes', ({ connect }) => {
  it('R47: lets one of 16 writers win at every step of moving a slot, and reads what it wrote', async () => {
    const prefix = newPrefix()
    const connections = await Promise.all([connect(cluster.urls), connect(cluster.urls)])
    const stores = connections.map(({ port }) => redisStore(port, { prefix }))
    const [store, other] = stores
    if (store === undefined || other === undefined) throw new Error('not connected')
    const key = newKey()
    await store.put(key, newRecord(), null)
    await other.get(key)
    for (const move of await movesOf(`${prefix}${key}`)) {
      // Once while it happens, and once after it has.
      for (const step of [move, async () => {}]) {
        const over = (await store.get(key))?.version ?? null
        expect(over).not.toBeNull()
        const [won] = await Promise.all([race(stores, key, over, 16), step()])
        expect(won).toBe(1)
        const [mine, theirs] = await Promise.all([store.get(key), other.get(key)])
        expect(mine?.version).not.toBe(over)
        expect(theirs).toEqual(mine)
      }
    }
    for (const connection of connections) connection.close()
  })

  it('R4: takes a code once that logins give at every step of moving a slot', async () => {
    const connection = await connect(cluster.urls)
    const prefix = newPrefix()
    const store = redisStore(connection.port, { prefix })
    const { twoFactor, enroll, challenge, clock, context } = makeApplication(waitingFor(store))
    const alice = await enroll('alice')
    for (const move of await movesOf(`${prefix}${recordKey('', 'alice')}`)) {
      const code = alice.code()
      const verify = async () => twoFactor.login.verify(await challenge('alice'), { method: 'totp', code }, context)
      const [passed] = await Promise.all([verify(), move()])
      expect(passed).toMatchObject({ because: 'verified' })
      await expectRefusal(verify(), 'invalid_code')
      clock.advance(minute)
    }
    connection.close()
  })
})

describe('a cluster with replicas', () => {
  let replicas: Awaited<ReturnType<typeof addReplicas>>
  beforeAll(async () => {
    replicas = await addReplicas(cluster)
  })
  afterAll(() => replicas.stop())

  it.each(clusterClients)('R47: is asked at the primaries alone by $name', async ({ connect }) => {
    const connection = await connect(cluster.urls)
    const store = redisStore(connection.port, { prefix: newPrefix() })
    const before = await replicas.asked('get', 'getex', 'evalsha', 'eval')
    for (let index = 0; index < 20; index++) {
      const [key, record] = [newKey(), newRecord()]
      await store.put(key, record, null)
      expect((await store.get(key))?.version).toBe(record.version)
    }
    expect(await replicas.asked('get', 'getex', 'evalsha', 'eval')).toEqual(before)
    connection.close()
  })
})

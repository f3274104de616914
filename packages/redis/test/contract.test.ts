import { redisStore } from '@sallyport/redis'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { type Client, type ClusterPlace, type Connection, clusterClients, singleClients } from './support/clients.js'
import { newKey, newPrefix, newRecord, newVersion, race } from './support/records.js'
import { type Operator, operate, sharedServer } from './support/servers.js'

const hour = 3_600_000

/** What the contract of a store asks, through one kind of client on a server of the whole run. */
function contract<Place extends unknown[]>(client: Client<Place>, place: () => Place, operators: () => Operator[]) {
  const prefix = newPrefix()
  const connections: Connection[] = []
  const stores = () => connections.map(({ port }) => redisStore(port, { prefix }))

  beforeAll(async () => {
    for (let index = 0; index < 3; index++) connections.push(await client.connect(...place()))
  })
  afterAll(() => {
    for (const connection of connections) connection.close()
  })

  function firstTwo() {
    const [store, other] = stores()
    if (store === undefined || other === undefined) throw new Error('not connected')
    return { store, other }
  }

  /** Where the key really lies. */
  async function onServer(command: string, key: string): Promise<unknown> {
    for (const operator of operators()) {
      try {
        return await operator.run(command, `${client.keyPrefix}${prefix}${key}`)
      } catch (error) {
        if (!String(error).includes('MOVED')) throw error
      }
    }
    throw new Error('no node has the slot')
  }

  it('gives null for what is not there, and for what is, what was put, byte for byte, to every client', async () => {
    const { store, other } = firstTwo()
    const key = newKey()
    expect(await store.get(key)).toBeNull()
    const everyByte = Uint8Array.from({ length: 32 * 1024 }, (_, index) => index % 256).slice()
    for (const body of [everyByte, new Uint8Array(0), Uint8Array.of(0), Uint8Array.of(255, 254).slice()]) {
      const record = newRecord({ body: body.slice() })
      await store.delete(key)
      expect(await store.put(key, record, null)).toBe(true)
      expect(await other.get(key)).toEqual({ version: record.version, body: record.body })
    }
  })

  it('R47: writes only over the version that is named, and null names absence', async () => {
    const { store, other } = firstTwo()
    const [key, first, second] = [newKey(), newRecord(), newRecord()]
    expect(await store.put(key, first, newVersion())).toBe(false)
    expect(await store.get(key)).toBeNull()
    expect(await store.put(key, first, null)).toBe(true)
    expect(await other.put(key, second, null)).toBe(false)
    expect(await other.put(key, second, second.version)).toBe(false)
    expect((await other.get(key))?.version).toBe(first.version)
    expect(await other.put(key, second, first.version)).toBe(true)
    expect(await store.put(key, newRecord(), first.version)).toBe(false)
    expect((await store.get(key))?.version).toBe(second.version)
  })

  it('R47: deletes, also what is not there, and a stale write does not bring it back', async () => {
    const { store, other } = firstTwo()
    const [key, record] = [newKey(), newRecord()]
    await store.put(key, record, null)
    await other.delete(key)
    await other.delete(key)
    expect(await store.put(key, newRecord(), record.version)).toBe(false)
    expect(await store.get(key)).toBeNull()
  })

  it('R47: lets one of 50 writers on several connections win, for an insert and for updates', async () => {
    const key = newKey()
    expect(await race(stores(), key, null)).toBe(1)
    for (let round = 0; round < 3; round++) {
      const { store } = firstTwo()
      expect(await race(stores(), key, (await store.get(key))?.version ?? null)).toBe(1)
    }
  })

  it('R47: reads on one connection what another has written before', async () => {
    const { store, other } = firstTwo()
    const key = newKey()
    let version: string | null = null
    for (let round = 0; round < 20; round++) {
      const record = newRecord()
      expect(await store.put(key, record, version)).toBe(true)
      expect((await other.get(key))?.version).toBe(record.version)
      version = record.version
    }
  })

  it('keeps a record until it expires, drops one that has, and forgets an expiry that the next write has not', async () => {
    const { store } = firstTwo()
    const key = newKey()
    const first = newRecord({ expiresAt: Date.now() + hour + 0.5 })
    await store.put(key, first, null)
    expect(await onServer('PTTL', key)).toSatisfy((left: number) => left > hour - 60_000 && left <= hour + 1)
    const second = newRecord()
    expect(await store.put(key, second, first.version)).toBe(true)
    expect(await onServer('PTTL', key)).toBe(-1)
    for (const expiresAt of [Date.now() - hour, 0, -1]) {
      expect(await store.put(key, newRecord({ expiresAt }), second.version)).toBe(true)
      expect(await store.get(key)).toBeNull()
      await store.put(key, second, null)
    }
  })

  it('keeps keys apart to the byte', async () => {
    const { store } = firstTwo()
    const keys = ['a', 'A', 'a ', ' a', '\u00e9', 'e\u0301', '', '{a}', '{a}b', 'a\r\n', 'a\0b', '1', 'EVALSHA']
    const records = new Map(keys.map(key => [key, newRecord()]))
    for (const [key, record] of records) expect(await store.put(key, record, null)).toBe(true)
    for (const [key, record] of records) expect((await store.get(key))?.version).toBe(record.version)
  })

  it('puts the prefixes of client and store before the key, and nothing else anywhere', async () => {
    const { store } = firstTwo()
    const [key, record] = [newKey(), newRecord()]
    await store.put(key, record, null)
    expect(await onServer('GET', key)).toBe(`${record.version}:${Buffer.from(record.body).toString('base64')}`)
    await store.delete(key)
    expect(await onServer('GET', key)).toBeNull()
  })

  it('R41: throws once its client is closed, and what it wrote stays', async () => {
    const connection = await client.connect(...place())
    const store = redisStore(connection.port, { prefix })
    const [key, record] = [newKey(), newRecord()]
    expect(await store.put(key, record, null)).toBe(true)
    connection.close()
    await expect(store.get(key)).rejects.toMatchObject({ kind: 'store', code: 'store_failed' })
    expect((await firstTwo().store.get(key))?.version).toBe(record.version)
  })
}

describe.each(singleClients)('a store by $name', client => {
  const url = sharedServer('SALLYPORT_TEST_REDIS_URL')
  let operator: Operator
  beforeAll(async () => {
    operator = await operate(url)
  })
  afterAll(() => operator.close())
  contract(
    client,
    () => [url],
    () => [operator],
  )
})

describe.each(clusterClients)('a store by $name', client => {
  const urls = sharedServer('SALLYPORT_TEST_REDIS_CLUSTER_URL').split(',')
  const operators: Operator[] = []
  beforeAll(async () => {
    operators.push(...(await Promise.all(urls.map(operate))))
  })
  afterAll(() => {
    for (const operator of operators) operator.close()
  })
  contract<ClusterPlace>(
    client,
    () => [urls],
    () => operators,
  )
})

import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { type ClientOptions, databases, makePlace, type Place } from './support/place.js'
import { newKey, newRecord, newVersion, openStores, outcomes } from './support/records.js'

const contenders = 50
const isolations = ['READ COMMITTED', 'REPEATABLE READ', 'SERIALIZABLE'] as const

/** A client whose connections have another isolation level than the server's. */
function isolated(database: Place['database'], isolation: string): ClientOptions {
  const options = `-c default_transaction_isolation=${isolation.replace(' ', '\\ ')}`
  const initSql = `SET SESSION TRANSACTION ISOLATION LEVEL ${isolation}`
  return { adapter: database === 'mysql' ? { initSql, connectionLimit: 10 } : { options, max: 10 } }
}

const cases: { title: string; database: Place['database']; options: ClientOptions }[] = [
  ...databases.flatMap(database =>
    ([7, 6] as const).map(major => ({ title: `${database}, Prisma ${major}`, database, options: { major } })),
  ),
  ...(['postgresql', 'mysql'] as const).flatMap(database =>
    isolations.map(isolation => ({
      title: `${database}, ${isolation}`,
      database,
      options: isolated(database, isolation),
    })),
  ),
]

describe.each(cases)('50 at once on $title', ({ database, options }) => {
  let place: Place
  let stores: Awaited<ReturnType<typeof openStores>>

  beforeAll(async () => {
    place = await makePlace(database, { major: options.major ?? 7 })
    stores = await openStores(place, 3, options)
  })
  afterAll(() => place.close())

  /** The libsql of Prisma 6 does not wait for a lock: it throws, which is no success. */
  const mayBeBusy = database === 'sqlite' && options.major === 6

  /** Puts of as many different records over one version, through the clients in turn. */
  async function race(key: string, ifVersion: string | null) {
    const records = Array.from({ length: contenders }, () => newRecord())
    const puts = records.map((record, index) => stores[index % stores.length]?.put(key, record, ifVersion))
    const outcome = await outcomes(puts.map(put => put ?? Promise.reject(new Error('no store'))))
    const found = await stores[0]?.get(key)
    return { ...outcome, found, records }
  }

  it.each([1, 2])('R10, R18, R47: one of all that insert wins, and one of all that write over it (%i)', async () => {
    const key = newKey()
    let version: string | null = null
    for (const _ of [1, 2, 3]) {
      const { landed, refused, thrown, found, records } = await race(key, version)
      if (!mayBeBusy) expect(thrown).toEqual([])
      for (const error of thrown) expect(error).toMatchObject({ code: 'store_failed' })
      expect(landed).toBe(1)
      expect(refused + thrown.length).toBe(contenders - 1)
      expect(records.find(record => record.version === found?.version)?.body).toEqual(found?.body)
      version = found?.version ?? null
    }
  })

  it('R47: of deletes and inserts at once, what is there afterwards is what landed', async () => {
    const key = newKey()
    const first = newRecord()
    await stores[0]?.put(key, first, null)
    const records = Array.from({ length: contenders }, () => newRecord())
    const calls = records.map(async (record, index) => {
      const store = stores[index % stores.length]
      if (index % 2 === 0) return (await store?.put(key, record, null)) ?? false
      await store?.delete(key)
      return false
    })
    const { landed, thrown } = await outcomes(calls)
    if (!mayBeBusy) expect(thrown).toEqual([])
    expect(landed).toBeGreaterThan(0)
    const found = await stores[1]?.get(key)
    if (found) expect([first, ...records].map(({ version }) => version)).toContain(found.version)
    expect(await stores[1]?.put(key, newRecord(), newVersion())).toBe(false)
  })
})

import { prismaStore } from '@sallyport/prisma'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { databases, forms, makePlace, type Place } from './support/place.js'
import { extended, newKey, newRecord, newVersion } from './support/records.js'

const hour = 3_600_000

const cases = databases.flatMap(database =>
  forms.map(form => ({
    database,
    ...form,
    title: `${database}, Prisma ${form.major}, ${form.generator}${form.extended ? ', $extends' : ''}`,
  })),
)

describe.each(cases)('on $title', ({ database, major, generator, extended: extend }) => {
  let place: Place
  let store: ReturnType<typeof prismaStore>

  beforeAll(async () => {
    place = await makePlace(database, { major })
    const client = await place.client({ generator })
    store = prismaStore(extend ? extended(client) : client)
  })
  afterAll(() => place.close())

  it('R47: keeps what is put, and only if the version on record is the one that was read', async () => {
    const key = newKey()
    const [first, second] = [newRecord(), newRecord()]
    expect(await store.get(key)).toBeNull()
    expect(await store.put(key, first, newVersion())).toBe(false)
    expect(await store.put(key, first, null)).toBe(true)
    expect(await store.put(key, second, null)).toBe(false)
    expect(await store.put(key, second, newVersion())).toBe(false)
    expect(await store.get(key)).toEqual({ version: first.version, body: first.body })
    expect(await store.put(key, second, first.version)).toBe(true)
    expect(await store.put(key, second, first.version)).toBe(false)
    expect(await store.get(key)).toEqual({ version: second.version, body: second.body })
    await store.delete(key)
    await store.delete(key)
    expect(await store.get(key)).toBeNull()
    expect(await store.put(key, first, null)).toBe(true)
  })

  it('gives every body back byte for byte', async () => {
    for (const length of [0, 1, 255, 256, 65, 32 * 1024]) {
      const key = newKey()
      const body = Uint8Array.from({ length }, (_, index) => (index * 7 + length) % 256)
      expect(await store.put(key, newRecord({ body }), null)).toBe(true)
      const found = await store.get(key)
      expect(Buffer.from(found?.body ?? []).equals(body)).toBe(true)
      expect(found?.body.constructor).toBe(Uint8Array)
    }
  })

  it('shares no buffer with the caller, nor two callers one', async () => {
    const key = newKey()
    const body = Uint8Array.of(1, 2, 3)
    const writing = store.put(key, newRecord({ body }), null)
    body.fill(0)
    expect(await writing).toBe(true)
    const [one, other] = await Promise.all([store.get(key), store.get(key)])
    one?.body.fill(9)
    expect(other?.body).toEqual(Uint8Array.of(1, 2, 3))
    expect((await store.get(key))?.body).toEqual(Uint8Array.of(1, 2, 3))
  })

  it('R32: keeps keys apart that differ in case, in Unicode form, or by a space at the end', async () => {
    const key = newKey()
    const mixed = `aB${key.slice(2)}`
    const keys = [
      key,
      key.toUpperCase(),
      mixed,
      'key',
      'KEY',
      'kéy',
      'ke\u0301y',
      'key ',
      'key\0',
      'key\t',
      '',
      ' ',
      'ß',
      'ss',
      'ı',
      'i',
      '\ud83d\ude00',
    ]
    const records = keys.map(() => newRecord())
    for (const [index, key] of keys.entries()) {
      expect(await store.put(key, records[index] ?? newRecord(), null), JSON.stringify(key)).toBe(true)
    }
    for (const [index, key] of keys.entries()) expect((await store.get(key))?.version).toBe(records[index]?.version)
    for (const key of keys) await store.delete(key)
  })

  it('hides no record that has expired, and purges only those', async () => {
    const ends = { never: null, past: Date.now() - 2 * hour, lately: Date.now() - hour / 2, future: Date.now() + hour }
    const keys = {
      never: newKey(),
      past: newKey(),
      lately: newKey(),
      future: newKey(),
      renewed: newKey(),
      kept: newKey(),
    }
    for (const [name, expiresAt] of Object.entries(ends)) {
      expect(await store.put(keys[name as keyof typeof ends], newRecord({ expiresAt }), null)).toBe(true)
    }
    const old = newRecord({ expiresAt: ends.past })
    for (const key of [keys.renewed, keys.kept]) expect(await store.put(key, old, null)).toBe(true)
    expect(await store.put(keys.renewed, newRecord({ expiresAt: ends.future }), old.version)).toBe(true)
    expect(await store.put(keys.kept, newRecord({ expiresAt: null }), old.version)).toBe(true)
    expect(await store.get(keys.past)).not.toBeNull()
    const left = async () => {
      const found = await Promise.all(
        Object.entries(keys).map(async ([name, key]) => ((await store.get(key)) ? [name] : [])),
      )
      return found.flat()
    }
    expect(await store.purgeExpired()).toBe(1)
    expect(await left()).toEqual(['never', 'lately', 'future', 'renewed', 'kept'])
    expect(await store.purgeExpired(new Date())).toBe(1)
    expect(await store.purgeExpired(new Date('2999-01-01'))).toBe(2)
    expect(await left()).toEqual(['never', 'kept'])
  })

  it('checks the table, and leaves nothing behind', async () => {
    const before = await place.run('SELECT count(*) AS n FROM two_factor_record')
    expect(await store.check()).toBeUndefined()
    expect(await place.run('SELECT count(*) AS n FROM two_factor_record')).toEqual(before)
  })
})

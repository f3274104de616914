/** Where databases are known to differ from what one thinks. */
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { setTimeout as pause } from 'node:timers/promises'
import type { Store } from '@sallyport/core'
import { prismaStore } from '@sallyport/prisma'
import { afterEach, describe, expect, it } from 'vitest'
import type { Database } from './support/generated.js'
import { makePlace, type Place, sqlOf } from './support/place.js'
import { newKey, newRecord, newVersion, openStores, outcomes } from './support/records.js'

const storeFailed = (message: string) => expect.objectContaining({ kind: 'store', code: 'store_failed', message })

const places: Place[] = []
afterEach(async () => void (await Promise.all(places.splice(0).map(place => place.close()))))

async function newPlace(database: Database, sql?: string): Promise<Place> {
  const place = await makePlace(database, sql === undefined ? {} : { sql })
  places.push(place)
  return place
}

describe('MySQL and MariaDB', () => {
  const collations = [
    'utf8mb4_unicode_ci',
    'utf8mb4_general_ci',
    'utf8mb4_unicode_520_ci',
    'utf8mb4_bin',
    'latin1_swedish_ci',
  ]

  it.each(collations)('R32: keep keys apart under %s', async collation => {
    const [characters] = collation.split('_')
    const sql = sqlOf('mysql').replace(/CHARACTER SET .*;/, `CHARACTER SET ${characters} COLLATE ${collation};`)
    expect(sql).toContain(collation)
    const [store] = (await openStores(await newPlace('mysql', sql), 1)) as [Store]
    const keys = [
      'abc',
      'ABC',
      'Abc',
      'ábc',
      'abc ',
      'abc  ',
      'a\u0301bc',
      'abc\0',
      'ß',
      'ss',
      'ı',
      'i',
      'I',
      'ﬁ',
      'fi',
    ]
    const records = keys.map(() => newRecord())
    for (const [index, key] of keys.entries()) {
      expect(await store.put(key, records[index] ?? newRecord(), null), JSON.stringify(key)).toBe(true)
    }
    for (const [index, key] of keys.entries()) expect((await store.get(key))?.version).toBe(records[index]?.version)
  })

  it.each([true, false])(
    'R47: tell of a write that changed nothing but the version (rows found, not changed: %s)',
    async foundRows => {
      const place = await newPlace('mysql')
      const store = prismaStore(await place.client({ adapter: { foundRows } }))
      const [key, first] = [newKey(), newRecord()]
      expect(await store.put(key, first, null)).toBe(true)
      const second = { ...first, version: newVersion() }
      expect(await store.put(key, second, first.version)).toBe(true)
      expect(await store.put(key, second, first.version)).toBe(false)
      expect((await store.get(key))?.version).toBe(second.version)
    },
  )

  it('R47: roll one of two inserts back that lock each other out: a conflict, and the other one lands', async () => {
    const place = await newPlace('mysql')
    const prisma = await place.client()
    const store = prismaStore(await place.client())
    const key = newKey()
    let puts: Promise<boolean>[] = []
    const rolledBack = prisma.$transaction(async transaction => {
      await transaction.twoFactorRecord.createMany({ data: [{ key, version: '0', body: new Uint8Array() }] })
      puts = [store.put(key, newRecord(), null), store.put(key, newRecord(), null)]
      await waitsForLock(place, puts.length)
      // Both get to share the lock then, and both want it for themselves.
      throw new Error('rolled back')
    })
    await expect(rolledBack).rejects.toThrow('rolled back')
    expect(await outcomes(puts)).toEqual({ landed: 1, refused: 1, thrown: [] })
  })
})

describe('PostgreSQL', () => {
  it('R47: refuses to serialise a write over a row that changed meanwhile: a conflict, and nothing of it is written', async () => {
    const place = await newPlace('postgresql')
    const isolated = await place.client({ adapter: { options: '-c default_transaction_isolation=repeatable\\ read' } })
    const store = prismaStore(isolated)
    const [key, first] = [newKey(), newRecord()]
    await store.put(key, first, null)
    const prisma = await place.client()
    const put = await prisma.$transaction(async transaction => {
      await transaction.twoFactorRecord.updateMany({ where: { key }, data: { expiresAt: new Date() } })
      const put = store.put(key, newRecord(), first.version)
      await waitsForLock(place)
      return { put }
    })
    expect(await put.put).toBe(false)
    expect((await store.get(key))?.version).toBe(first.version)
  })

  it('R47: under READ COMMITTED, looks at the version again when the other has ended', async () => {
    const place = await newPlace('postgresql')
    const store = prismaStore(await place.client())
    const [key, first, second] = [newKey(), newRecord(), newVersion()]
    await store.put(key, first, null)
    const prisma = await place.client()
    const put = await prisma.$transaction(async transaction => {
      await transaction.twoFactorRecord.updateMany({ where: { key }, data: { version: second } })
      const put = store.put(key, newRecord(), first.version)
      await waitsForLock(place)
      return { put }
    })
    expect(await put.put).toBe(false)
    expect((await store.get(key))?.version).toBe(second)
  })
})

describe.each(['postgresql', 'mysql'] as const)('on %s', database => {
  it('R41, R47: purging leaves a record that is renewed at that moment', async () => {
    const place = await newPlace(database)
    const prisma = await place.client()
    const store = prismaStore(await place.client())
    const [key, record] = [newKey(), newRecord({ expiresAt: 1 })]
    await store.put(key, record, null)
    const purging = await prisma.$transaction(async transaction => {
      await transaction.twoFactorRecord.updateMany({ where: { key }, data: { expiresAt: null } })
      const purge = store.purgeExpired()
      await waitsForLock(place)
      return { purge }
    })
    expect(await purging.purge).toBe(0)
    expect((await store.get(key))?.version).toBe(record.version)
  })

  it('R41: a write whose connection is killed throws, and did not land; the next one does', async () => {
    const place = await newPlace(database)
    const store = prismaStore(await place.client())
    const prisma = await place.client()
    const [key, first, second] = [newKey(), newRecord(), newRecord()]
    await store.put(key, first, null)
    await prisma.$transaction(async transaction => {
      await transaction.twoFactorRecord.updateMany({ where: { key }, data: { expiresAt: new Date() } })
      const put = store.put(key, second, first.version)
      const outcome = expect(put).rejects.toEqual(storeFailed('the database closed the connection'))
      const connection = await waitsForLock(place)
      await place.run(database === 'mysql' ? `KILL ${connection}` : `SELECT pg_terminate_backend(${connection})`)
      await outcome
    })
    expect((await store.get(key))?.version).toBe(first.version)
    expect(await store.put(key, second, first.version)).toBe(true)
  })

  it('R41: with one connection, 50 writes wait for each other, and none is lost', async () => {
    const place = await newPlace(database)
    const [store] = (await openStores(place, 1, { adapter: onlyConnection(database) })) as [Store]
    const keys = Array.from({ length: 50 }, newKey)
    const puts = await outcomes(keys.map(key => store.put(key, newRecord(), null)))
    expect(puts).toEqual({ landed: 50, refused: 0, thrown: [] })
  })

  it('R41: where no connection is free in time, a write throws and does not land later', async () => {
    const place = await newPlace(database)
    // The connection that the transaction takes is made in that time, too.
    const patience = 3_000
    const waiting = database === 'mysql' ? { acquireTimeout: patience } : { connectionTimeoutMillis: patience }
    const prisma = await place.client({ adapter: { ...onlyConnection(database), ...waiting } })
    const store = prismaStore(prisma)
    const keys = [newKey(), newKey()]
    const why =
      'no connection to the database was to be had in time: is it there, are user and password right, is the pool too small?'
    await prisma.$transaction(async () => {
      const puts = keys.map(key => expect(store.put(key, newRecord(), null)).rejects.toEqual(storeFailed(why)))
      await Promise.all(puts)
    })
    for (const key of keys) expect(await store.get(key)).toBeNull()
    for (const key of keys) expect(await store.put(key, newRecord(), null)).toBe(true)
  })
})

describe('SQLite', () => {
  it('R41: a write throws while another process writes, and does not land later', async () => {
    const place = await newPlace('sqlite')
    const store = prismaStore(await place.client({ adapter: { timeout: 0 } }))
    const [key, first] = [newKey(), newRecord()]
    await store.put(key, first, null)
    const unlock = await lockedElsewhere(place)
    const why = 'another connection has locked the database: set a busy timeout'
    await expect(store.put(key, newRecord(), first.version)).rejects.toEqual(storeFailed(why))
    await expect(store.put(newKey(), newRecord(), null)).rejects.toEqual(storeFailed(why))
    await expect(store.delete(key)).rejects.toEqual(storeFailed(why))
    // In WAL mode reads go on.
    expect((await store.get(key))?.version).toBe(first.version)
    await unlock()
    expect((await store.get(key))?.version).toBe(first.version)
    expect(await store.put(key, newRecord(), first.version)).toBe(true)
  })

  it('R41: with a busy timeout a write waits for its turn', async () => {
    const place = await newPlace('sqlite')
    const store = prismaStore(await place.client({ adapter: { timeout: 10_000 } }))
    const [key, first] = [newKey(), newRecord()]
    await store.put(key, first, null)
    const unlock = await lockedElsewhere(place, 300)
    expect(await store.put(key, newRecord(), first.version)).toBe(true)
    await unlock()
  })
})

const onlyConnection = (database: Database) => (database === 'mysql' ? { connectionLimit: 1 } : { max: 1 })

/** @returns the id of a connection that waits for a lock of another one, once `count` do */
async function waitsForLock(place: Place, count = 1): Promise<string> {
  const query =
    place.database === 'mysql'
      ? `SELECT trx_mysql_thread_id AS id FROM information_schema.innodb_trx
         JOIN information_schema.processlist p ON p.id = trx_mysql_thread_id
         WHERE trx_state = 'LOCK WAIT' AND p.db = database()`
      : "SELECT pid AS id FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'"
  for (;;) {
    const found = await place.run(query)
    if (found.length >= count) return String(found[0]?.['id'])
    await pause(110) // InnoDB looks again only where nobody has looked for 100 ms
  }
}

/** Another process begins to write. @returns what lets it end, unless it does so by itself after `milliseconds` */
async function lockedElsewhere({ address }: Place, milliseconds?: number): Promise<() => Promise<void>> {
  const program = `
    import { createClient } from '@libsql/client'
    const client = createClient({ url: ${JSON.stringify((address as { url: string }).url)} })
    await client.execute('BEGIN IMMEDIATE')
    process.stdout.write('locked')
    const end = async () => { await client.execute('ROLLBACK'); process.exit() }
    process.stdin.on('end', end).resume()
    ${milliseconds === undefined ? '' : `setTimeout(end, ${milliseconds})`}`
  const child = spawn(process.execPath, ['--input-type=module', '--eval', program], {
    stdio: ['pipe', 'pipe', 'inherit'],
  })
  const ended = once(child, 'close')
  await once(child.stdout, 'data')
  return async () => {
    child.stdin.end()
    await ended
  }
}

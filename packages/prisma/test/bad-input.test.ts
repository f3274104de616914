/** Databases and tables as they should not be: each trouble is named, and nothing is half-written. */
import { randomBytes } from 'node:crypto'
import { inspect } from 'node:util'
import { createTwoFactor, type SallyportError } from '@sallyport/core'
import { prismaStore } from '@sallyport/prisma'
import { afterAll, describe, expect, it } from 'vitest'
import type { Database } from './support/generated.js'
import { makePlace, type Place } from './support/place.js'
import { newKey, newRecord, newVersion } from './support/records.js'

const places: Place[] = []
const users: (() => Promise<unknown>)[] = []
afterAll(async () => {
  await Promise.all(users.map(drop => drop()))
  await Promise.all(places.map(place => place.close()))
})

async function newPlace(database: Database, change = '', sql?: string): Promise<Place> {
  const place = await makePlace(database, sql === undefined ? {} : { sql })
  places.push(place)
  if (change !== '') await place.run(change)
  return place
}

interface Trouble {
  title: string
  /** What stands in the message, on each database that can have the trouble. */
  message: string
  on: readonly Database[]
  make(database: Database): Promise<{ place?: Place; adapter?: object }>
  /** Which calls meet it; all, where nothing is said. */
  met?: readonly ('get' | 'insert' | 'update')[]
}

const all = ['sqlite', 'postgresql', 'mysql'] as const
const servers = ['postgresql', 'mysql'] as const
const quoted = (database: Database, name: string) => (database === 'mysql' ? `\`${name}\`` : `"${name}"`)
const alter = (change: string) => async (database: Database) => ({
  place: await newPlace(database, `ALTER TABLE two_factor_record ${change}`),
})

/** A user who may connect, and do `rights` with the table. */
async function newUser(database: Database, rights: string) {
  const place = await newPlace(database)
  const name = `sallyport_${randomBytes(4).toString('hex')}`
  const create =
    database === 'mysql' ? `CREATE USER ${name} IDENTIFIED BY 'right'` : `CREATE ROLE ${name} LOGIN PASSWORD 'right'`
  await place.run(create)
  await place.run(`GRANT ${rights} ON two_factor_record TO ${name}`)
  users.push(async () => {
    if (database === 'postgresql') await place.run(`DROP OWNED BY ${name}`)
    await place.run(`DROP USER ${name}`)
  })
  return { place, adapter: { user: name, password: 'right' } }
}

/**
 * MariaDB's pool tries until this is over, in ms; Prisma 7 knows what it met meanwhile. All troubles are looked at at once: on a machine
 * that has to wait, the server's answer takes its time.
 */
const acquireTimeout = 5_000

const troubles: Trouble[] = [
  {
    title: 'no table',
    message: 'the table of the records is missing',
    on: all,
    make: async database => ({ place: await newPlace(database, '', '') }),
  },
  {
    title: 'no column version',
    message: 'the table of the records lacks a column',
    on: all,
    make: alter('RENAME COLUMN version TO revision'),
  },
  {
    title: 'a column body that holds text',
    message: 'a column has another type than TwoFactorRecord',
    on: servers,
    make: database =>
      alter(database === 'mysql' ? 'MODIFY body TEXT' : "ALTER body TYPE text USING encode(body, 'hex')")(database),
    met: ['insert'],
  },
  {
    title: 'a column body that is too short',
    message: 'a value is too long for its column',
    on: ['mysql'],
    make: alter('MODIFY body TINYBLOB'),
    met: ['insert'],
  },
  {
    title: 'a server that is down',
    message: 'the database cannot be reached',
    on: servers,
    // Nobody listens there.
    make: async () => ({ adapter: { port: 1, acquireTimeout } }),
    met: ['insert'],
  },
  {
    title: 'a database that does not exist',
    message: 'the database does not exist',
    on: servers,
    make: async () => ({ adapter: { database: 'sallyport_nowhere', acquireTimeout } }),
    met: ['insert'],
  },
  {
    title: 'a user who does not exist',
    message: 'the database refuses this user or password',
    on: servers,
    make: async () => ({ adapter: { user: 'sallyport_nobody', password: 'wrong', acquireTimeout } }),
    met: ['insert'],
  },
  {
    // The PostgreSQL of the tests trusts everybody.
    title: 'a wrong password',
    message: 'the database refuses this user or password',
    on: ['mysql'],
    make: async database => {
      const { place, adapter } = await newUser(database, 'SELECT')
      return { place, adapter: { ...adapter, password: 'wrong', acquireTimeout } }
    },
    met: ['insert'],
  },
  {
    title: 'a user who may only read',
    message: 'the database user may not use the table of the records: grant SELECT, INSERT, UPDATE and DELETE',
    on: servers,
    make: database => newUser(database, 'SELECT'),
    met: ['insert', 'update'],
  },
  {
    title: 'a user who may only write',
    message: 'the database user may not use the table of the records: grant SELECT, INSERT, UPDATE and DELETE',
    on: servers,
    make: database => newUser(database, 'INSERT'),
    met: ['get', 'update'],
  },
  {
    title: 'a database that is read-only',
    message: 'the database is read-only: is it a replica?',
    on: servers,
    make: async database => ({
      adapter:
        database === 'mysql'
          ? { initSql: 'SET SESSION TRANSACTION READ ONLY' }
          : { options: '-c default_transaction_read_only=on' },
    }),
    met: ['insert', 'update'],
  },
  {
    title: 'a file in a folder that does not exist',
    message: 'the file of the database cannot be opened, or is none',
    on: ['sqlite'],
    make: async () => ({ adapter: { url: 'file:/nowhere/records.db' } }),
  },
]

const cases = troubles.flatMap(({ on, ...trouble }) => on.map(database => ({ database, ...trouble })))

describe.concurrent.each(cases)(
  '$title on $database',
  ({ database, message, make, met = ['get', 'insert', 'update'] }) => {
    const failure = expect.objectContaining({
      kind: 'store',
      code: 'store_failed',
      message: expect.stringContaining(message),
    })

    it('R41: is named by check and by every call that meets it, and writes nothing', async () => {
      const { adapter = {}, place = await newPlace(database) } = await make(database)
      const store = prismaStore(await place.client({ adapter }))
      const calls = {
        get: () => store.get(newKey()),
        insert: () =>
          store.put(
            newKey(),
            newRecord({ body: Uint8Array.from({ length: 300 }, (_, index) => index), expiresAt: 1 }),
            null,
          ),
        update: () => store.put(newKey(), newRecord({ expiresAt: 1 }), newVersion()),
      }
      // At once: some wait until a pool has given up.
      await Promise.all([
        expect(store.check(), 'check').rejects.toEqual(failure),
        ...met.map(call => expect(calls[call](), call).rejects.toEqual(failure)),
      ])
      const rows = await place.run('SELECT 1 FROM two_factor_record').catch(() => [])
      expect(rows).toEqual([])
    })

    it('R41: refuses at the login', async () => {
      const { adapter = {}, place = await newPlace(database) } = await make(database)
      const store = prismaStore(await place.client({ adapter }))
      const keys = [randomBytes(32).toString('base64')]
      const twoFactor = createTwoFactor({ issuer: 'Acme', keys, store, deadline: { store: 30_000 } })
      const call = met.includes('get')
        ? twoFactor.login.begin('alice', { binding: 'session' })
        : twoFactor.operator.reset('alice', { by: 'support', reason: 'lost' })
      const error: SallyportError = await call.then(
        () => expect.fail('it passed'),
        (thrown: SallyportError) => thrown,
      )
      expect(error.code).toBe('store_failed')
      expect(error.cause).toEqual(failure)
    })
  },
)

describe('a table that check alone finds', () => {
  const failure = (message: string) =>
    expect.objectContaining({ code: 'store_failed', message: expect.stringContaining(message) })

  it.each(all)('R47: no primary key, on %s', async database => {
    const key = quoted(database, 'key')
    const sql = `CREATE TABLE two_factor_record (${key} varchar(191) NOT NULL, version varchar(191) NOT NULL,
      body ${{ sqlite: 'BLOB', postgresql: 'bytea', mysql: 'longblob' }[database]} NOT NULL,
      expires_at ${{ sqlite: 'DATETIME', postgresql: 'timestamp', mysql: 'datetime(3)' }[database]})`
    const place = await newPlace(database, '', sql)
    const store = prismaStore(await place.client())
    await expect(store.check()).rejects.toEqual(failure('it takes two records of one key: it needs a primary key'))
    expect(await place.run('SELECT 1 FROM two_factor_record')).toEqual([])
  })

  it('a body that is cut without a word, on MySQL without strict mode', async () => {
    const place = await newPlace('mysql', 'ALTER TABLE two_factor_record MODIFY body TINYBLOB')
    const store = prismaStore(await place.client({ adapter: { initSql: "SET SESSION sql_mode = ''" } }))
    await expect(store.check()).rejects.toEqual(failure('what was read is not what was written'))
    expect(await place.run('SELECT 1 FROM two_factor_record')).toEqual([])
  })

  it.each(servers)('a column expires_at that is no date, on %s', async database => {
    const index = database === 'mysql' ? 'DROP INDEX two_factor_record_expires_at_idx, ' : ''
    const change = `ALTER TABLE two_factor_record ${index}DROP expires_at, ADD expires_at INTEGER`
    const place = await newPlace(database, change)
    const store = prismaStore(await place.client())
    await expect(store.check()).rejects.toEqual(failure('a column has another type than TwoFactorRecord'))
    expect(await place.run('SELECT 1 FROM two_factor_record')).toEqual([])
  })

  it('soft deletes, by an extension', async () => {
    const place = await newPlace('postgresql')
    const deleteMany = async () => ({ count: 1 })
    const soft = (await place.client()).$extends({ query: { twoFactorRecord: { deleteMany } } })
    await expect(prismaStore(soft).check()).rejects.toEqual(failure('what was deleted is still there'))
  })

  it.each(all)('a column of the report that is missing, on %s', async database => {
    const place = await newPlace(database, 'ALTER TABLE two_factor_record DROP COLUMN recovery_codes_left')
    const prisma = await place.client()
    const lacks = failure('the table of the records lacks a column')
    await expect(prismaStore(prisma, { report: true }).check()).rejects.toEqual(lacks)
    await expect(prismaStore(prisma, { report: () => ({}) }).check()).rejects.toEqual(lacks)
    // What is not asked for need not be there, though the model has it.
    const store = prismaStore(prisma)
    const key = newKey()
    expect(await store.put(key, newRecord(), null)).toBe(true)
    expect(await store.get(key)).not.toBeNull()
  })

  it('a model without the columns of the report', async () => {
    const models = `model TwoFactorRecord {
  key String @id
  version String
  body Bytes
  expiresAt DateTime? @map("expires_at")
  @@map("two_factor_record")
}`
    const place = await newPlace('sqlite')
    const prisma = await place.client({ models })
    await prismaStore(prisma).check()
    await expect(prismaStore(prisma, { report: true }).check()).rejects.toEqual(
      failure('the model, or a column of options.report, does not fit'),
    )
  })
})

describe('what is told of a failure', () => {
  const summary = { subject: 'o\'alice@example.com "A"', enabled: true, methods: ['totp'], recoveryCodesLeft: 3 }

  it.each([
    ['sqlite', 'options.report', () => ({ subjekt: summary.subject })],
    ['sqlite', 'options.report', () => ({ enabled: summary.subject })],
    ['postgresql', 'another type', () => ({ subject: summary.subject })],
    ['mysql', 'another type', () => ({ subject: summary.subject })],
  ] as const)('R40: is no value of the query, on %s: %s', async (database, message, report) => {
    const change = database === 'mysql' ? 'MODIFY subject INT' : 'ALTER subject TYPE INTEGER USING 0'
    const place = await newPlace(database, database === 'sqlite' ? '' : `ALTER TABLE two_factor_record ${change}`)
    const store = prismaStore(await place.client(), { report })
    const [key, record] = [newKey(), newRecord({ summary })]
    const error: Error = await store.put(key, record, null).then(
      () => expect.fail('it was written'),
      (thrown: Error) => thrown,
    )
    expect(error.message).toContain(message)
    const told = inspect(error, { depth: 10, showHidden: true }) + (error.cause as Error).stack
    for (const value of ['alice', 'example.com', key, record.version, 'invocation', 'prisma.twoFactorRecord']) {
      expect(told).not.toContain(value)
    }
    expect((error.cause as Error).message).not.toBe('')
  })
})

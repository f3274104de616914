import { randomBytes } from 'node:crypto'
import { register, storeSuite } from '@sallyport/conformance'
import { createTwoFactor } from '@sallyport/core'
import { testClock, virtualAuthenticator } from '@sallyport/core/testing'
import { Cache } from 'drizzle-orm/cache/core'
import { drizzle, type NodePgDatabase } from 'drizzle-orm/node-postgres'
import { withReplicas } from 'drizzle-orm/pg-core'
import { Pool } from 'pg'
import { afterAll, describe, expect, it, test } from 'vitest'
import { drizzleStore, purgeExpired, twoFactorRecords } from '../src/drizzle-store.js'
import { createDatabase, drizzleBackend } from './backend.js'

const database = await createDatabase()
const pool = new Pool({ connectionString: database.url })
const db = drizzle(pool)
afterAll(async () => {
  await pool.end()
  await database.drop()
})

describe('R47: the Drizzle store keeps the contract', () => {
  const cases = storeSuite(drizzleBackend(database.url))
  register(
    test,
    cases.filter(({ excused }) => excused === null),
  )

  it('and is excused from nothing but the precision of expiry', () => {
    expect(cases.filter(({ excused }) => excused !== null).map(({ id }) => id)).toEqual(['expiry/dropped'])
  })
})

describe('a login on the Drizzle store', () => {
  const context = { binding: 'session-1' }

  /** An application that is started on the same database. */
  const start = (key: string, clock: () => number) =>
    createTwoFactor({ issuer: 'Acme', keys: [key], store: drizzleStore(db), clock })

  it('R4, R15: takes a code once, after a restart, too', async () => {
    const clock = testClock()
    const key = randomBytes(32).toString('base64')
    const twoFactor = start(key, clock)
    const { uri, token } = await twoFactor.totp.enroll('alice', { account: 'alice@example.com' }, context)
    const app = virtualAuthenticator(uri, clock)
    await twoFactor.totp.confirm('alice', token, { code: app.code() }, context)
    clock.advance(60_000)

    const gates = await Promise.all([1, 2, 3].map(() => twoFactor.login.begin('alice', context)))
    const [first, ...others] = gates.map(gate => (gate.outcome === 'challenge' ? gate.challenge : ''))
    const answer = { method: 'totp', code: app.code() }
    expect(await twoFactor.login.verify(first, answer, context)).toMatchObject({
      subject: 'alice',
      because: 'verified',
    })
    for (const challenge of others) {
      const again = start(key, clock).login.verify(challenge, answer, context)
      await expect(again).rejects.toMatchObject({ kind: 'refusal', code: 'invalid_code' })
    }
  })

  it('R18: takes a recovery code in one of 16 logins at once', async () => {
    const clock = testClock()
    const twoFactor = start(randomBytes(32).toString('base64'), clock)
    const { uri, token } = await twoFactor.totp.enroll('bob', { account: 'bob@example.com' }, context)
    const code = virtualAuthenticator(uri, clock).code()
    const { recoveryCodes } = await twoFactor.totp.confirm('bob', token, { code }, context)
    const logins = Array.from({ length: 16 }, async () => {
      const gate = await twoFactor.login.begin('bob', context)
      const challenge = gate.outcome === 'challenge' ? gate.challenge : ''
      return twoFactor.login.verify(challenge, { method: 'recovery_code', code: recoveryCodes?.[0] }, context)
    })
    const outcomes = await Promise.allSettled(logins)
    expect(outcomes.filter(({ status }) => status === 'fulfilled')).toHaveLength(1)
  })
})

describe('drizzleStore', () => {
  it('R47: refuses the client of a transaction', async () => {
    const inside = db.transaction(async transaction => drizzleStore(transaction as unknown as NodePgDatabase))
    await expect(inside).rejects.toThrow('drizzleStore takes a database, and not a transaction')
  })

  it('R47: refuses a client that reads from replicas, and takes its primary', async () => {
    const replicated = withReplicas(db, [drizzle(pool)])
    expect(() => drizzleStore(replicated)).toThrow('drizzleStore must not read from replicas: pass db.$primary')
    expect(await drizzleStore(replicated.$primary).get('nobody')).toBeNull()
  })

  it('R47: reads past a cache that keeps all queries', async () => {
    const kept = new Map<string, unknown[]>()
    class KeepsAll extends Cache {
      strategy = () => 'all' as const
      get = async (key: string) => kept.get(key)
      put = async (key: string, rows: unknown[]) => void kept.set(key, rows)
      onMutate = async () => {}
    }
    const cached = drizzle(pool, { cache: new KeepsAll() })
    await cached.select().from(twoFactorRecords)
    expect(kept.size).toBe(1)

    const [here, elsewhere] = [drizzleStore(cached), drizzleStore(db)]
    const write = (version: string) => ({ version, body: Uint8Array.of(1), expiresAt: null, summary: null })
    await here.put('cached', write('first'), null)
    expect(await here.get('cached')).toMatchObject({ version: 'first' })
    await elsewhere.put('cached', write('second'), 'first')
    expect(await here.get('cached')).toMatchObject({ version: 'second' })
  })

  it('R41: throws where the table is missing, and says so', async () => {
    const elsewhere = new Pool({
      connectionString: Object.assign(new URL(database.url), { pathname: '/postgres' }).href,
    })
    const store = drizzleStore(drizzle(elsewhere))
    await expect(store.get('key')).rejects.toMatchObject({
      cause: { message: expect.stringContaining('"two_factor_record" does not exist') },
    })
    await elsewhere.end()
  })
})

describe('purgeExpired', () => {
  it('removes what has expired, and nothing else', async () => {
    const store = drizzleStore(db)
    const write = (key: string, expiresAt: number | null) =>
      store.put(key, { version: key, body: Uint8Array.of(1), expiresAt, summary: null }, null)
    await Promise.all([write('past', Date.now() - 1), write('ahead', Date.now() + 60_000), write('never', null)])
    expect(await purgeExpired(db)).toBeGreaterThanOrEqual(1)
    const left = await db.select({ key: twoFactorRecords.key }).from(twoFactorRecords)
    const keys = left.map(({ key }) => key)
    expect(keys).toEqual(expect.arrayContaining(['ahead', 'never']))
    expect(keys).not.toContain('past')
  })
})

import { randomBytes } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { createTwoFactor, type SallyportError, type Summary } from '@sallyport/core'
import { testClock, virtualAuthenticator } from '@sallyport/core/testing'
import { prismaStore } from '@sallyport/prisma'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { PrismaClient } from './support/client.js'
import { modelFile } from './support/generated.js'
import { databases, makePlace, type Place, sqlOf } from './support/place.js'
import { newKey, newRecord } from './support/records.js'

const context = { binding: 'session-1' }
const summary: Summary = { subject: 'alice', enabled: true, methods: ['totp', 'recovery_code'], recoveryCodesLeft: 10 }
const columns = { subject: true, enabled: true, methods: true, recoveryCodesLeft: true } as const

const read = (path: string) => readFileSync(new URL(`../../../${path}`, import.meta.url), 'utf8')
/** Those of the guide. */
const models = read('docs/guides/who-has-2fa.md').match(/```prisma\n([\s\S]*?)```/)?.[1] ?? ''

const isFailure = (message: string) => expect.objectContaining({ code: 'store_failed', message })

describe.each(databases)('report: true on %s', database => {
  let place: Place
  let prisma: PrismaClient
  beforeAll(async () => {
    place = await makePlace(database)
    prisma = await place.client()
  })
  afterAll(() => place.close())

  const reported = async (subject: string) => prisma.twoFactorRecord.findFirst({ where: { subject }, select: columns })

  it('fills the columns, and keeps up with the subject', async () => {
    const clock = testClock(new Date('2026-03-01T12:00:00Z'))
    const store = prismaStore(prisma, { report: true })
    const twoFactor = createTwoFactor({ issuer: 'Acme', keys: [randomBytes(32).toString('base64')], store, clock })
    expect(await reported('alice')).toBeNull()

    const pending = await twoFactor.totp.enroll('alice', { account: 'alice@example.com' }, context)
    const authenticator = virtualAuthenticator(pending.uri, clock)
    const { recoveryCodes } = await twoFactor.totp.confirm(
      'alice',
      pending.token,
      { code: authenticator.code() },
      context,
    )
    const enrolled = { subject: 'alice', enabled: true, methods: 'totp,recovery_code', recoveryCodesLeft: 10 }
    expect(await reported('alice')).toEqual(enrolled)

    const gate = await twoFactor.login.begin('alice', context)
    if (gate.outcome !== 'challenge') throw new Error(`no challenge but ${gate.outcome}`)
    await twoFactor.login.verify(gate.challenge, { method: 'recovery_code', code: recoveryCodes?.[0] }, context)
    expect(await reported('alice')).toEqual({ ...enrolled, recoveryCodesLeft: 9 })

    clock.advance(60_000)
    await twoFactor.disable('alice', { method: 'totp', code: authenticator.code() }, context)
    expect(await reported('alice')).toEqual({ subject: 'alice', enabled: false, methods: '', recoveryCodesLeft: 0 })

    await twoFactor.operator.forget('alice', { by: 'support', reason: 'account deleted' })
    expect(await reported('alice')).toBeNull()
  })

  it('R40: no readable column holds a secret, a code or a key', async () => {
    const clock = testClock(new Date('2026-03-01T12:00:00Z'))
    const key = randomBytes(32).toString('base64')
    const twoFactor = createTwoFactor({
      issuer: 'Acme',
      keys: [key],
      store: prismaStore(prisma, { report: true }),
      clock,
    })
    const pending = await twoFactor.totp.enroll('bob', { account: 'bob@example.com' }, context)
    const code = virtualAuthenticator(pending.uri, clock).code()
    const { recoveryCodes } = await twoFactor.totp.confirm('bob', pending.token, { code }, context)
    const row = (await prisma.twoFactorRecord.findFirst({ where: { subject: 'bob' } })) ?? {}
    const secret = pending.setupKey.replaceAll(' ', '')
    const kept = Object.values(row).map(value =>
      value instanceof Uint8Array ? Buffer.from(value).toString('latin1') : String(value),
    )
    expect(kept).toHaveLength(8)
    const canaries = [key, secret, secret.toLowerCase(), 'bob@example.com', context.binding, ...(recoveryCodes ?? [])]
    for (const canary of canaries.flatMap(canary => [canary, canary.replaceAll('-', '')])) {
      expect(kept.join('\n')).not.toContain(canary)
    }
    // Six digits are found in any long hex by chance: they are looked for between what is no digit.
    expect(kept.join('\n')).not.toMatch(new RegExp(`(?<![\\da-f])${code}(?![\\da-f])`))
  })

  it('has room for the longest subject', async () => {
    const store = prismaStore(prisma, { report: true })
    const twoFactor = createTwoFactor({ issuer: 'Acme', keys: [randomBytes(32).toString('base64')], store })
    for (const subject of ['x'.repeat(256), '界'.repeat(256), '😀'.repeat(128)]) {
      await twoFactor.operator.reset(subject, { by: 'support', reason: 'lost' })
      expect(await reported(subject)).toMatchObject({ subject, enabled: false })
    }
  })

  it('leaves the columns empty where nothing was asked for, and for what belongs to no subject', async () => {
    const [plain, ownerless] = [newKey(), newKey()]
    await prismaStore(prisma).put(plain, newRecord({ summary }), null)
    await prismaStore(prisma, { report: true }).put(ownerless, newRecord({ summary: null }), null)
    const empty = { subject: null, enabled: null, methods: null, recoveryCodesLeft: null }
    for (const key of [plain, ownerless]) {
      expect(await prisma.twoFactorRecord.findFirst({ where: { key }, select: columns })).toEqual(empty)
    }
  })
})

describe('a function of the application', () => {
  let place: Place
  beforeAll(async () => {
    place = await makePlace('sqlite')
  })
  afterAll(() => place.close())

  it('chooses the columns', async () => {
    const prisma = await place.client()
    const store = prismaStore(prisma, { report: ({ enabled }) => ({ enabled }) })
    const key = newKey()
    const record = newRecord({ summary })
    await store.put(key, record, null)
    await store.put(key, newRecord({ summary: { ...summary, enabled: false } }), record.version)
    const found = await prisma.twoFactorRecord.findFirst({ where: { key }, select: columns })
    expect(found).toEqual({ subject: null, enabled: false, methods: null, recoveryCodesLeft: null })
  })

  it.each([
    [async () => ({ enabled: true }), 'options.report must return the columns, and not a promise'],
    [() => undefined, 'options.report must return the columns, and not a promise'],
    [() => ({ version: '0' }), 'options.report must leave key, version, body, expiresAt alone'],
    [() => ({ key: '0' }), 'options.report must leave key, version, body, expiresAt alone'],
    [
      ({ subject }: Summary) => ({ recoveryCodesLeft: BigInt(`no ${subject}`) }),
      'options.report must not throw: SyntaxError',
    ],
  ])('gives columns, and only its own: %s', async (report, message) => {
    const store = prismaStore(await place.client(), { report: report as () => Record<string, unknown> })
    await expect(store.check()).rejects.toMatchObject({ kind: 'usage', message })
    const key = newKey()
    await expect(store.put(key, newRecord({ summary }), null)).rejects.toMatchObject({ kind: 'usage', message })
    expect(await store.get(key)).toBeNull()
  })
})

describe.each(databases)('related to the users of the application, on %s', database => {
  let place: Place
  let prisma: PrismaClient
  let store: ReturnType<typeof prismaStore>

  beforeAll(async () => {
    place = await makePlace(database, { sql: `${users[database]}\n${sqlOf(database)}\n${relation[database]}` })
    prisma = await place.client({ models })
    store = prismaStore(prisma, { report })
  })
  afterAll(() => place.close())

  /** As in the guide. */
  const report = ({ subject, enabled, methods, recoveryCodesLeft }: Summary) => ({
    userId: Number(subject),
    enabled,
    methods: methods.join(','),
    recoveryCodesLeft,
  })
  const newUser = async (email: string, role = 'admin') =>
    Number((await prisma.user.create({ data: { email, role } }))['id'])
  const of = (userId: number, given: Partial<Summary> = {}) =>
    newRecord({ summary: { ...summary, subject: String(userId), ...given } })

  it('the record goes with the user', async () => {
    await store.check()
    const [alice, bob] = [await newUser('alice'), await newUser('bob')]
    const [one, other] = [newKey(), newKey()]
    expect(await store.put(one, of(alice), null)).toBe(true)
    expect(await store.put(other, of(bob), null)).toBe(true)
    await prisma.user.delete({ where: { id: alice } })
    expect(await store.get(one)).toBeNull()
    expect(await store.get(other)).not.toBeNull()
  })

  it('which admins have none? Those with it off, and those without a record', async () => {
    const names = ['on', 'off', 'never', 'editor'].map(name => `${name}@${newKey()}`)
    const [on, off, never, editor] = await Promise.all(
      names.map(name => newUser(name, name.startsWith('editor') ? 'editor' : 'admin')),
    )
    await store.put(newKey(), of(on ?? 0), null)
    await store.put(newKey(), of(off ?? 0, { enabled: false, methods: [], recoveryCodesLeft: 0 }), null)
    await store.put(newKey(), newRecord(), null)
    const none = await prisma.user.findMany({
      where: { role: 'admin', email: { in: names }, twoFactor: { none: { enabled: true } } },
      orderBy: { id: 'asc' },
    })
    expect(none.map(({ id }) => id)).toEqual([off, never].sort((one, next) => Number(one) - Number(next)))
    expect(editor).toBeDefined()
  })

  it('R41: a user who does not exist is named, and nothing is written', async () => {
    const key = newKey()
    const failure = isFailure('the report relates to a user who does not exist')
    await expect(store.put(key, of(999_999), null)).rejects.toEqual(failure)
    expect(await store.get(key)).toBeNull()
    const record = of(await newUser('carol'))
    await store.put(key, record, null)
    await expect(store.put(key, of(999_999), record.version)).rejects.toEqual(failure)
    expect((await store.get(key))?.version).toBe(record.version)

    const twoFactor = createTwoFactor({ issuer: 'Acme', keys: [randomBytes(32).toString('base64')], store })
    const reset = twoFactor.operator.reset('999999', { by: 'support', reason: 'lost' })
    const error: SallyportError = await reset.then(
      () => expect.fail('it was written'),
      (thrown: SallyportError) => thrown,
    )
    expect(error).toMatchObject({ code: 'store_failed', cause: failure })
  })

  it('R41: a column that somebody has made unique is named, where another record is in the way', async () => {
    // Its name in the database looks like that of a primary key, and is not that of the field.
    const renamed = (text: string) => text.replace(/\buser_id\b/g, 'lookup_key')
    const sql = `${users[database]}\n${sqlOf(database)}\n${renamed(relation[database])}`
    const separate = await makePlace(database, { sql })
    try {
      await separate.run('CREATE UNIQUE INDEX two_factor_record_lookup_key_key ON two_factor_record (lookup_key)')
      await separate.run("INSERT INTO users (id, email, role) VALUES (1, 'alice', 'admin')")
      const unique = prismaStore(await separate.client({ models: renamed(models) }), { report })
      const [key, record] = [newKey(), of(1)]
      expect(await unique.put(key, record, null)).toBe(true)
      expect(await unique.put(key, of(1), null)).toBe(false)
      const failure = isFailure('another record has the same value in a unique column of the report')
      await expect(unique.put(newKey(), of(1), null)).rejects.toEqual(failure)
    } finally {
      await separate.close()
    }
  })
})

it.each(databases)('a user whose id is a string needs one line more, on %s', async database => {
  const line = read('docs/guides/who-has-2fa.md').match(/```text\n(.*)\n```/)?.[1]
  expect(line).toMatch(/@relation/)
  const models = `${readFileSync(modelFile, 'utf8').replace('  @@index([expiresAt])', `${line}\n$&`)}
model User {
  id String @id
  twoFactor TwoFactorRecord[]
  @@map("users")
}`
  const id = { sqlite: 'TEXT', postgresql: 'TEXT', mysql: 'VARCHAR(191)' }[database]
  const constraint = `FOREIGN KEY (subject) ${reference}`
  const sql =
    database === 'sqlite'
      ? sqlOf(database).replace(/INTEGER\n\)/, `INTEGER, ${constraint})`)
      : `${sqlOf(database)} ALTER TABLE two_factor_record ADD ${constraint};`
  const options = database === 'mysql' ? 'DEFAULT CHARACTER SET utf8mb4 COLLATE utf8mb4_unicode_ci' : ''
  const place = await makePlace(database, { sql: `CREATE TABLE users (id ${id} PRIMARY KEY) ${options};\n${sql}` })
  try {
    const prisma = await place.client({ models })
    const store = prismaStore(prisma, { report: true })
    await store.check()
    await prisma.user.create({ data: { id: 'alice' } })
    await prisma.user.create({ data: { id: 'bob' } })
    const key = newKey()
    expect(await store.put(key, newRecord({ summary }), null)).toBe(true)
    const none = await prisma.user.findMany({ where: { twoFactor: { none: { enabled: true } } } })
    expect(none).toEqual([{ id: 'bob' }])
    await prisma.user.delete({ where: { id: 'alice' } })
    expect(await store.get(key)).toBeNull()
  } finally {
    await place.close()
  }
})

/** The application's own table, and what the guide adds to the one of records. */
const users = {
  sqlite: 'CREATE TABLE users (id INTEGER PRIMARY KEY AUTOINCREMENT, email TEXT NOT NULL, role TEXT NOT NULL);',
  postgresql: 'CREATE TABLE users (id SERIAL PRIMARY KEY, email TEXT NOT NULL, role TEXT NOT NULL);',
  mysql:
    'CREATE TABLE users (id INTEGER PRIMARY KEY AUTO_INCREMENT, email VARCHAR(191) NOT NULL, role VARCHAR(191) NOT NULL);',
}
const reference = 'REFERENCES users (id) ON DELETE CASCADE ON UPDATE CASCADE'
const relation = {
  sqlite: `ALTER TABLE two_factor_record ADD COLUMN user_id INTEGER ${reference};`,
  postgresql: `ALTER TABLE two_factor_record ADD COLUMN user_id INTEGER ${reference};`,
  mysql: `ALTER TABLE two_factor_record ADD COLUMN user_id INTEGER, ADD FOREIGN KEY (user_id) ${reference};`,
}

import { type PrismaClientLike, type PrismaStoreOptions, prismaStore } from '@sallyport/prisma'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { PrismaClient } from './support/client.js'
import { packageOf } from './support/generated.js'
import { makePlace, type Place } from './support/place.js'
import { extended, newKey, newRecord } from './support/records.js'

/** As JavaScript would call it. */
const untyped = (prisma: unknown, options?: unknown) =>
  prismaStore(prisma as PrismaClientLike, options as PrismaStoreOptions | undefined)

const usage = (message: string) => expect.objectContaining({ kind: 'usage', code: 'invalid_argument', message })

let place: Place
let place6: Place
let client: PrismaClient

beforeAll(async () => {
  place = await makePlace('sqlite')
  place6 = await makePlace('sqlite', { major: 6 })
  client = await place.client()
})
afterAll(() => Promise.all([place.close(), place6.close()]))

describe('what is no client', () => {
  it.each([undefined, null, 7, 'prisma', {}, [], () => {}, new Date(), { $connect: true }, { $disconnect() {} }])(
    'is a usage error: %s',
    prisma => {
      expect(() => untyped(prisma)).toThrow(usage('prisma must be a Prisma client'))
    },
  )

  it('is a promise of one', () => {
    expect(() => untyped(Promise.resolve(client))).toThrow(usage('prisma must be a Prisma client'))
  })

  it('is the class of one', () => {
    expect(() => untyped(client.constructor)).toThrow(usage('prisma must be a Prisma client'))
  })

  it('is a model of one', () => {
    expect(() => untyped(client.twoFactorRecord)).toThrow(usage('prisma must be a Prisma client'))
  })
})

describe('a missing model', () => {
  const missing = (model: string) =>
    usage(
      `prisma has no model ${model}: add TwoFactorRecord to the schema and run prisma generate, or name it in options.model`,
    )

  it.each(['secondFactor', '', '$connect', 'constructor', '__proto__'])('is named: %j', model => {
    expect(() => untyped(client, { model })).toThrow(missing(model))
  })

  it('is one of a client that was generated before the model was there', async () => {
    const models = 'model User {\n  id Int @id\n}'
    const earlier = await place.client({ models })
    expect(() => untyped(earlier)).toThrow(missing('twoFactorRecord'))
  })

  it('may have another name', async () => {
    const models = `model SecondFactor {
  key String @id
  version String
  body Bytes
  expiresAt DateTime? @map("expires_at")
  @@map("two_factor_record")
}`
    const store = untyped(await place.client({ models }), { model: 'secondFactor' })
    await store.check()
    const [key, record] = [newKey(), newRecord()]
    expect(await store.put(key, record, null)).toBe(true)
    expect((await prismaStore(client).get(key))?.version).toBe(record.version)
  })
})

describe('options of a wrong type', () => {
  it.each([
    [null, 'options must be an object'],
    ['twoFactorRecord', 'options must be an object'],
    [{ model: 7 }, 'options.model must be a string'],
    [{ model: null }, 'options.model must be a string'],
    [{ report: 'subject' }, 'options.report must be true, false or a function'],
    [{ report: null }, 'options.report must be true, false or a function'],
  ])('%j: %s', (options, message) => {
    expect(() => untyped(client, options)).toThrow(usage(message))
  })

  it.each(['yesterday', 0, null, new Date(Number.NaN)])('purgeExpired(%s)', async before => {
    await expect(prismaStore(client).purgeExpired(before as Date)).rejects.toEqual(usage('before must be a date'))
  })

  it.each([7, null, {}])('check(%s)', async subject => {
    await expect(prismaStore(client).check(subject as string)).rejects.toEqual(usage('subject must be a string'))
  })

  it('a key that no column would hold', async () => {
    const store = prismaStore(client)
    const key = 'k'.repeat(96)
    for (const call of [store.get(key), store.put(key, newRecord(), null), store.delete(key)]) {
      await expect(call).rejects.toEqual(usage('key is too long for the table'))
    }
  })
})

describe('the client of a transaction', () => {
  const refused = usage(
    'prisma must not be the client of a transaction: a rollback would give guesses and used codes back',
  )

  it.each([7, 6] as const)('R47: is refused, of Prisma %i, of either generator, extended or not', async major => {
    for (const generator of ['prisma-client', 'prisma-client-js'] as const) {
      const whole = await (major === 7 ? place : place6).client({ major, generator })
      for (const one of [whole, extended(whole)]) {
        untyped(one)
        await one.$transaction(async transaction => {
          expect(() => untyped(transaction)).toThrow(refused)
          // Only where transactions nest has it this function.
          expect(typeof transaction.$transaction).toBe(major === 7 ? 'function' : 'undefined')
        })
      }
    }
  })

  it('R47: is refused within a transaction', async () => {
    await client.$transaction(async outer => {
      await outer.$transaction(async inner => {
        expect(() => untyped(inner)).toThrow(refused)
      })
    })
  })

  it('R47: a store made outside writes outside: no rollback takes a record back', async () => {
    // On PostgreSQL, whose transactions do not shut other writers out.
    const elsewhere = await makePlace('postgresql')
    try {
      const prisma = await elsewhere.client()
      const store = prismaStore(prisma)
      const key = newKey()
      const rolledBack = prisma.$transaction(async transaction => {
        await transaction.twoFactorRecord.create({ data: { key: 'ff', version: '0', body: new Uint8Array() } })
        expect(await store.put(key, newRecord(), null)).toBe(true)
        throw new Error('rolled back')
      })
      await expect(rolledBack).rejects.toThrow('rolled back')
      expect(await store.get(key)).not.toBeNull()
      expect(await store.get('ff')).toBeNull()
    } finally {
      await elsewhere.close()
    }
  })
})

describe('a client that reads from replicas', () => {
  it('R47: is refused, and its primary is taken', async () => {
    const { readReplicas } = await packageOf(6, '@prisma/extension-read-replicas')
    const behind = await makePlace('sqlite', { major: 6 })
    try {
      const primary = await place6.client()
      const replicated = primary.$extends((readReplicas as ReadReplicas)({ replicas: [await behind.client()] }))
      expect(() => untyped(replicated)).toThrow(
        usage('prisma must not read from replicas, where a used code may still be good: pass prisma.$primary()'),
      )
      const key = newKey()
      const store = untyped((replicated as unknown as { $primary(): unknown }).$primary())
      expect(await store.put(key, newRecord(), null)).toBe(true)
      expect(await replicated.twoFactorRecord.findFirst({ where: { key } })).toBeNull()
      expect(await store.get(key)).not.toBeNull()
    } finally {
      await behind.close()
    }
  })
})

type ReadReplicas = (options: { replicas: PrismaClient[] }) => unknown

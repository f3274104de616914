/** Shapes that no database of the tests gives, beside those of bad-input.test.ts and traps.test.ts. */
import { inspect } from 'node:util'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { describeFailure, isDuplicate, isRolledBack, mayBeAnother, withoutValues } from '../src/failures.js'

/** An error as Prisma throws it; `driver`: what the adapter said. */
function prismaError(code: string, message: string, driver?: object): Error {
  const meta = driver === undefined ? {} : { meta: { driverAdapterError: { cause: driver } } }
  return Object.assign(new Error(message), { name: 'PrismaClientKnownRequestError', code, ...meta })
}

const invocation =
  'Invalid `prisma.twoFactorRecord.createMany()` invocation in\n/srv/app.js:3:7\n\n  2 const pin = "1234"\n→ 3 await put('

describe('what a failure is called', () => {
  it.each([
    ['P1002', 'the database cannot be reached'],
    ['P1008', 'the database was too slow, or was locked'],
    ['P1017', 'the database closed the connection'],
    [
      'P2024',
      'no connection to the database was to be had in time: is it there, are user and password right, is the pool too small?',
    ],
    ['P2034', 'the database rolled the statement back because of another one'],
    ['P2037', 'the database has too many connections'],
    ['P9999', 'Prisma failed'],
  ])('%s: %s', (code, words) => {
    expect(describeFailure(prismaError(code, `${invocation}\nwhat happened`))).toBe(words)
  })

  it('is what a pool met while it waited, where it tells', () => {
    const pool = (cause?: string) =>
      prismaError('P2039', 'x', { kind: 'mysql', code: 45028, originalMessage: 'pool timeout', cause })
    expect(describeFailure(pool('connect ECONNREFUSED 127.0.0.1:3306'))).toBe('the database cannot be reached')
    expect(describeFailure(pool("(no: 1045) Access denied for user 'a'"))).toBe(
      'the database refuses this user or password',
    )
    expect(describeFailure(pool("(no: 1049) Unknown database 'a'"))).toBe('the database does not exist')
    expect(describeFailure(pool())).toMatch(/^no connection to the database was to be had in time/)
  })

  it('does not hang on what Prisma quotes of the query', () => {
    const error = prismaError(
      'P9999',
      'Invalid `prisma.x.y()` invocation:\n\n{ subject: "P2021 FOREIGN KEY" }\n\nno idea',
    )
    expect(describeFailure(error)).toBe('Prisma failed')
  })

  it.each([undefined, null, 7, 'P2021', {}, [], new Error(''), { code: 7, meta: null, message: {} }])(
    'takes anything: %j',
    cause => {
      expect(describeFailure(cause)).toBe('Prisma failed')
      expect(isDuplicate(cause)).toBe(false)
      expect(isRolledBack(cause)).toBe(false)
      expect(withoutValues(cause)).toBeInstanceOf(Error)
    },
  )
})

describe('the cause that is handed on', () => {
  it('R40: keeps name, code and last words, and no value, query or line of the source', () => {
    const kept = withoutValues(prismaError('P2022', `${invocation}\nThe column \`version\` does not exist.`))
    expect(kept).toMatchObject({
      name: 'PrismaClientKnownRequestError',
      code: 'P2022',
      message: 'The column `version` does not exist.',
    })
    expect(inspect(kept)).not.toMatch(/1234|app\.js|invocation/)
  })

  it.each([
    ['invalid input syntax for type integer: "alice"', 'invalid input syntax for type integer: "…"'],
    ['invalid input syntax for type integer: "al"ice"', 'invalid input syntax for type integer: "…"'],
    ["Incorrect integer value: 'o'alice' for column `a`.`b`", 'Incorrect integer value: "…" for column `a`.`b`'],
    ["Table 'a.b' doesn't exist", 'Table "…" doesn\'t exist'],
    ["Can't reach database server at 127.0.0.1:1", "Can't reach database server at 127.0.0.1:1"],
    ["Expected a byte array in column 'body', got string: 0001ffc8", 'Expected a byte array in column "…", got string'],
    ['pool timeout\n    (active=1)', 'pool timeout (active=1)'],
  ])('R40: empties quotes: %s', (said, kept) => {
    expect(withoutValues(prismaError('P2039', 'x', { kind: 'mysql', originalMessage: said })).message).toBe(kept)
  })

  it('R40: holds no quoted value, whatever it is', () => {
    const value = fc.string({ minLength: 1 }).map(text => `alice${text}alice`)
    fc.assert(
      fc.property(value, fc.constantFrom('"', "'"), (value, quote) => {
        const said = `Incorrect value: ${quote}${value}${quote} for column \`a\``
        expect(withoutValues(prismaError('P2039', 'x', { originalMessage: said })).message).not.toContain('alice')
      }),
    )
  })
})

describe('a conflict', () => {
  const report = ['subject', 'enabled', 'methods', 'recoveryCodesLeft']

  /** As an adapter of Prisma 6 or 7 says it, and as an engine of Prisma 6 does. */
  const duplicate = (constraint: { fields?: string[]; index?: string; target?: string | string[] } | undefined) =>
    constraint?.target === undefined
      ? prismaError('P2002', 'x', { kind: 'UniqueConstraintViolation', constraint })
      : Object.assign(prismaError('P2002', 'x'), { meta: constraint })

  it.each([
    { fields: ['key'] },
    { index: 'PRIMARY' },
    { index: 'two_factor_record.PRIMARY' },
    { index: 'two_factor_record_pkey' },
    { index: 'subject_records_pkey' },
    { target: ['key'] },
    { target: 'PRIMARY' },
  ])('is a key that is there: %j', constraint => {
    const error = duplicate(constraint)
    expect(isDuplicate(error)).toBe(true)
    expect(mayBeAnother(error, report)).toBe(false)
  })

  it.each([
    { fields: ['user_id'] },
    { fields: ['lookup_key'] },
    { fields: ['map_pkey'] },
    { fields: ['key', 'subject'] },
    { index: 'two_factor_record_user_id_key' },
    { index: 'two_factor_record_lookup_key_key' },
    { index: 'two_factor_record_map_pkey_key' },
    { index: 'backup_key' },
    { index: 'primary_records_subject_key' },
    {},
    undefined,
    { target: ['lookupKey'] },
    { target: 'two_factor_record_lookup_key_key' },
  ])('R41: may be another record, where the report has columns: %j', constraint => {
    const error = duplicate(constraint)
    expect(isDuplicate(error)).toBe(true)
    expect(mayBeAnother(error, report)).toBe(true)
    expect(mayBeAnother(error, [])).toBe(false)
  })

  it('R47: is what the database rolled back, by whatever adapter it is told', () => {
    expect(isRolledBack(prismaError('P2034', 'x'))).toBe(true)
    expect(isRolledBack(prismaError('P2039', 'x', { kind: 'mysql', code: 1213 }))).toBe(true)
    const handedOn = new Error('x', { cause: { kind: 'postgres', code: '40P01' } })
    handedOn.name = 'DriverAdapterError'
    expect(isRolledBack(handedOn)).toBe(true)
    for (const code of ['P1017', 'P2024', 'P2002']) expect(isRolledBack(prismaError(code, 'x'))).toBe(false)
  })
})

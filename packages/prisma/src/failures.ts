/** What the client threw, in words, and in a form that is fit for a log (R40). */
import { SallyportError } from '@sallyport/core'

/** What is known of a failure. Prisma 7 wraps what the driver adapter threw, Prisma 6 often hands it on. */
interface Facts {
  name: string
  code: string
  message: string
  /** The driver's own. */
  driver: { kind: string; code: string; message: string; cause: string }
}

/**
 * What each trouble is, in the order of looking: a pool that gives up in time may have been refused for another reason before.
 * They are looked for in the line that {@link lineOf} makes.
 */
const known: readonly [RegExp, string][] = [
  [
    /^PrismaClientValidationError/,
    'the model, or a column of options.report, does not fit: compare the schema with TwoFactorRecord of @sallyport/prisma, then run prisma generate',
  ],
  [/\bP10[01]0\b|driver:(28P01|28000|1045) |no: 1045/, 'the database refuses this user or password'],
  [
    /driver:(42501|1142|1143|1044) |no: 1044/,
    'the database user may not use the table of the records: grant SELECT, INSERT, UPDATE and DELETE',
  ],
  [/driver:(25006|1290|1792|1836) |readonly database/, 'the database is read-only: is it a replica?'],
  [/\bP1003\b|driver:1049 |no: 1049/, 'the database does not exist'],
  [
    /\bP2021\b|no such table/,
    'the table of the records is missing: run the SQL of @sallyport/prisma, or prisma migrate',
  ],
  [
    /\bP2022\b|no such column/,
    'the table of the records lacks a column: run the SQL of @sallyport/prisma, or prisma migrate',
  ],
  [/\bP2003\b|FOREIGN KEY/, 'the report relates to a user who does not exist'],
  [/\bP2002\b/, 'another record has the same value in a unique column of the report'],
  [/\bP2000\b|driver:(1406|22001) /, 'a value is too long for its column'],
  [
    /\bP20(0[67]|20|23)\b|driver:(22...|42804|1264|1265|1292|1366) /,
    'a column has another type than TwoFactorRecord of @sallyport/prisma says',
  ],
  [/SQLITE_BUSY|database is locked/, 'another connection has locked the database: set a busy timeout'],
  [/\bP100[12]\b|ECONNREFUSED|ENOTFOUND|EHOSTUNREACH|ETIMEDOUT/, 'the database cannot be reached'],
  [
    /\bP2024\b|driver:45028 |timeout exceeded when trying to connect|Unable to start a transaction/,
    'no connection to the database was to be had in time: is it there, are user and password right, is the pool too small?',
  ],
  [/\bP2037\b|driver:(53300|1040|1203) /, 'the database has too many connections'],
  [/\bP2034\b|TransactionWriteConflict/, 'the database rolled the statement back because of another one'],
  [/\bP1008\b|driver:1205 /, 'the database was too slow, or was locked'],
  [/\bP1017\b|driver:57P0|ECONNRESET|EPIPE|clos|terminat/i, 'the database closed the connection'],
  [
    /SQLITE_(NOTADB|CORRUPT|CANTOPEN)|open connection to local|Failed to connect to database/,
    'the file of the database cannot be opened, or is none',
  ],
]

/** @param cause what the client rejected with */
export function describeFailure(cause: unknown): string {
  const line = lineOf(factsOf(cause))
  return known.find(([pattern]) => pattern.test(line))?.[1] ?? 'Prisma failed'
}

/** The error that the store throws: what the trouble is, with Prisma's own words as its cause. */
export function storeFailed(cause: unknown): SallyportError {
  return new SallyportError('store', 'store_failed', describeFailure(cause), { cause: withoutValues(cause) })
}

/**
 * Name, code and last words of what was thrown. Prisma's message shows the whole query, and at times the source code around it;
 * drivers quote the values that they refuse: a subject may be an address (R40).
 */
export function withoutValues(cause: unknown): Error {
  const { name, code, message, driver } = factsOf(cause)
  const lastLine = message.trim().split('\n').at(-1) ?? ''
  const said = [driver.message || lastLine, driver.cause].filter(text => text !== '').join(': ')
  const error = new Error(
    said
      .replace(/\s+/g, ' ')
      // Up to the last quote: what is quoted may hold quotes.
      .replace(/".*"|(?<!\w)'.*'(?!\w)/g, '"…"')
      .replace(/(got \w+): .*/, '$1')
      .slice(0, 300),
  )
  return Object.assign(error, { name }, code === '' ? {} : { code })
}

/** Whether a unique column has this value already: the key, unless {@link mayBeAnother} record is in the way. */
export function isDuplicate(cause: unknown): boolean {
  return factsOf(cause).code === 'P2002'
}

/**
 * Whether a record under another key may be what is in the way. Column and index are named as the database has them, and not as the model
 * does: so any that is not certainly the key's is taken for one of the report.
 *
 * @param columns those of the report: the application may have made one of them unique
 */
export function mayBeAnother(cause: unknown, columns: readonly string[]): boolean {
  return columns.length > 0 && !isOfKey(constraintOf(cause))
}

/** Alone in its constraint, or the primary key by the name that MySQL, or PostgreSQL and Prisma, give it. */
function isOfKey(constraint: unknown): boolean {
  if (Array.isArray(constraint)) return constraint.length === 1 && constraint[0] === 'key'
  return /^(.*\.)?PRIMARY$|_pkey$/.test(text(constraint))
}

/** An index, or columns. The engines of Prisma 6 say it in `target`. */
function constraintOf(cause: unknown): unknown {
  const { meta } = cause as { meta?: { target?: unknown; driverAdapterError?: { cause?: { constraint?: unknown } } } }
  const { fields, index } = (meta?.driverAdapterError?.cause?.constraint ?? {}) as { fields?: unknown; index?: unknown }
  return fields ?? index ?? meta?.target
}

/** Whether the database rolled the statement back for the sake of another one: certainly nothing was written. */
export function isRolledBack(cause: unknown): boolean {
  const { code, driver } = factsOf(cause)
  return (
    code === 'P2034' ||
    driver.kind === 'TransactionWriteConflict' ||
    ['40001', '40P01', '1213', '1020'].includes(driver.code)
  )
}

function factsOf(cause: unknown): Facts {
  const { name, code, message, meta, cause: inner } = (cause ?? {}) as Record<string, unknown>
  const wrapped = (meta as { driverAdapterError?: { cause?: unknown } } | undefined)?.driverAdapterError?.cause
  const driver = (wrapped ?? (name === 'DriverAdapterError' ? inner : undefined) ?? {}) as Record<string, unknown>
  return {
    name: text(name) || 'Error',
    code: text(code),
    message: text(message),
    driver: {
      kind: text(driver['kind']),
      code: text(driver['originalCode']) || text(driver['code']),
      message: text(driver['originalMessage']) || text(driver['message']),
      cause: text(driver['cause']),
    },
  }
}

function lineOf({ name, code, message, driver }: Facts): string {
  const lastLine = message.trim().split('\n').at(-1)
  return `${name} ${code} driver:${driver.code} ${driver.kind} ${driver.message} ${driver.cause} ${lastLine}`
}

function text(value: unknown): string {
  return typeof value === 'string' || typeof value === 'number' ? String(value) : ''
}

/** Readable columns beside the ciphertext: what the application asked for, and no more. */
import type { Summary } from '@sallyport/core'
import { usage } from './client.js'

/** Columns of a row, by the names of the model. */
export type Columns = Readonly<Record<string, unknown>>

/** What to keep readable: nothing, the columns of `TwoFactorRecord`, or those that a function makes. */
export type Report = boolean | ((summary: Summary) => Columns)

const ownColumns = ['key', 'version', 'body', 'expiresAt']

/**
 * @param summary null: a record that belongs to no subject
 * @returns the columns to write
 * @throws SallyportError `usage` where the application's function gives something else, or throws
 */
export function columnsOf(report: Report, summary: Summary | null): Columns {
  if (report === false) return {}
  if (report === true) {
    if (summary === null) return { subject: null, enabled: null, methods: null, recoveryCodesLeft: null }
    const { subject, enabled, methods, recoveryCodesLeft } = summary
    return { subject, enabled, methods: methods.join(','), recoveryCodesLeft }
  }
  if (summary === null) return {}
  const columns = called(report, summary)
  if (typeof columns !== 'object' || columns === null || columns instanceof Promise)
    throw usage('options.report', 'must return the columns, and not a promise')
  if (ownColumns.some(column => column in columns))
    throw usage('options.report', `must leave ${ownColumns.join(', ')} alone`)
  return columns as Columns
}

/** What it threw is named, and not quoted: it may hold the subject (R40). */
function called(report: (summary: Summary) => unknown, summary: Summary): unknown {
  try {
    return report(summary)
  } catch (cause) {
    throw usage('options.report', `must not throw: ${cause instanceof Error ? cause.name : typeof cause}`)
  }
}

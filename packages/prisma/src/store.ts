/** A store over one model of a Prisma client: one statement for every call. */
import type { Store, Stored, Write } from '@sallyport/core'
import { checkTable } from './check.js'
import { delegateOf, type PrismaClientLike, usage } from './client.js'
import { isDuplicate, isRolledBack, mayBeAnother, storeFailed } from './failures.js'
import { columnsOf, type Report } from './report.js'
import { rowKey } from './row-key.js'

/** The options of {@link prismaStore}. */
export interface PrismaStoreOptions<Model extends string = 'twoFactorRecord'> {
  /** The name of the model on the client. Default `twoFactorRecord`. */
  model?: Model | undefined
  /**
   * What to keep readable, in columns that core never reads back: true fills `subject`, `enabled`, `methods` (with commas between)
   * and `recoveryCodesLeft`; a function makes the columns itself, all of which must take null. Default: nothing.
   */
  report?: Report | undefined
}

/** A store in a table. */
export interface PrismaStore extends Store {
  /**
   * Writes, reads and deletes a record of its own: call it at start-up, and a missing table, a wrong column, a database that is down
   * a user who may not write, or a report that names no column is found before the first login. The report is tried in an update that
   * meets no row.
   *
   * @param subject for a report that takes apart what is neither a number nor a UUID: a subject as it expects it
   * @throws SallyportError `store_failed`, naming what is wrong; `usage` for a report that throws or gives no columns
   */
  check(subject?: string): Promise<void>
  /**
   * Deletes records that have expired: small counters, never a second factor. One statement; once a day is plenty.
   *
   * @param before only what expired before; default an hour ago, since clocks differ
   * @returns how many were deleted
   * @throws SallyportError `store_failed`; `usage` for what is no date
   */
  purgeExpired(before?: Date): Promise<number>
}

const hour = 3_600_000

/** How often a delete is tried that the database rolls back for the sake of another statement. */
const mostDeletes = 5

/**
 * A store in one table of PostgreSQL, MySQL, MariaDB or SQLite, through the application's Prisma client (6 or 7). Every call is one
 * statement, outside any transaction; a conditional write is an `UPDATE … WHERE key AND version` that counts its rows.
 *
 * What fails is thrown as `store_failed`, which says what the trouble is; its `cause` has Prisma's code and last words, without the
 * query and its values (R40). A statement that the database rolled back for the sake of another one, by a serialisation failure or a
 * deadlock, has written nothing and counts as a conflict.
 *
 * @param prisma the client, with the model `TwoFactorRecord` in its schema; extended ones too, but neither that of a transaction nor one
 *   whose extension leads queries into a transaction, which cannot be told: a rollback would take a record back
 * @param options see {@link PrismaStoreOptions}
 * @returns the store, which keeps nothing in memory
 * @throws SallyportError `usage`, naming the argument: what is no client, the client of a transaction or one that reads from replicas
 *   (R47), a missing model
 *
 * @example
 * ```ts
 * import { createTwoFactor } from '@sallyport/core'
 * import { type PrismaClientLike, prismaStore } from '@sallyport/prisma'
 *
 * declare const prisma: PrismaClientLike // new PrismaClient({ adapter })
 *
 * const store = prismaStore(prisma, { report: true })
 * await store.check()
 * const twoFactor = createTwoFactor({ issuer: 'Acme', keys: [process.env['SALLYPORT_KEY']], store })
 * ```
 */
export function prismaStore<Model extends string = 'twoFactorRecord'>(
  prisma: PrismaClientLike<NoInfer<Model>>,
  options: PrismaStoreOptions<Model> = {},
): PrismaStore {
  if (typeof options !== 'object' || options === null) throw usage('options', 'must be an object')
  const { model = 'twoFactorRecord', report = false } = options
  if (typeof model !== 'string') throw usage('options.model', 'must be a string')
  if (typeof report !== 'boolean' && typeof report !== 'function')
    throw usage('options.report', 'must be true, false or a function')
  const records = delegateOf(prisma, model)

  const read = (query: object) => attempt(() => records.findFirst(query))

  async function write(key: string, record: Write, ifVersion: string | null): Promise<boolean> {
    const columns = columnsOf(report, record.summary)
    const { version, body, expiresAt } = record
    const data = { ...columns, version, body: body.slice(), expiresAt: expiresAt === null ? null : new Date(expiresAt) }
    try {
      // Not `create` and `update`, which take a second statement to read what they wrote.
      const { count } =
        ifVersion === null
          ? await records.createMany({ data: [{ key, ...data }] })
          : await records.updateMany({ where: { key, version: ifVersion }, data })
      return count === 1
    } catch (cause) {
      if (isRolledBack(cause)) return false
      if (ifVersion !== null || !isDuplicate(cause)) throw storeFailed(cause)
      // SQLite may name another unique column where the key is there as well.
      if (mayBeAnother(cause, Object.keys(columns)) && (await read({ where: { key }, select: { key: true } })) === null)
        throw storeFailed(cause)
      return false
    }
  }

  async function remove(key: string): Promise<void> {
    for (let tries = 1; ; tries++) {
      try {
        await records.deleteMany({ where: { key } })
        return
      } catch (cause) {
        if (!isRolledBack(cause) || tries >= mostDeletes) throw storeFailed(cause)
      }
    }
  }

  const store: Store = {
    get: async key =>
      (await read({ where: { key: rowKey(key) }, select: { version: true, body: true } })) as Stored | null,
    put: async (key, record, ifVersion) => write(rowKey(key), record, ifVersion),
    delete: async key => remove(rowKey(key)),
  }
  return {
    ...store,
    async check(subject) {
      if (subject !== undefined && typeof subject !== 'string') throw usage('subject', 'must be a string')
      await checkTable(store, key => read({ where: { key: rowKey(key) } }), subject)
    },
    async purgeExpired(before = new Date(Date.now() - hour)) {
      if (!(before instanceof Date) || Number.isNaN(before.getTime())) throw usage('before', 'must be a date')
      return (await attempt(() => records.deleteMany({ where: { expiresAt: { lt: before } } }))).count
    },
  }
}

async function attempt<T>(call: () => Promise<T>): Promise<T> {
  try {
    return await call()
  } catch (cause) {
    throw storeFailed(cause)
  }
}

/** A store of one's own: Drizzle on PostgreSQL. Every call is one statement of its own. */
import type { Store } from '@sallyport/core'
import { and, eq, is, lt } from 'drizzle-orm'
import type { NodePgDatabase } from 'drizzle-orm/node-postgres'
import { bigint, customType, PgTransaction, pgTable, text } from 'drizzle-orm/pg-core'

// #region table
const bytes = customType<{ data: Uint8Array }>({ dataType: () => 'bytea' })

/** The table of table.sql. */
export const twoFactorRecords = pgTable('two_factor_record', {
  key: text('key').primaryKey(),
  version: text('version').notNull(),
  body: bytes('body').notNull(),
  expiresAt: bigint('expires_at', { mode: 'number' }),
})
// #endregion table

// #region store
/**
 * @throws TypeError for the client of a transaction, whose rollback would give guesses and codes back, and for one that reads
 *   from replicas, where a used code may still be good (R47)
 */
export function drizzleStore<Schema extends Record<string, unknown>>(db: NodePgDatabase<Schema>): Store {
  if (is(db, PgTransaction)) throw new TypeError('drizzleStore takes a database, and not a transaction')
  if ('$primary' in db) throw new TypeError('drizzleStore must not read from replicas: pass db.$primary')
  const records = twoFactorRecords
  return {
    async get(key) {
      const { version, body } = records
      const [stored] = await db.select({ version, body }).from(records).where(eq(records.key, key)).$withCache(false)
      return stored ?? null
    },

    async put(key, { version, body, expiresAt }, ifVersion) {
      const record = { version, body, expiresAt }
      const { rowCount } =
        ifVersion === null
          ? await db
              .insert(records)
              .values({ key, ...record })
              .onConflictDoNothing()
          : await db
              .update(records)
              .set(record)
              .where(and(eq(records.key, key), eq(records.version, ifVersion)))
      return rowCount === 1
    },

    async delete(key) {
      await db.delete(records).where(eq(records.key, key))
    },
  }
}
// #endregion store

// #region purge
/** Removes what has expired: call it once a day. @returns how many records it was */
export async function purgeExpired<Schema extends Record<string, unknown>>(
  db: NodePgDatabase<Schema>,
): Promise<number> {
  const { rowCount } = await db.delete(twoFactorRecords).where(lt(twoFactorRecords.expiresAt, Date.now()))
  return rowCount ?? 0
}
// #endregion purge

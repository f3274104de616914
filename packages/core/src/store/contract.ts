/** The store contract: compare-and-swap on one key, nothing more. All rules live in core; an adapter owns no clock. */

/** `Uint8Array<ArrayBuffer>` where TypeScript has it, `Uint8Array` where it has not. */
export type Bytes = ReturnType<Uint8Array['slice']>

/** A record as a store holds it. */
export interface Stored {
  /** 128 random bits in hex, issued by core for every attempt to write. */
  version: string
  /** Ciphertext, at most 32 KiB. */
  body: Uint8Array
}

/** What a reader of plain columns may see of a subject; never read back. */
export interface Summary {
  subject: string
  enabled: boolean
  methods: readonly string[]
  recoveryCodesLeft: number
}

/** A record to be written. */
export interface Write {
  version: string
  body: Bytes
  /** ms since 1970; a store may drop the record afterwards. Null: never. */
  expiresAt: number | null
  /** For plain columns, kept only by an adapter that was asked to. */
  summary: Summary | null
}

/**
 * A store of records. `get` and `put` are linearizable per key; `get` never reads from a replica.
 *
 * @example
 * ```ts
 * import type { Store, Stored } from '@sallyport/core'
 *
 * const records = new Map<string, Stored>()
 * const store: Store = {
 *   async get(key) {
 *     return records.get(key) ?? null
 *   },
 *   async put(key, record, ifVersion) {
 *     if ((records.get(key)?.version ?? null) !== ifVersion) return false
 *     records.set(key, { version: record.version, body: record.body.slice() })
 *     return true
 *   },
 *   async delete(key) {
 *     records.delete(key)
 *   },
 * }
 * ```
 */
export interface Store {
  /** What is there, expired or not; null where there is nothing. `key` is 64 hex digits. */
  get(key: string): Promise<Stored | null>
  /**
   * Writes if the version on record is `ifVersion` (null: only if there is no record). False: another version, or (a driver
   * that resends) this very write, landed before.
   */
  put(key: string, record: Write, ifVersion: string | null): Promise<boolean>
  /** Removes the record, whatever its version. */
  delete(key: string): Promise<void>
}

/**
 * Caps on what is sent to one address, by all subjects together: toll fraud pays for sends, not for accounts (R25, R54). A counter's key is
 * an HMAC, since a phone number can be guessed; one counter for every key of the ring is charged, and the emptiest decides, so a rotation
 * fills none again (R48).
 */
import { hmac } from '@noble/hashes/hmac.js'
import { sha256 } from '@noble/hashes/sha2.js'
import { bytesToHex } from '@noble/hashes/utils.js'
import * as z from 'zod/mini'
import { frame } from '../framing.js'
import type { Kind } from '../store/record.js'
import { makeShell, type Shelf } from '../store/records.js'
import { takeOne } from '../subject/buckets.js'
import type { Place } from '../subject/destinations.js'
import { ringOf } from '../vault/keyring.js'

/**
 * Sends to one address in a day: where it is on record; where it is the account's own and the first factor is due; and where somebody only
 * says that it is theirs.
 */
const sizes = { confirmed: 10, first: 10, unconfirmed: 3 }

/** Apart, so that whoever types in somebody else's address, or signs up with it, does not use up what that person signs in with (R54). */
export type Pool = keyof typeof sizes

/** How long after it is full again a counter may be dropped, ms: the clocks of servers differ. */
const margin = 60 * 60_000

/** When the bucket is full again; null: it was never used. */
const counterKind: Kind<number | null> = {
  schema: z.nullable(z.number()),
  empty: null,
  expiresAt: fullAt => (fullAt ?? 0) + margin,
}

/**
 * Counts one send to an address. One read and one write for each key of the ring; each counter is sealed by the key that names it, so that
 * it goes with that key and not with another.
 *
 * @throws Refusal `send_limit`
 */
export async function chargeAddress(shelf: Shelf, { channel, address }: Place, pool: Pool, now: number): Promise<void> {
  // One mailbox has many spellings: what is lower case in one and upper case in another is one address here, whoever it may be elsewhere.
  const name = frame(['sallyport counter', '1', shelf.namespace, pool, channel, address.toLowerCase()])
  for (const key of shelf.keyring.all) {
    const shell = makeShell({ ...shelf, keyring: ringOf([key]) }, counterKind)
    const place = { key: bytesToHex(hmac(sha256, key.derive('counter'), name)), summarize: () => null }
    const { transition } = await shell.update<null>(place, now, ({ state }) => {
      const { fullAt, refused } = takeOne(state, sizes[pool], now)
      return refused === null ? { state: fullAt, events: [], outcome: null } : { state: fullAt, events: [], refused }
    })
    if (transition.refused) throw transition.refused
  }
}

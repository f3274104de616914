/**
 * Token buckets: caps that fill again evenly, instead of all at once at midnight (R25). A bucket is the one moment at which it will be full
 * again (the generic cell rate algorithm), so nothing has to be rounded.
 */
import { type Refusal, refusal } from '../errors.js'
import { secondsUntil } from './attempts.js'

const day = 24 * 60 * 60_000

/**
 * Takes one out of a bucket.
 *
 * @param fullAt when it is full again, ms since 1970; null: it was never used
 * @param size how many a full one holds, and how many come back in a day
 * @returns when it is full again now; `refused` (`send_limit`, with the time until there is one) where it gave none. What a clock wrote that
 *   was ahead is then a day at most, once and for all (R7)
 */
export function takeOne(fullAt: number | null, size: number, now: number): { fullAt: number; refused: Refusal | null } {
  const from = Math.min(Math.max(fullAt ?? now, now), now + day)
  const next = from + day / size
  if (next <= now + day) return { fullAt: next, refused: null }
  return { fullAt: from, refused: refusal('send_limit', { retryAfter: secondsUntil(next - day, now) }) }
}

/** What may be guessed, and how it is shut. */
import type { Verdict } from './words.js'

const minute = 60_000
const day = 24 * 60 * minute

export class Budget {
  failures = 0
  lastFailureAt = 0
  rung = 0
  lockedUntil: number | null = null
  endsBy: number | null = null
  suspended = false

  clone(): Budget {
    return Object.assign(new Budget(), this)
  }

  shut(now: number): 'locked' | 'suspended' | null {
    if (this.suspended) return 'suspended'
    return (this.shutUntil(now) ?? now) > now ? 'locked' : null
  }

  shutUntil(now: number): number | null {
    if (this.suspended || this.lockedUntil === null) return null
    if (this.lockedUntil <= now + day) return this.lockedUntil
    return Math.min(this.endsBy ?? Number.MAX_VALUE, now + day)
  }

  /** A lock that some clock put too far ahead, and that has no end here yet. */
  isTooFarAhead(now: number): boolean {
    const limit = now + day
    return !this.suspended && (this.lockedUntil ?? 0) > limit && (this.endsBy ?? Number.MAX_VALUE) > limit
  }

  mayAnswer(now: number): boolean {
    return this.shut(now) === null || this.isTooFarAhead(now)
  }

  bring(now: number): void {
    this.endsBy = now + day
  }

  /** Whether there was anything to open. */
  open(): boolean {
    const shut = this.suspended || this.lockedUntil !== null
    this.suspended = false
    this.lockedUntil = null
    this.endsBy = null
    return shut
  }

  fail(now: number, acceptable: number): Verdict {
    this.failures++
    this.rung = Math.max(0, this.rung - Math.max(0, Math.floor((now - this.lastFailureAt) / day)))
    this.lastFailureAt = now
    let retryAfter: number | null = null
    if (this.failures >= Math.min(100, Math.floor(300 / acceptable))) this.suspended = true
    else if (this.failures % 5 === 0) {
      const length = Math.min(day, 15 * minute * 2 ** this.rung)
      this.lockedUntil = now + length
      this.endsBy = null
      this.rung = Math.min(7, this.rung + 1)
      retryAfter = length / 1000
    }
    return { is: 'wrong', counted: true, retryAfter }
  }
}

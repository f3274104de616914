/** Budgets of what can be guessed: RFC 4226 §7.3, SP 800-63B-4 §3.2.2; R10–R16. */
import { type Refusal, refusal } from '../errors.js'
import type { EventDetails } from '../events.js'
import type { Attempts, SubjectState, Transition } from './state.js'

const minute = 60_000
const day = 24 * 60 * minute
const failuresPerLock = 5
const firstLock = 15 * minute
const longestLock = day
/** The rung from which a lock lasts {@link longestLock}. */
const topRung = Math.ceil(Math.log2(longestLock / firstLock))

const open = { lockedUntil: null, endsBy: null, suspended: false }
const untouched: Attempts = { failures: 0, lastFailureAt: 0, rung: 0, ...open }

/** How a method is shut: until a moment (ms), or, with null, until another method proves or an operator unlocks. */
export interface Shut {
  until: number | null
}

/** Whether and how a method is shut. A stored lock is taken as at most 24 h ahead, whatever the clock did since (R7). */
export function shut(state: SubjectState, method: string, now: number): Shut | null {
  const { suspended, lockedUntil, endsBy } = attemptsOf(state, method)
  if (suspended) return { until: null }
  if (lockedUntil === null || lockedUntil <= now) return null
  if (lockedUntil <= now + longestLock) return { until: lockedUntil }
  if (endsBy !== null && endsBy <= now) return null
  return { until: Math.min(endsBy ?? Number.POSITIVE_INFINITY, now + longestLock) }
}

/** @throws Refusal `locked` or `suspended` where the method is shut */
export function refuseIfShut(state: SubjectState, method: string, now: number): void {
  const how = shut(state, method, now)
  if (how !== null) throw refusalOf(how, now)
}

/**
 * The refusal of an answer by a method that is shut; null where it is open. It writes nothing, unless the lock lies further ahead
 * than a lock can: a clock made it that was ahead, or this one is behind. Then it is written, once, by when it ends here (R7); the
 * lock itself stays, for the clock that made it may still be in use.
 */
export function refusedIfShut(
  state: SubjectState,
  method: string,
  now: number,
): Extract<Transition<never>, { refused: Refusal }> | null {
  const how = shut(state, method, now)
  if (how === null) return null
  const refused = refusalOf(how, now)
  if (!isEndless(state, method, now)) return { state, events: [], refused }
  const attempts = { ...attemptsOf(state, method), endsBy: now + longestLock }
  return { state: withAttempts(state, method, attempts), events: [], refused }
}

/** @throws Refusal `locked` or `suspended` where an answer is not worth asking for */
export function refuseUnlessAnswerable(state: SubjectState, method: string, now: number): void {
  if (!mayAnswer(state, method, now)) refuseIfShut(state, method, now)
}

/** Whether an answer is worth asking for: also under a lock that would never end, since the answer gives it an end. */
export function mayAnswer(state: SubjectState, method: string, now: number): boolean {
  return shut(state, method, now) === null || isEndless(state, method, now)
}

/** Whether a lock lies further ahead than a lock can, and nothing says yet by when it ends all the same. */
function isEndless(state: SubjectState, method: string, now: number): boolean {
  const { suspended, lockedUntil, endsBy } = attemptsOf(state, method)
  const latest = now + longestLock
  return !suspended && lockedUntil !== null && lockedUntil > latest && (endsBy === null || endsBy > latest)
}

/** The refusal of a method that is shut so. */
export function refusalOf(how: Shut, now: number): Refusal {
  return how.until === null ? refusal('suspended') : refusal('locked', { retryAfter: secondsUntil(how.until, now) })
}

/** Whole seconds from `now` until a moment, rounded up (RFC 9110 §10.2.3). */
export function secondsUntil(moment: number, now: number): number {
  return Math.max(1, Math.ceil((moment - now) / 1000))
}

/**
 * The failures in a row after which a method is suspended: 100 by SP 800-63B-4 §3.2.2, fewer where one guess may fit more than
 * three codes, so that the odds stay the same.
 *
 * @param acceptable how many codes are right at once
 */
export function longestRow(acceptable: number): number {
  return Math.min(100, Math.floor(300 / Math.max(1, acceptable)))
}

/**
 * The budget of first codes of pending authenticators: apart from that of `totp`, so that whoever shuts that at login does not keep
 * the owner from replacing a lost phone; a guess at one's own new secret tells nothing of those on record.
 */
export const enrollmentBudget = 'enrollment'

/**
 * The budget of codes that confirm an address on a channel. Apart from all others: what was sent may have gone to somebody else, so no other
 * success clears it, and neither does turning everything off (R12, R14).
 */
export function destinationBudget(channel: string): string {
  return `destination:${channel}`
}

/** A wrong answer, counted; `budget` is its method unless said otherwise. `retryAfter` (s) is set where it brought a lock. */
export function countFailure(
  state: SubjectState,
  failed: { method: string; purpose: string; acceptable: number; budget?: string },
  now: number,
): { state: SubjectState; events: EventDetails[]; retryAfter: number | null } {
  const { method, purpose, budget = method } = failed
  const before = attemptsOf(state, budget)
  const failures = before.failures + 1
  const calmDays = Math.max(0, Math.floor((now - before.lastFailureAt) / day))
  let attempts: Attempts = { ...before, failures, lastFailureAt: now, rung: Math.max(0, before.rung - calmDays) }
  const events: EventDetails[] = [{ type: 'failed', method, purpose }]
  let retryAfter: number | null = null
  if (failures >= longestRow(failed.acceptable)) {
    attempts = { ...attempts, suspended: true }
    events.push({ type: 'suspended', method, purpose })
  } else if (failures % failuresPerLock === 0) {
    const length = Math.min(firstLock * 2 ** attempts.rung, longestLock)
    attempts = { ...attempts, lockedUntil: now + length, endsBy: null, rung: Math.min(attempts.rung + 1, topRung) }
    retryAfter = secondsUntil(now + length, now)
    events.push({ type: 'locked', method, purpose })
  }
  return { state: withAttempts(state, budget, attempts), events, retryAfter }
}

/** A method proved: its own count is cleared, its ladder stays; other methods' suspensions are lifted, their counts stay (R16). */
export function clearFailures(state: SubjectState, proven: string): SubjectState {
  const attempts: SubjectState['attempts'] = {}
  for (const [method, value] of Object.entries(state.attempts)) {
    attempts[method] = method === proven ? { ...value, ...open, failures: 0 } : { ...value, suspended: false }
  }
  return { ...state, attempts }
}

/** The count of one budget cleared, and no other touched. */
export function clearCount(state: SubjectState, budget: string): SubjectState {
  if (!Object.hasOwn(state.attempts, budget)) return state
  return withAttempts(state, budget, { ...attemptsOf(state, budget), failures: 0 })
}

/** The count of one budget cleared, where a day went by without a failure: at once, and who confirms an own address would guess on anew. */
export function clearCalmCount(state: SubjectState, budget: string, now: number): SubjectState {
  return now - attemptsOf(state, budget).lastFailureAt < day ? state : clearCount(state, budget)
}

/** Locks and suspensions lifted; counts and ladders stay, so that an operator's kindness refreshes no budget. */
export function unlocked(state: SubjectState): SubjectState {
  const isShut = (value: Attempts) => value.suspended || value.lockedUntil !== null
  if (!Object.values(state.attempts).some(isShut)) return state
  const attempts: SubjectState['attempts'] = {}
  for (const [method, value] of Object.entries(state.attempts)) {
    attempts[method] = { ...value, ...open }
  }
  return { ...state, attempts }
}

function attemptsOf(state: SubjectState, method: string): Attempts {
  return (Object.hasOwn(state.attempts, method) ? state.attempts[method] : undefined) ?? untouched
}

function withAttempts(state: SubjectState, method: string, attempts: Attempts): SubjectState {
  return { ...state, attempts: { ...state.attempts, [method]: attempts } }
}

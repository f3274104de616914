/** Authenticators: TOTP secrets on record and how a code is taken (RFC 6238 §5.2; R4–R6, R30). */
import { refusal } from '../errors.js'
import type { EventDetails } from '../events.js'
import { decodeSecret } from '../otp/secret.js'
import { matchingSteps } from '../otp/totp.js'
import { clearCount, countFailure, enrollmentBudget, refusedIfShut } from './attempts.js'
import { type Place, withFirstFactor } from './destinations.js'
import type { RecoveryMaterial } from './recovery-codes.js'
import {
  type Authenticator,
  type Facts,
  hasFactor,
  type SubjectState,
  type Transition,
  withChangedFactors,
} from './state.js'

const mostAuthenticators = 5
/** A guess may fit this many codes at once and no more (R3). */
const mostAcceptable = 21

/** An authenticator that waits for its first code. */
export type PendingAuthenticator = Pick<Authenticator, 'id' | 'name' | 'secret' | 'algorithm' | 'digits' | 'period'>

/** How many authenticators a subject may have with a window of so many steps. */
export function authenticatorLimit(window: number): number {
  return Math.min(mostAuthenticators, Math.floor(mostAcceptable / (2 * window + 1)))
}

/** How many codes are right at once: what one guess may fit. */
export function acceptableCodes(state: SubjectState, window: number): number {
  const count = Math.max(1, state.authenticators.length)
  return count * (2 * windowFor(count, window) + 1)
}

/** The window, or less of it where it was widened after so many authenticators were enrolled (R3). */
function windowFor(authenticators: number, window: number): number {
  return Math.min(window, Math.floor((Math.floor(mostAcceptable / authenticators) - 1) / 2))
}

/**
 * Holds a code against every authenticator and every step of the window, and burns what it fits in all of them (R5).
 *
 * @param code 6 to 8 digits
 * @returns `accepted` with the state in which the code is used; `replayed` where it only fits a step that was taken before
 */
export function takeTotpCode(
  state: SubjectState,
  code: string,
  facts: Facts,
): { result: 'accepted'; state: SubjectState } | { result: 'replayed' | 'wrong' } {
  let accepted = false
  let fits = false
  const window = windowFor(state.authenticators.length, facts.window)
  const authenticators = state.authenticators.map(authenticator => {
    const steps = stepsOf(authenticator, code, facts.now, window)
    const latest = steps.at(-1)
    if (latest === undefined) return authenticator
    fits = true
    if (latest <= (authenticator.lastStep ?? -1)) return authenticator
    accepted = true
    return { ...authenticator, lastStep: latest, lastUsedAt: facts.now }
  })
  if (accepted) return { result: 'accepted', state: { ...state, authenticators } }
  return { result: fits ? 'replayed' : 'wrong' }
}

/** @throws Refusal `not_found` where `replaces` is no authenticator here; `limit_reached` where there is no room */
export function refuseIfNoRoom(state: SubjectState, replaces: string | null, window: number): void {
  if (replaces !== null) requireAuthenticator(state, replaces)
  else if (state.authenticators.length >= authenticatorLimit(window)) throw refusal('limit_reached')
}

/** @throws Refusal `not_found` where the subject has no authenticator of that id (R32) */
export function requireAuthenticator(state: SubjectState, id: string): void {
  if (!state.authenticators.some(authenticator => authenticator.id === id)) throw refusal('not_found')
}

/**
 * Makes a pending authenticator a factor, if the code is one of its own: in one write its step is burned, what it replaces goes,
 * and with the first factor come recovery codes. A wrong code counts against the budget of enrolments (R14).
 */
export function confirmAuthenticator(
  state: SubjectState,
  pending: PendingAuthenticator & { replaces: string | null; alongside: readonly Place[] },
  code: string,
  material: RecoveryMaterial,
  facts: Facts,
): Transition<{ recoveryCodes: readonly string[] | null }> {
  const shut = refusedIfShut(state, enrollmentBudget, facts.now)
  if (shut !== null) return shut
  const steps = stepsOf(pending, code, facts.now, facts.window)
  const latest = steps.at(-1)
  if (latest === undefined) {
    const failed = { method: 'totp', purpose: 'enrollment', acceptable: 2 * facts.window + 1, budget: enrollmentBudget }
    const counted = countFailure(state, failed, facts.now)
    const refused = refusal('invalid_code', { retryAfter: counted.retryAfter })
    return { state: counted.state, events: counted.events, refused }
  }
  refuseIfNoRoom(state, pending.replaces, facts.window)
  const { replaces, alongside, ...authenticator } = pending
  const first = !hasFactor(state)
  // The confirming code may fit another authenticator too: it is burned there as well.
  const burned = takeTotpCode(state, code, facts)
  const others = burned.result === 'accepted' ? burned.state.authenticators : state.authenticators
  const next: SubjectState = {
    // A code of a new secret proves nothing of the factors on record, so their count stays (R12).
    ...clearCount(state, enrollmentBudget),
    authenticators: addAuthenticator(
      others.filter(other => other.id !== replaces),
      { ...authenticator, lastStep: latest, createdAt: facts.now, lastUsedAt: null },
    ),
  }
  const events: EventDetails[] = [{ type: 'enrolled', authenticator: pending.id }]
  if (replaces !== null) events.push({ type: 'removed', authenticator: replaces })
  if (!first) return { state: withChangedFactors(next, facts), events, outcome: { recoveryCodes: null } }
  const completed = withFirstFactor(next, alongside, material, facts)
  return { ...completed, events: [...events, ...completed.events] }
}

/** One more authenticator, whose secret none of the others has: a thief of one must not hold two. */
export function addAuthenticator(others: readonly Authenticator[], added: Authenticator): Authenticator[] {
  if (others.some(other => other.secret === added.secret)) throw refusal('limit_reached')
  return [...others, added]
}

/**
 * @param channels those that a code can be sent by: a destination on another is no factor to go on with
 * @throws Refusal `not_found`; `would_lock_out` where it is the last factor, which leaves through `disable`
 */
export function refuseIfLastOrUnknown(state: SubjectState, id: string, channels: readonly string[] = []): void {
  requireAuthenticator(state, id)
  const remaining = state.destinations.some(({ channel }) => channels.includes(channel))
  if (state.authenticators.length === 1 && !remaining) throw refusal('would_lock_out')
}

/** The state without that authenticator. */
export function withoutAuthenticator(state: SubjectState, id: string): SubjectState {
  return { ...state, authenticators: state.authenticators.filter(authenticator => authenticator.id !== id) }
}

function stepsOf(
  authenticator: Pick<Authenticator, 'secret' | 'algorithm' | 'digits' | 'period'>,
  code: string,
  now: number,
  window: number,
): number[] {
  const { algorithm, digits, period } = authenticator
  const secret = decodeSecret(authenticator.secret)
  return matchingSteps({ secret, algorithm, digits, period, code, at: now, window })
}

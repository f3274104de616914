/** Answers and proofs: what a person shows, taken against the record in the same write (R4, R10, R14, R18, R31, R38). */
import { refusal } from '../errors.js'
import type { EventDetails } from '../events.js'
import { clearFailures, countFailure, mayAnswer, refusedIfShut, refuseIfShut } from './attempts.js'
import { acceptableCodes, takeTotpCode } from './authenticators.js'
import { recoveryCodesLeft, spendRecoveryCode } from './recovery-codes.js'
import { isSpent, spend } from './spent.js'
import { type Facts, hasFactor, type SubjectState, type Transition } from './state.js'

/** The methods that core knows. */
export type ProvingMethod = 'totp' | 'recovery_code'

/** An answer of the right form: `code` is normalised. */
export interface JudgedAnswer {
  method: ProvingMethod
  code: string
}

/** A grant that opened and belongs to this subject and request. */
export interface UsedGrant {
  id: string
  epoch: string
  method: ProvingMethod
  /** ms since 1970. */
  expiresAt: number
}

/** A proof of the right form; null where none was given. */
export type JudgedProof = { answer: JudgedAnswer } | { grant: UsedGrant } | null

/** At this number of recovery codes and below a warning is due (R21). */
export const fewRecoveryCodes = 2

/** The methods that can be answered with now, the best first. */
export function usableMethods(state: SubjectState, now: number): ProvingMethod[] {
  const methods: ProvingMethod[] = []
  if (state.authenticators.length > 0 && mayAnswer(state, 'totp', now)) methods.push('totp')
  if (hasFactor(state) && (recoveryCodesLeft(state) ?? 0) > 0) methods.push('recovery_code')
  return methods
}

/** @throws Refusal `locked` if time helps, else `suspended`, else `method_unavailable`, where no method is usable */
export function refuseIfNothingUsable(state: SubjectState, now: number): void {
  if (usableMethods(state, now).length > 0) return
  refuseIfShut(state, 'totp', now)
  throw refusal('method_unavailable')
}

/** Takes an answer. A right one is used up and clears its budget; a wrong one is counted, recovery codes apart (R49). */
export function takeAnswer(
  state: SubjectState,
  answer: JudgedAnswer,
  purpose: string,
  facts: Facts,
): Transition<{ method: ProvingMethod }> {
  return answer.method === 'totp'
    ? takeTotp(state, answer.code, purpose, facts)
    : takeRecoveryCode(state, answer.code, purpose, facts)
}

/**
 * Takes the proof of a change of factors, or of a step towards one, and uses it up (R31).
 *
 * @throws Refusal `permit_required` while a reset's permit is outstanding, `not_enrolled` where there is nothing to prove,
 *   `proof_required` where there is and it was not proven
 */
export function takeProof(
  state: SubjectState,
  proof: JudgedProof,
  facts: Facts,
): Transition<{ grant: UsedGrant | null }> {
  refuseIfPermitOutstanding(state)
  if (!hasFactor(state)) throw refusal('not_enrolled')
  if (proof === null) throw refusal('proof_required')
  if ('answer' in proof) {
    const taken = takeAnswer(state, proof.answer, 'factors', facts)
    return taken.refused ? taken : { ...taken, outcome: { grant: null } }
  }
  const { grant } = proof
  return { state: takeGrant(state, grant, facts), events: [], outcome: { grant } }
}

/** Uses a grant up. */
export function takeGrant(state: SubjectState, grant: UsedGrant, facts: Facts): SubjectState {
  if (!hasFactor(state) || grant.epoch !== state.epoch || isSpent(state, grant.id)) throw refusal('proof_required')
  return spend(state, grant.id, grant.expiresAt, facts.now)
}

/** @throws Refusal `permit_required` while the permit of an operator's reset is outstanding, expired or not (R50) */
export function refuseIfPermitOutstanding(state: SubjectState): void {
  if (state.permit !== null) throw refusal('permit_required')
}

function takeTotp(
  state: SubjectState,
  code: string,
  purpose: string,
  facts: Facts,
): Transition<{ method: ProvingMethod }> {
  const method = 'totp'
  if (state.authenticators.length === 0) throw refusal('method_unavailable')
  const shut = refusedIfShut(state, method, facts.now)
  if (shut !== null) return shut
  const taken = takeTotpCode(state, code, facts)
  if (taken.result === 'accepted') {
    return {
      state: clearFailures(taken.state, method),
      events: [{ type: 'verified', method, purpose }],
      outcome: { method },
    }
  }
  const counted = countFailure(state, { method, purpose, acceptable: acceptableCodes(state, facts.window) }, facts.now)
  if (taken.result === 'replayed') counted.events.push({ type: 'replay_detected', method, purpose })
  const refused = refusal('invalid_code', { retryAfter: counted.retryAfter })
  return { state: counted.state, events: counted.events, refused }
}

function takeRecoveryCode(
  state: SubjectState,
  code: string,
  purpose: string,
  facts: Facts,
): Transition<{ method: ProvingMethod }> {
  const method = 'recovery_code'
  const set = state.recoveryCodes
  if (set === null || !hasFactor(state) || recoveryCodesLeft(state) === 0) throw refusal('method_unavailable')
  const taken = spendRecoveryCode(set, code, facts.now)
  if (taken.found !== 'unused') {
    const events: EventDetails[] = [{ type: 'failed', method, purpose }]
    if (taken.found === 'used') events.push({ type: 'replay_detected', method, purpose })
    return { state, events, refused: refusal('invalid_code') }
  }
  const next = { ...state, recoveryCodes: taken.set }
  const left = recoveryCodesLeft(next) ?? 0
  const events: EventDetails[] = [
    { type: 'verified', method, purpose },
    { type: 'recovery_code_used', left },
  ]
  if (left <= fewRecoveryCodes) events.push({ type: 'recovery_codes_low', left })
  return { state: clearFailures(next, method), events, outcome: { method } }
}

/** Answers and proofs: what a person shows, taken against the record in the same write (R4, R10, R14, R18, R31, R38). */
import { refusal } from '../errors.js'
import type { EventDetails } from '../events.js'
import type { Method } from '../outcomes.js'
import { clearFailures, countFailure, mayAnswer, refusalOf, refusedIfShut, shut } from './attempts.js'
import { acceptableCodes, takeTotpCode } from './authenticators.js'
import { destinationOn, type Place } from './destinations.js'
import { recoveryCodesLeft, spendRecoveryCode } from './recovery-codes.js'
import { takeSentCode } from './sent-codes.js'
import { isSpent, spend } from './spent.js'
import { type Facts, hasFactor, type SubjectState, type Transition } from './state.js'

/** An answer of the right form: `code` is normalised. */
export interface JudgedAnswer {
  method: Method
  code: string
}

/** The challenge that is answered: a sent code belongs to one. */
export interface Asked {
  purpose: string
  challenge: {
    id: string
    /** The address that a first enrolment asks a code of, before there is any on record. */
    first: Place | null
  } | null
}

/** A grant that opened and belongs to this subject and request. */
export interface UsedGrant {
  id: string
  epoch: string
  method: Method
  /** Where it was earned by a code on the account's own address, before the first enrolment: that address. */
  first: Place | null
  /** ms since 1970. */
  expiresAt: number
}

/** A proof of the right form; null where none was given. */
export type JudgedProof = { answer: JudgedAnswer } | { grant: UsedGrant } | null

/** The grant that a proof is; null for any other proof. */
export function grantIn(proof: JudgedProof): UsedGrant | null {
  return proof !== null && 'grant' in proof ? proof.grant : null
}

/** At this number of recovery codes and below a warning is due (R21). */
export const fewRecoveryCodes = 2

/**
 * The methods that can be answered with now, the best first.
 *
 * @param channels those that can be sent by here and now
 */
export function usableMethods(state: SubjectState, channels: readonly string[], now: number): Method[] {
  const methods: Method[] = []
  if (state.authenticators.length > 0 && mayAnswer(state, 'totp', now)) methods.push('totp')
  for (const { channel } of state.destinations) {
    if (channels.includes(channel) && mayAnswer(state, channel, now)) methods.push(channel)
  }
  if (hasFactor(state) && (recoveryCodesLeft(state) ?? 0) > 0) methods.push('recovery_code')
  return methods
}

/** @throws Refusal `locked` if time helps, else `suspended`, else `method_unavailable`, where no method is usable */
export function refuseIfNothingUsable(state: SubjectState, channels: readonly string[], now: number): void {
  if (usableMethods(state, channels, now).length > 0) return
  const onRecord = state.destinations.map(({ channel }) => channel).filter(channel => channels.includes(channel))
  const present = [...(state.authenticators.length > 0 ? ['totp'] : []), ...onRecord]
  // The one that opens soonest; one that is suspended does not open by itself.
  const soonest = present
    .flatMap(method => shut(state, method, now) ?? [])
    .sort((a, b) => (a.until ?? Number.POSITIVE_INFINITY) - (b.until ?? Number.POSITIVE_INFINITY))[0]
  throw soonest === undefined ? refusal('method_unavailable') : refusalOf(soonest, now)
}

/** Whether a sent code may authorise a change of factors: not while an authenticator is on record, unless the policy says so (R27). */
export function sentCodesProve(state: SubjectState, { weakProofs }: Pick<Facts, 'weakProofs'>): boolean {
  return weakProofs || state.authenticators.length === 0
}

/** Takes an answer. A right one is used up and clears its budget; a wrong one is counted, recovery codes apart (R49). */
export function takeAnswer(
  state: SubjectState,
  answer: JudgedAnswer,
  asked: Asked,
  facts: Facts,
): Transition<{ method: Method }> {
  if (answer.method === 'totp') return takeTotp(state, answer.code, asked.purpose, facts)
  if (answer.method === 'recovery_code') return takeRecoveryCode(state, answer.code, asked.purpose, facts)
  return takeSent(state, answer, asked, facts)
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
    const taken = takeAnswer(state, proof.answer, { purpose: 'factors', challenge: null }, facts)
    return taken.refused ? taken : { ...taken, outcome: { grant: null } }
  }
  const { grant } = proof
  if (isSent(grant.method) && !sentCodesProve(state, facts)) throw refusal('proof_required')
  return { state: takeGrant(state, grant, facts), events: [], outcome: { grant } }
}

/**
 * Takes what a first enrolment needs: nothing, or a grant that a code on the account's own address has earned, where the policy asks for
 * one (R30).
 *
 * @param channel the one that the policy names; null: none
 * @throws Refusal `proof_required`; `not_enrolled` for a proof where none is asked for
 */
export function takeFirstProof(
  state: SubjectState,
  proof: JudgedProof,
  channel: string | null,
  facts: Facts,
): SubjectState {
  if (channel === null) {
    if (proof !== null) throw refusal('not_enrolled')
    return state
  }
  const grant = grantIn(proof)
  if (grant === null || grant.first?.channel !== channel) throw refusal('proof_required')
  return takeGrant(state, grant, facts)
}

/** Uses a grant up. One that a first enrolment's address earned is for a subject without factors, any other for one who has some. */
export function takeGrant(state: SubjectState, grant: UsedGrant, facts: Facts): SubjectState {
  const fits = hasFactor(state) === (grant.first === null)
  if (!fits || grant.epoch !== state.epoch || isSpent(state, grant.id)) throw refusal('proof_required')
  return spend(state, grant.id, grant.expiresAt, facts.now)
}

/** Whether a method is a channel, whose codes are sent. */
export function isSent(method: Method): boolean {
  return method !== 'totp' && method !== 'recovery_code'
}

/** @throws Refusal `permit_required` while the permit of an operator's reset is outstanding, expired or not (R50) */
export function refuseIfPermitOutstanding(state: SubjectState): void {
  if (state.permit !== null) throw refusal('permit_required')
}

function takeTotp(state: SubjectState, code: string, purpose: string, facts: Facts): Transition<{ method: Method }> {
  const method = 'totp'
  if (state.authenticators.length === 0) throw refusal('method_unavailable')
  const shutBy = refusedIfShut(state, method, facts.now)
  if (shutBy !== null) return shutBy
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

function takeSent(
  state: SubjectState,
  { method, code }: JudgedAnswer,
  { purpose, challenge }: Asked,
  facts: Facts,
): Transition<{ method: Method }> {
  const address = addressFor(state, method, challenge?.first ?? null)
  if (challenge === null || address === null) throw refusal('method_unavailable')
  const shutBy = refusedIfShut(state, method, facts.now)
  if (shutBy !== null) return shutBy
  const about = { purpose, challenge: challenge.id, channel: method, address }
  const taken = takeSentCode(state, about, code, facts.now)
  if (taken === null) {
    const counted = countFailure(state, { method, purpose, acceptable: 1 }, facts.now)
    const refused = refusal('invalid_code', { retryAfter: counted.retryAfter })
    return { state: counted.state, events: counted.events, refused }
  }
  const destinations = taken.destinations.map(one => (one.channel === method ? { ...one, lastUsedAt: facts.now } : one))
  return {
    state: clearFailures({ ...taken, destinations }, method),
    events: [{ type: 'verified', method, purpose }],
    outcome: { method },
  }
}

/** The address that a code of this channel goes to, for a challenge: the one on record, or, before there is any factor, the first. */
export function addressFor(state: SubjectState, channel: string, first: Place | null): string | null {
  if (hasFactor(state)) return destinationOn(state, channel)?.address ?? null
  return first?.channel === channel ? first.address : null
}

function takeRecoveryCode(
  state: SubjectState,
  code: string,
  purpose: string,
  facts: Facts,
): Transition<{ method: Method }> {
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

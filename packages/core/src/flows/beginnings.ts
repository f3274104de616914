/** What enrolments of either kind share: what beginning one takes, and what is remembered from then to the confirmation (R30, R31). */
import { firstChannel } from '../policy/policy.js'
import { grantIn, type JudgedProof, takeFirstProof, takeProof, type UsedGrant } from '../subject/answers.js'
import type { Place } from '../subject/destinations.js'
import { type Facts, hasFactor, type SubjectState, type Transition } from '../subject/state.js'
import type { TokenContent } from '../vault/tokens.js'
import type { Gatehouse } from './gatehouse.js'
import { ownAddresses } from './sending.js'

type Remembered = Pick<TokenContent<'enrollment'>, 'epoch' | 'proven' | 'grant' | 'checked'>

/** What an enrolment began with. */
export interface Beginning extends Pick<Remembered, 'proven' | 'checked'> {
  grant: UsedGrant | null
  /** The account's own address that was shown to be read, where a first enrolment asks for that. */
  first: Place | null
}

/** Takes the proof of a change: with a factor on record that of one, before the first what the policy asks for. */
export function takeChangeProof(
  house: Gatehouse,
  state: SubjectState,
  proof: JudgedProof,
  facts: Facts,
): Transition<{ grant: UsedGrant | null }> {
  if (hasFactor(state)) return takeProof(state, proof, facts)
  const taken = takeFirstProof(state, proof, firstChannel(house.settings.policy), facts)
  return { state: taken, events: [], outcome: { grant: grantIn(proof) } }
}

/** Takes what beginning an enrolment needs. */
export function takeEnrollmentProof(
  house: Gatehouse,
  state: SubjectState,
  proof: JudgedProof,
  facts: Facts,
): Transition<Beginning> {
  const taken = takeChangeProof(house, state, proof, facts)
  if (taken.refused) return taken
  const { grant } = taken.outcome
  if (hasFactor(state)) return { ...taken, outcome: { proven: true, grant, checked: null, first: null } }
  const first = grant?.first ?? null
  return { ...taken, outcome: { proven: false, grant: null, checked: first?.channel ?? null, first } }
}

/**
 * The account's own addresses, where a proof is about to be used up that only a first enrolment takes: what cannot be had must not cost it.
 * Null: not known yet.
 */
export async function addressesBefore(house: Gatehouse, subject: string, proof: JudgedProof): Promise<Place[] | null> {
  const first = grantIn(proof)?.first ?? null
  return first === null ? null : ownAddresses(house, subject, first)
}

/**
 * The account's own addresses that a first factor is recorded with; beside another factor there are none.
 *
 * @param known those that were asked for before; null: not yet
 */
export async function addressesAlongside(
  house: Gatehouse,
  subject: string,
  { proven, first }: Pick<Beginning, 'proven' | 'first'>,
  known: Place[] | null,
): Promise<Place[]> {
  return proven ? [] : (known ?? ownAddresses(house, subject, first))
}

/** The grant that an enrolment comes back with at its confirmation: earned by a factor, since before the first one none is kept. */
export function keptGrant(kept: Remembered['grant']): Pick<UsedGrant, 'method' | 'expiresAt' | 'first'> | null {
  return kept === null ? null : { ...kept, first: null }
}

/** What an enrolment keeps of the grant that proved it. */
export function keptOf(grant: UsedGrant | null): Remembered['grant'] {
  return grant === null ? null : { method: grant.method, expiresAt: grant.expiresAt }
}

/** Whether the factors changed since it began, or the policy now asks more of a first one. */
export function isOutdated(
  house: Gatehouse,
  { epoch, proven, checked }: Pick<Remembered, 'epoch' | 'proven' | 'checked'>,
  state: SubjectState,
): boolean {
  const asked = firstChannel(house.settings.policy)
  const enough = proven || asked === null || checked === asked
  return epoch !== state.epoch || proven !== hasFactor(state) || !enough
}

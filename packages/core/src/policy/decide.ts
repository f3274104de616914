/**
 * What the policy says at login, as one pure function of facts. The order is the rule: networks, permit, then who is enrolled, then who
 * is not. That a record can be believed is made sure of before.
 */

/** What is known when the gate is asked. */
export interface GateFacts {
  /** What the allowlist does here; `off` also where it restricts and there is nothing on any list. */
  allowlist: 'off' | 'restrict' | 'bypass'
  /** Whether the request's address is on a list, the policy's or the subject's; one that is unknown is not. */
  listed: boolean
  /** Whether a listed address satisfies the requirement, so that no factor is asked for. */
  listedSatisfies: boolean
  enrolled: boolean
  /** Whether the browser is one that the subject trusts. */
  trustedDevice: boolean
  /** The permit of an operator's reset: none is outstanding, one is and was not brought, or it was. */
  permit: 'none' | 'outstanding' | 'brought'
  eligible: boolean
  /** ms since 1970 from which a factor is required; null: never. */
  requiredFrom: number | null
  unenrolled: 'enroll' | 'deny'
  /** The channel whose code a first enrolment takes; null: none. */
  firstChannel: string | null
  now: number
}

/** What the gate does, and why. */
export type Decision =
  | { gate: 'challenge'; reason: 'enrolled' }
  /** `asks`: the channel whose code comes first. */
  | { gate: 'enroll'; reason: 'permit' | 'required'; asks: string | null }
  | { gate: 'pass'; reason: 'not_eligible' | 'not_required' | 'trusted_device' | 'allowlisted_address' }
  | { gate: 'pass'; reason: 'not_required_yet'; enrollBy: number }
  | { gate: 'refuse'; reason: 'address_not_allowed' | 'permit_required' | 'not_enrolled' }

/**
 * The decision. An enrolled subject is never ineligible, never let in by a permit, and never from an address that is denied; what is
 * listed skips the prompt and nothing else (R44, R50, R51).
 */
export function decide(facts: GateFacts): Decision {
  const listed = facts.allowlist !== 'off' && facts.listed
  if (facts.allowlist === 'restrict' && !listed) return { gate: 'refuse', reason: 'address_not_allowed' }
  if (facts.permit === 'outstanding') return { gate: 'refuse', reason: 'permit_required' }
  if (facts.enrolled) {
    if (facts.trustedDevice) return { gate: 'pass', reason: 'trusted_device' }
    if (facts.allowlist === 'bypass' && listed) return { gate: 'pass', reason: 'allowlisted_address' }
    return { gate: 'challenge', reason: 'enrolled' }
  }
  if (facts.permit === 'brought') return { gate: 'enroll', reason: 'permit', asks: facts.firstChannel }
  if (!facts.eligible) return { gate: 'pass', reason: 'not_eligible' }
  if (facts.listedSatisfies && listed) return { gate: 'pass', reason: 'allowlisted_address' }
  if (facts.requiredFrom === null) return { gate: 'pass', reason: 'not_required' }
  if (facts.now < facts.requiredFrom) {
    return { gate: 'pass', reason: 'not_required_yet', enrollBy: facts.requiredFrom }
  }
  if (facts.unenrolled === 'deny') return { gate: 'refuse', reason: 'not_enrolled' }
  return { gate: 'enroll', reason: 'required', asks: facts.firstChannel }
}

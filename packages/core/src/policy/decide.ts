/**
 * What the policy says at login, as one pure function of facts. The order is the rule: networks of the policy, then the record's
 * integrity and the subject's networks (all three before this is asked), then permit, then enrolled, then not enrolled.
 */

/** What is known when the gate is asked. */
export interface GateFacts {
  enrolled: boolean
  /** The permit of an operator's reset: none is outstanding, one is and was not brought, or it was. */
  permit: 'none' | 'outstanding' | 'brought'
  eligible: boolean
  /** ms since 1970 from which a factor is required; null: never. */
  requiredFrom: number | null
  unenrolled: 'enroll' | 'deny'
  now: number
}

/** What the gate does, and why. */
export type Decision =
  | { gate: 'challenge'; reason: 'enrolled' }
  | { gate: 'enroll'; reason: 'permit' | 'required' }
  | { gate: 'pass'; reason: 'not_eligible' | 'not_required' }
  | { gate: 'pass'; reason: 'not_required_yet'; enrollBy: number }
  | { gate: 'refuse'; reason: 'permit_required' | 'not_enrolled' }

/** The decision. An enrolled subject is never ineligible, and never let in by a permit (R50, R51). */
export function decide(facts: GateFacts): Decision {
  if (facts.permit === 'outstanding') return { gate: 'refuse', reason: 'permit_required' }
  if (facts.enrolled) return { gate: 'challenge', reason: 'enrolled' }
  if (facts.permit === 'brought') return { gate: 'enroll', reason: 'permit' }
  if (!facts.eligible) return { gate: 'pass', reason: 'not_eligible' }
  if (facts.requiredFrom === null) return { gate: 'pass', reason: 'not_required' }
  if (facts.now < facts.requiredFrom) {
    return { gate: 'pass', reason: 'not_required_yet', enrollBy: facts.requiredFrom }
  }
  if (facts.unenrolled === 'deny') return { gate: 'refuse', reason: 'not_enrolled' }
  return { gate: 'enroll', reason: 'required' }
}

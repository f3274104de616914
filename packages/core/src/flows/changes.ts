/** Changes of factors: a proof is used up in the write that makes the change (R31), and that write renews the epoch (R33). */
import type { EventDetails } from '../events.js'
import type { Changed, Method, Proof } from '../outcomes.js'
import { type JudgedProof, takeProof, type UsedGrant } from '../subject/answers.js'
import { type Facts, type SubjectState, type Transition, withChangedFactors } from '../subject/state.js'
import type { Context } from './context.js'
import type { Gatehouse } from './gatehouse.js'
import { changed, judgeProof, renewGrant } from './proofs.js'

/** What happens to the record. */
export interface Change {
  /** `method`: what proved it; null where nothing did. */
  apply: (state: SubjectState, method: Method | null) => SubjectState
  events: readonly EventDetails[]
  /** Looks for what forbids the change, before the proof is taken: what cannot be had must not cost one. Throws. */
  refuse?: (state: SubjectState, facts: Facts) => void
  /** Takes the proof; that of a factor, unless said otherwise. */
  prove?: (state: SubjectState, proof: JudgedProof, facts: Facts) => Transition<{ grant: UsedGrant | null }>
}

/** Makes a change of factors, whichever. One read, one write. */
export async function changeFactors(
  house: Gatehouse,
  subject: string,
  proof: Proof | null,
  context: Context,
  { apply, events, refuse = () => {}, prove = takeProof }: Change,
): Promise<Changed> {
  const judged = judgeProof(house, proof, subject, context)
  const performed = await house.perform(subject, context, (before, facts) => {
    refuse(before, facts)
    const taken = prove(before, judged, facts)
    if (taken.refused) return taken
    const state = withChangedFactors(apply(taken.state, methodOf(judged)), facts)
    return { state, events: [...taken.events, ...events], outcome: taken.outcome }
  })
  return changed(performed, renewGrant(house, subject, performed.outcome.grant, performed.state.epoch, context))
}

function methodOf(proof: JudgedProof): Method | null {
  if (proof === null) return null
  return 'answer' in proof ? proof.answer.method : proof.grant.method
}

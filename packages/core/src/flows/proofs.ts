/** Proofs of a change of factors: judged before any I/O, taken in the write, and, where a grant, given back renewed (R31). */
import { refusal } from '../errors.js'
import type { Answer, Changed, Input, Token } from '../outcomes.js'
import type { JudgedProof, UsedGrant } from '../subject/answers.js'
import type { Context } from './context.js'
import type { Gatehouse, Performed } from './gatehouse.js'
import { judgeAnswer, requireObject } from './input.js'
import { holds, tiesOf } from './ties.js'

/** The purpose of step-up that proves for the verbs of this library. */
export const factorsPurpose = 'factors'

/** A grant that opened, for this subject, purpose and request. @throws Refusal `proof_required` where it is anything else */
export function openGrant(
  house: Gatehouse,
  input: Input,
  subject: string,
  purpose: string,
  context: Context,
): UsedGrant {
  const grant = house.tokens.open('grant', input, house.now())
  if (grant === null || grant.subject !== subject || grant.purpose !== purpose || !holds(grant, context)) {
    throw refusal('proof_required')
  }
  return grant
}

/**
 * A sent code is no proof by itself: it belongs to a challenge, so a grant is earned by it first.
 *
 * @throws Refusal for a code or grant of the wrong form; `proof_required` is thrown later, where there is something to prove
 */
export function judgeProof(house: Gatehouse, proof: unknown, subject: string, context: Context): JudgedProof {
  if (proof === undefined || proof === null) return null
  requireObject(proof, 'proof')
  if (!Object.hasOwn(proof, 'grant')) return { answer: judgeAnswer(proof as Answer) }
  const { grant } = proof as { grant: Input }
  return { grant: openGrant(house, grant, subject, factorsPurpose, context) }
}

/** Seals a grant for an epoch. */
export function newGrant(
  house: Gatehouse,
  subject: string,
  grant: { purpose: string; epoch: string } & Pick<UsedGrant, 'method' | 'first' | 'expiresAt'>,
  context: Context,
): Token {
  const content = { ...grant, subject, id: house.newId(), ...tiesOf(context) }
  return { token: house.tokens.seal('grant', content), expiresAt: new Date(grant.expiresAt) }
}

/** The grant that proved a change, for the epoch that the change brought; its deadline stays, and past it there is none. */
export function renewGrant(
  house: Gatehouse,
  subject: string,
  used: Pick<UsedGrant, 'method' | 'expiresAt' | 'first'> | null,
  epoch: string,
  context: Context,
): Token | null {
  if (used === null || used.expiresAt <= house.now()) return null
  const { method, first, expiresAt } = used
  return newGrant(house, subject, { purpose: factorsPurpose, epoch, method, first, expiresAt }, context)
}

/** What a change of factors answers. */
export function changed(performed: Performed<unknown>, grant: Token | null): Changed {
  return { generation: performed.state.generation, grant, otherSessions: performed.otherSessions ?? 'to_be_ended' }
}

/** Step-up: a fresh proof within a session, for one purpose. */
import { refusal, usageError } from '../errors.js'
import type { Answer, Challenge, Input, Method, Token } from '../outcomes.js'
import { firstChannel } from '../policy/policy.js'
import { refuseIfPermitOutstanding, takeGrant } from '../subject/answers.js'
import { hasFactor, type SubjectState } from '../subject/state.js'
import { checkSubject } from '../usage.js'
import {
  answerChallenge,
  newChallenge,
  newFirstChallenge,
  openChallenge,
  refuseIfClosed,
  refuseIfForeign,
} from './challenges.js'
import { type Context, checkContext } from './context.js'
import type { Gatehouse } from './gatehouse.js'
import { judgeAnswer } from './input.js'
import { methodReferences } from './passes.js'
import { factorsPurpose, newGrant, openGrant } from './proofs.js'
import { channelsFor, firstAddress } from './sending.js'

const grantLifetime = 5 * 60_000

/** A fresh proof within a session, for one purpose. `factors` proves for the verbs here; any other is the application's own. */
export interface StepUp {
  /**
   * Asks for a proof. One read, no write.
   *
   * @param subject the application's user id
   * @param purpose `factors`, or a name of the application's own, 1 to 64 characters, not `login` or `enrollment`
   * @returns a challenge; for `factors` also to a subject without factors, where `policy.firstEnrollment` names a channel
   * @throws Refusal `not_enrolled`, `locked`, `suspended`, `method_unavailable` (nothing to answer with), `permit_required`
   *
   * @example
   * ```ts
   * import type { TwoFactor } from '@sallyport/core'
   *
   * async function askAgain(twoFactor: TwoFactor, userId: string, sessionId: string) {
   *   return twoFactor.stepUp.begin(userId, 'transfer-money', { binding: sessionId })
   * }
   * ```
   */
  begin(subject: string, purpose: string, context?: Context): Promise<Challenge>

  /**
   * Takes the answer to a step-up challenge. One read, one write.
   *
   * @returns the method that proved, its `amr` (RFC 8176), and a grant that lives five minutes
   * @throws Refusal as `login.verify`
   *
   * @example
   * ```ts
   * import type { TwoFactor } from '@sallyport/core'
   *
   * async function proven(twoFactor: TwoFactor, userId: string, challenge: unknown, code: unknown, sessionId: string) {
   *   const { grant } = await twoFactor.stepUp.verify(userId, challenge, { method: 'totp', code }, { binding: sessionId })
   *   return grant.token
   * }
   * ```
   */
  verify(
    subject: string,
    challenge: Input,
    answer: Answer,
    context?: Context,
  ): Promise<{ method: Method; amr: readonly string[]; grant: Token }>

  /**
   * Spends a grant for a purpose of the application's own. One read, one write; returns once, throws ever after.
   *
   * @throws Refusal `proof_required` (expired, spent, of another subject, purpose, binding or epoch)
   *
   * @example
   * ```ts
   * import type { TwoFactor } from '@sallyport/core'
   *
   * async function transfer(twoFactor: TwoFactor, userId: string, grant: unknown, sessionId: string) {
   *   await twoFactor.stepUp.redeem(grant, userId, 'transfer-money', { binding: sessionId })
   *   return 'move the money'
   * }
   * ```
   */
  redeem(grant: Input, subject: string, purpose: string, context?: Context): Promise<void>
}

/** The flow behind {@link StepUp}. */
export function stepUpFlow(house: Gatehouse): StepUp {
  /** Before the first enrolment there is one thing to prove: that the account's own address is read, where the policy asks that (R30). */
  async function firstChallenge(
    subject: string,
    purpose: string,
    state: SubjectState,
    context: Context,
  ): Promise<Challenge> {
    const asks = purpose === factorsPurpose ? firstChannel(house.settings.policy) : null
    if (asks === null) throw refusal('not_enrolled')
    const first = await firstAddress(house, asks, subject, context)
    return newFirstChallenge(house, { stage: 'step_up', purpose, subject, permit: null, first }, state, context)
  }

  return {
    async begin(subject, purpose, given = {}) {
      checkSubject(subject)
      checkPurpose(purpose)
      const context = checkContext(given)
      const state = await house.read(subject, context)
      refuseIfPermitOutstanding(state)
      if (!hasFactor(state)) return firstChallenge(subject, purpose, state, context)
      return newChallenge(house, 'step_up', purpose, subject, state, context)
    },

    async verify(subject, challenge, answer, given = {}) {
      checkSubject(subject)
      const context = checkContext(given)
      const judged = judgeAnswer(answer, channelsFor(house, {}))
      const opened = openChallenge(house, 'step_up', challenge)
      if (opened.subject !== subject) throw refusal('challenge_expired')
      refuseIfForeign(opened, context)
      refuseIfClosed(house, opened, judged, context)
      const { purpose, first } = opened
      const { outcome, state } = await house.perform(subject, context, (before, facts) =>
        answerChallenge(opened, before, judged, facts),
      )
      const { method } = outcome
      const expiresAt = house.now() + grantLifetime
      const grant = newGrant(house, subject, { purpose, epoch: state.epoch, method, first, expiresAt }, context)
      return { method, amr: methodReferences(method), grant }
    },

    async redeem(grant, subject, purpose, given = {}) {
      checkSubject(subject)
      checkPurpose(purpose)
      if (purpose === factorsPurpose) {
        throw usageError('purpose', `"${factorsPurpose}" is spent by the verbs that change factors`)
      }
      const context = checkContext(given)
      const opened = openGrant(house, grant, subject, purpose, context)
      await house.perform(subject, context, (state, facts) => ({
        state: takeGrant(state, opened, facts),
        events: [],
        outcome: undefined,
      }))
    },
  }
}

/** @throws SallyportError `usage` where the purpose of a step-up is no name */
function checkPurpose(purpose: unknown): string {
  if (typeof purpose !== 'string' || !/^[^\p{Cc}\p{Cs}]{1,64}$/u.test(purpose)) {
    throw usageError('purpose', 'must be a name of 1 to 64 characters')
  }
  // The events of login and enrolment carry these: an audit must not take one for the other.
  if (purpose === 'login' || purpose === 'enrollment') throw usageError('purpose', `"${purpose}" is taken`)
  return purpose
}

/** `sendCode`: a code for a challenge, to an address on record. */
import { refusal } from '../errors.js'
import type { Input, SentCode } from '../outcomes.js'
import { addressFor } from '../subject/answers.js'
import { countSend } from '../subject/sent-codes.js'
import type { Transition } from '../subject/state.js'
import { deniedBy } from './admission.js'
import { channelsThatProve, openAnyChallenge, refuseIfForeign, refuseIfSuperseded } from './challenges.js'
import type { ContextOf } from './context.js'
import type { Gatehouse } from './gatehouse.js'
import { channelsFor, type Delivery, deliver } from './sending.js'

/** Sends codes for challenges. */
export interface ChallengeCodes {
  /**
   * Sends a code for a challenge of either kind. A resend repeats the code that is alive and extends its life, to ten minutes at most; it
   * is taken a minute after the last, and no more where the code could live for less than a minute. One read and one write for the
   * subject, the same for the address's counter for each key of the ring, then the delivery: so what is counted was not always delivered,
   * and never the other way round (R25).
   *
   * @param challenge the token that `login.begin` or `stepUp.begin` gave
   * @param method the id of the channel, one of the challenge's `methods`
   * @param context as at `begin`, or a function of the subject sealed in the challenge
   * @throws Refusal `method_unavailable`, `challenge_expired` (also where less than a minute is left of it), `address_not_allowed` (at
   *   login), `locked`, `suspended`, `send_too_soon` and `send_limit` (with `retryAfter`), `delivery_failed`, `busy`, `outcome_unknown`
   *
   * @example
   * ```ts
   * import type { TwoFactor } from '@sallyport/core'
   *
   * async function mailMeACode(twoFactor: TwoFactor, challenge: unknown, sessionId: string) {
   *   const { hint, resendAt } = await twoFactor.sendCode(challenge, 'email', { binding: sessionId })
   *   return `A code is on its way to ${hint}. Send again: ${resendAt.toISOString()}`
   * }
   * ```
   */
  sendCode(challenge: Input, method: Input, context?: ContextOf): Promise<SentCode>
}

/** The flow behind {@link ChallengeCodes}. */
export function challengeCodesFlow(house: Gatehouse): ChallengeCodes {
  return {
    async sendCode(challenge, method, given) {
      const opened = openAnyChallenge(house, challenge)
      const { id, subject, stage, purpose, first, signedInBy, expiresAt } = opened
      const context = await house.contextFor(given, subject)
      refuseIfForeign(opened, context)
      const atLogin = stage !== 'step_up'
      const channel = channelsFor(house, context, signedInBy).find(one => one === method)
      if (channel === undefined) throw refusal('method_unavailable')
      const key = house.newCodeKey()
      const { outcome } = await house.perform(subject, context, (state, facts): Transition<Delivery> => {
        const denied = atLogin ? deniedBy(house, state, context) : null
        if (denied !== null) return denied
        refuseIfSuperseded(opened, state)
        const address = addressFor(state, channel, first)
        if (address === null || channelsThatProve([channel], purpose, state, facts).length === 0) {
          throw refusal('method_unavailable')
        }
        const ended = 'challenge_expired'
        const about = { purpose, challenge: id, channel, address, budget: channel, until: expiresAt, ended } as const
        const counted = countSend(state, about, key, facts)
        if (counted.refused) return counted
        const delivery: Delivery = {
          channel,
          address,
          purpose: atLogin ? 'login' : 'step_up',
          pool: first === null ? 'confirmed' : 'first',
          sending: counted.outcome,
        }
        return { ...counted, outcome: delivery }
      })
      return deliver(house, subject, outcome, context)
    },
  }
}

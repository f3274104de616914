/** Destinations: addresses that codes can be sent to, each confirmed before it is one (R26). */
import { refusal } from '../errors.js'
import type { Changed, Input, Proof, RecoveryCodes, SentCode } from '../outcomes.js'
import { grantIn, refuseIfPermitOutstanding } from '../subject/answers.js'
import { clearCalmCount, countFailure, destinationBudget, refusedIfShut } from '../subject/attempts.js'
import { withDestination, withFirstFactor } from '../subject/destinations.js'
import type { RecoveryMaterial } from '../subject/recovery-codes.js'
import { countSend, type SendAbout, type Sending, takeSentCode } from '../subject/sent-codes.js'
import { type Facts, hasFactor, type SubjectState, type Transition, withChangedFactors } from '../subject/state.js'
import { checkSubject } from '../usage.js'
import type { TokenContent } from '../vault/tokens.js'
import {
  addressesAlongside,
  addressesBefore,
  isOutdated,
  keptGrant,
  keptOf,
  takeEnrollmentProof,
} from './beginnings.js'
import { type Context, checkContext, requireBinding } from './context.js'
import type { Gatehouse } from './gatehouse.js'
import { judgeDigits } from './input.js'
import { changed, judgeProof, renewGrant } from './proofs.js'
import { channelsFor, deliver, judgeAddress, requireChannel } from './sending.js'
import { holds, tiesOf } from './ties.js'

const lifetime = 15 * 60_000
const purpose = 'destination'

/** The subject's destinations, at most one a channel; `remove` is with the other verbs of care. */
export interface DestinationEnrollment {
  /**
   * Sends a code to a new address. It becomes a destination at `confirm`, in place of one on the same channel; until then it is
   * nothing. One read and one write, which consumes the proof and counts the send; the same for the address's counter for each key of the
   * ring; then the delivery. Where that fails, one more of each gives a grant back; a code of an app or a recovery code is used up, so ask
   * for a step-up first.
   *
   * @param channel the id of a channel in the options
   * @param address what the person typed; the channel's `normalize` judges it
   * @param proof needed while the subject has a factor, and before the first where `policy.firstEnrollment` names a channel; else null
   * @param context `binding` is required
   * @returns the enrolment token to keep for `confirm`, and what to tell the person
   * @throws Refusal `invalid_input` (field `address`), `method_unavailable` (the person signed in by this channel), `proof_required`, `not_enrolled` (a proof, but no factor), `permit_required`,
   *   `locked`, `suspended`, `send_limit`, `delivery_failed`, `busy`, `outcome_unknown`, and those of a proof; SallyportError `usage` where
   *   there is no such channel; what a channel's `addressOf` throws, before a first factor
   *
   * @example
   * ```ts
   * import type { TwoFactor } from '@sallyport/core'
   *
   * async function addPhone(twoFactor: TwoFactor, userId: string, typed: unknown, code: string, sessionId: string) {
   *   const proof = { method: 'totp', code }
   *   return twoFactor.destinations.add(userId, 'sms', typed, proof, { binding: sessionId })
   * }
   * ```
   */
  add(
    subject: string,
    channel: string,
    address: Input,
    proof: Proof | null,
    context?: Context,
  ): Promise<SentCode & { enrollment: string }>

  /**
   * Sends the code of a pending destination again: the same, its life extended. Reads and writes as `add`.
   *
   * @throws Refusal `enrollment_expired`, `method_unavailable` (the channel is gone, or the person signed in by it), `send_too_soon`, `send_limit`, `locked`, `suspended`,
   *   `delivery_failed`, `busy`, `outcome_unknown`
   *
   * @example
   * ```ts
   * import type { TwoFactor } from '@sallyport/core'
   *
   * async function again(twoFactor: TwoFactor, userId: string, enrollment: unknown, sessionId: string) {
   *   return (await twoFactor.destinations.sendCode(userId, enrollment, { binding: sessionId })).resendAt
   * }
   * ```
   */
  sendCode(subject: string, enrollment: Input, context?: Context): Promise<SentCode>

  /**
   * Confirms the address with the code that reached it. One read, one write. With the first factor of any kind come recovery codes, shown
   * this once.
   *
   * @throws Refusal `invalid_code`, `enrollment_expired`, `locked`, `suspended`, `busy`, `outcome_unknown`
   *
   * @example
   * ```ts
   * import type { TwoFactor } from '@sallyport/core'
   *
   * async function confirmPhone(twoFactor: TwoFactor, userId: string, enrollment: unknown, code: unknown, sessionId: string) {
   *   return (await twoFactor.destinations.confirm(userId, enrollment, code, { binding: sessionId })).generation
   * }
   * ```
   */
  confirm(
    subject: string,
    enrollment: Input,
    code: Input,
    context?: Context,
  ): Promise<Changed & { recoveryCodes: RecoveryCodes | null }>
}

type DestinationContent = TokenContent<'destination'>

/** The flow behind {@link DestinationEnrollment}. */
export function destinationEnrollmentFlow(house: Gatehouse): DestinationEnrollment {
  function open(subject: string, enrollment: Input, context: Context): DestinationContent {
    const content = house.tokens.open('destination', enrollment, house.now())
    if (content === null || content.subject !== subject || !holds(content, context)) throw refusal('enrollment_expired')
    return content
  }

  /**
   * Nobody has the token of an enrolment whose code was not delivered: the grant that it took is as good as before, and no code is waited
   * for. A code of an app stays used, and the send stays counted.
   */
  async function giveBack(
    subject: string,
    enrollment: string,
    grant: string | null,
    epoch: string,
    context: Context,
  ): Promise<void> {
    try {
      await house.perform(subject, context, state => {
        if (state.epoch !== epoch) return { state, events: [], outcome: undefined }
        const spent = state.spent.filter(({ id }) => id !== grant)
        const sentCodes = state.sentCodes.filter(({ challenge }) => challenge !== enrollment)
        return { state: { ...state, spent, sentCodes }, events: [], outcome: undefined }
      })
    } catch {
      // What was wrong first is what the caller has to know.
    }
  }

  const send = (subject: string, { channel, address }: DestinationContent, sending: Sending, context: Context) =>
    deliver(house, subject, { channel, address, purpose, pool: 'unconfirmed', sending }, context)

  return {
    async add(subject, id, given, proof, rest = {}) {
      checkSubject(subject)
      const context = checkContext(rest)
      requireBinding(context)
      const channel = requireChannel(house, id)
      const address = judgeAddress(channel, given)
      if (!channelsFor(house, context).includes(channel.id)) throw refusal('method_unavailable')
      const judged = judgeProof(house, proof, subject, context)
      const known = await addressesBefore(house, subject, judged)
      const key = house.newCodeKey()
      const content = {
        ...tiesOf(context),
        subject,
        id: house.newId(),
        channel: channel.id,
        address,
        expiresAt: house.now() + lifetime,
      }
      const { outcome } = await house.perform(subject, context, (state, facts) => {
        refuseIfPermitOutstanding(state)
        // Before the proof is looked at: whether there is room must not tell whether a code was right.
        const counted = countSend(state, aboutOf(content), key, facts)
        if (counted.refused) return counted
        const taken = takeEnrollmentProof(house, state, judged, facts)
        if (taken.refused) return taken
        const { sends, sentCodes } = counted.state
        const outcome = { ...taken.outcome, epoch: state.epoch, sending: counted.outcome }
        return { state: { ...taken.state, sends, sentCodes }, events: taken.events, outcome }
      })
      const { first, grant, sending, ...begun } = outcome
      try {
        const others = await addressesAlongside(house, subject, { proven: begun.proven, first }, known)
        const alongside = others.filter(other => other.channel !== content.channel)
        const pending: DestinationContent = { ...content, ...begun, grant: keptOf(grant), alongside }
        const sent = await send(subject, pending, sending, context)
        return { ...sent, enrollment: house.tokens.seal('destination', pending) }
      } catch (error) {
        await giveBack(subject, content.id, grantIn(judged)?.id ?? null, begun.epoch, context)
        throw error
      }
    },

    async sendCode(subject, enrollment, rest = {}) {
      checkSubject(subject)
      const context = checkContext(rest)
      const content = open(subject, enrollment, context)
      if (!channelsFor(house, context).includes(content.channel)) throw refusal('method_unavailable')
      const key = house.newCodeKey()
      const { outcome } = await house.perform(subject, context, (state, facts) => {
        refuseIfPermitOutstanding(state)
        if (isOutdated(house, content, state)) throw refusal('enrollment_expired')
        return countSend(state, aboutOf(content), key, facts)
      })
      return send(subject, content, outcome, context)
    },

    async confirm(subject, enrollment, code, rest = {}) {
      checkSubject(subject)
      const context = checkContext(rest)
      const digits = judgeDigits(code)
      const content = open(subject, enrollment, context)
      const material = house.newRecoveryMaterial()
      const performed = await house.perform(subject, context, (state, facts) => {
        refuseIfPermitOutstanding(state)
        if (isOutdated(house, content, state)) throw refusal('enrollment_expired')
        return confirmDestination(content, state, digits, material, facts)
      })
      const grant = renewGrant(house, subject, keptGrant(content.grant), performed.state.epoch, context)
      return { ...changed(performed, grant), recoveryCodes: performed.outcome.recoveryCodes }
    },
  }
}

/** Makes a pending address a destination, if the code is the one that was sent to it. A wrong one counts for its channel (R14). */
function confirmDestination(
  content: DestinationContent,
  state: SubjectState,
  code: string,
  material: RecoveryMaterial,
  facts: Facts,
): Transition<{ recoveryCodes: RecoveryCodes | null }> {
  const budget = destinationBudget(content.channel)
  const shut = refusedIfShut(state, budget, facts.now)
  if (shut !== null) return shut
  const taken = takeSentCode(state, aboutOf(content), code, facts.now)
  if (taken === null) {
    const failed = { method: content.channel, purpose: 'enrollment', acceptable: 1, budget }
    const counted = countFailure(state, failed, facts.now)
    const refused = refusal('invalid_code', { retryAfter: counted.retryAfter })
    return { state: counted.state, events: counted.events, refused }
  }
  const isFirst = !hasFactor(taken)
  const added = withDestination(clearCalmCount(taken, budget, facts.now), content, facts.now)
  if (!isFirst) {
    return { state: withChangedFactors(added.state, facts), events: added.events, outcome: { recoveryCodes: null } }
  }
  const completed = withFirstFactor(added.state, content.alongside, material, facts)
  return { ...completed, events: [...added.events, ...completed.events] }
}

function aboutOf({
  id,
  channel,
  address,
  expiresAt,
}: Pick<DestinationContent, 'id' | 'channel' | 'address' | 'expiresAt'>): SendAbout {
  const budget = destinationBudget(channel)
  return { purpose, challenge: id, channel, address, budget, until: expiresAt, ended: 'enrollment_expired' }
}

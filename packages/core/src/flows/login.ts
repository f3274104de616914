/** Between the password and the session. */
import { refusal } from '../errors.js'
import { requireFirstEnrollment } from '../options.js'
import type { Answer, Challenge, Changed, Enrollment, Gate, Input, Passed, RecoveryCodes } from '../outcomes.js'
import type { GateFacts } from '../policy/decide.js'
import { firstChannel } from '../policy/policy.js'
import { takeAnswer } from '../subject/answers.js'
import { enrollmentBudget, refuseUnlessAnswerable } from '../subject/attempts.js'
import type { SubjectState, Transition } from '../subject/state.js'
import { checked, checkSubject } from '../usage.js'
import { decisionOf, deniedBy, refuseIfDenied } from './admission.js'
import { isOutdated } from './beginnings.js'
import {
  answerChallenge,
  newChallenge,
  newFirstChallenge,
  openChallenge,
  refuseIfClosed,
  refuseIfForeign,
  refuseIfSuperseded,
} from './challenges.js'
import { type Context, type ContextOf, checkContext, requireBinding } from './context.js'
import { newDevice, withDevice } from './devices.js'
import {
  type Begun,
  confirmEnrollment,
  judgeConfirmation,
  loginOptions,
  openEnrollment,
  openResumable,
  pendingOf,
  refuseIfForeignEnrollment,
  showEnrollment,
} from './enrollment.js'
import type { Gatehouse } from './gatehouse.js'
import { judgeAnswer } from './input.js'
import { passed } from './passes.js'
import { changed } from './proofs.js'
import { channelsFor, firstAddress, ownAddresses } from './sending.js'

/** `login`: between the password and the session. */
export interface Login {
  /**
   * Tells, after the password was right, what still stands between the person and a session. One read, no write.
   *
   * @param subject the application's user id, 1 to 256 characters
   * @param context what the server knows of this request; `binding` is needed where the policy may require enrolment
   * @returns `passed` with the {@link Passed} that starts a session, `challenge` with the methods that can answer it, or
   *   `enroll` with a challenge for `login.enroll`
   * @throws Refusal `address_not_allowed` (policy `allowlist`), `locked`, `suspended` or `method_unavailable` (no method is usable),
   *   `permit_required` (after an operator's reset), `not_enrolled` (policy `unenrolled: 'deny'`)
   *
   * @example
   * ```ts
   * import type { TwoFactor } from '@sallyport/core'
   *
   * async function afterThePassword(twoFactor: TwoFactor, userId: string, sessionId: string): Promise<string> {
   *   const gate = await twoFactor.login.begin(userId, { binding: sessionId })
   *   if (gate.outcome === 'passed') return `/session/start?for=${gate.passed.subject}`
   *   return gate.outcome === 'challenge' ? '/login/code' : '/login/enroll'
   * }
   * ```
   */
  begin(subject: string, context?: Context): Promise<Gate>

  /**
   * Takes the answer to a login challenge. One read, one conditional write; what needs no count (expired, foreign, locked, a
   * wrong recovery code) writes nothing; a lock that a clock made that was ahead is brought back by one write (R7). Follows
   * RFC 6238 §5.2 and RFC 4226 §7.3 (R4, R10, R18).
   *
   * @param challenge the token that `begin` gave
   * @param answer method and code as the person gave them; `trustDevice`: whether this browser may skip the prompt from now on (a recovery
   *   code never brings that), and perhaps what the person calls it, at most 64 characters
   * @param context as at `begin`, or a function of the subject sealed in the challenge
   * @returns the {@link Passed} that starts a session for `passed.subject`
   * @throws Refusal `invalid_code` (wrong, replayed or used; `retryAfter` is set where this guess brought a lock),
   *   `challenge_expired`, `address_not_allowed`, `locked`, `suspended`, `method_unavailable`, `invalid_input` (field `name`),
   *   `limit_reached`, `busy`, `outcome_unknown`
   *
   * @example
   * ```ts
   * import { isRefusal, type TwoFactor } from '@sallyport/core'
   *
   * async function secondScreen(twoFactor: TwoFactor, challenge: unknown, code: unknown, sessionId: string) {
   *   try {
   *     const passed = await twoFactor.login.verify(challenge, { method: 'totp', code }, { binding: sessionId })
   *     return { startSessionFor: passed.subject }
   *   } catch (error) {
   *     if (isRefusal(error)) return { refused: error.code, retryAfter: error.retryAfter }
   *     throw error
   *   }
   * }
   * ```
   */
  verify(
    challenge: Input,
    answer: Answer & { trustDevice?: boolean | { name?: Input } | undefined },
    context?: ContextOf,
  ): Promise<Passed>

  /**
   * Begins the enrolment of a first authenticator for outcome `enroll`. One read, and no write but where the policy asks for a code on
   * the account's own address first, which is used up then. The enrolment ends with its challenge.
   *
   * @param challenge the token that `begin` gave with outcome `enroll`
   * @param options `account`: the name shown in the authenticator, without `:`; `resume`: an enrolment token that this
   *   session holds already, returned again with the same QR code while it lives; `answer`: the code that `sendCode` brought to the
   *   account's own address, where `gate.methods` names a channel
   * @param context as at `begin`; `binding` is required
   * @throws Refusal `challenge_expired`, `address_not_allowed`, `locked` or `suspended`; `proof_required`, `invalid_code` where a code is
   *   asked for first
   *
   * @example
   * ```ts
   * import type { TwoFactor } from '@sallyport/core'
   *
   * async function firstAuthenticator(twoFactor: TwoFactor, challenge: unknown, email: string, sessionId: string) {
   *   const enrollment = await twoFactor.login.enroll(challenge, { account: email }, { binding: sessionId })
   *   return { qr: enrollment.uri, key: enrollment.setupKey, keep: enrollment.token }
   * }
   * ```
   */
  enroll(
    challenge: Input,
    options: { account: string; resume?: Input; answer?: Answer | undefined },
    context?: ContextOf,
  ): Promise<Enrollment>

  /**
   * Confirms the enrolment that `login.enroll` began with a first code of the authenticator, and ends in a {@link Passed}. One
   * read, one write. Spends the permit of an operator's reset where one let the person in.
   *
   * @param enrollment the token that `login.enroll` gave
   * @param answer `code`: a first code; `name`: what the person calls the authenticator, at most 64 characters
   * @param context as at `begin`
   * @returns a {@link Passed}, the {@link Changed} and the recovery codes, shown this once
   * @throws Refusal `invalid_code`, `invalid_input` (field `name`), `enrollment_expired`, `address_not_allowed`, `locked`, `suspended`,
   *   `busy`, `outcome_unknown`
   *
   * @example
   * ```ts
   * import type { TwoFactor } from '@sallyport/core'
   *
   * async function finish(twoFactor: TwoFactor, enrollment: unknown, code: unknown, sessionId: string) {
   *   const passed = await twoFactor.login.confirm(enrollment, { code }, { binding: sessionId })
   *   return { startSessionFor: passed.subject, showOnce: passed.recoveryCodes }
   * }
   * ```
   */
  confirm(
    enrollment: Input,
    answer: { code: Input; name?: Input },
    context?: ContextOf,
  ): Promise<Passed & Changed & { recoveryCodes: RecoveryCodes }>
}

/** The flow behind {@link Login}. */
export function loginFlow(house: Gatehouse): Login {
  async function firstChallenge(
    subject: string,
    state: SubjectState,
    asks: string | null,
    context: Context,
  ): Promise<Challenge> {
    const first = asks === null ? null : await firstAddress(house, asks, subject, context)
    const about = { stage: 'enroll', purpose: 'enrollment', subject, permit: state.permit, first } as const
    return newFirstChallenge(house, about, state, context)
  }

  return {
    async begin(subject, given = {}) {
      checkSubject(subject)
      const context = checkContext(given)
      const { policy } = house.settings
      const required = context.required ?? policy.required ?? false
      if (context.required) requireFirstEnrollment(policy)
      // Asked for before it is needed: or an application would meet its own mistake on the first day of enforcement.
      if (required !== false && policy.unenrolled !== 'deny') requireBinding(context)
      const now = house.now()
      await refuseIfDenied(house, subject, null, context)
      const state = await house.read(subject, context)
      const permit = broughtPermit(house, subject, state, context)
      const decision = decisionOf(house, state, permit, context, now)
      switch (decision.gate) {
        case 'refuse':
          await refuseIfDenied(house, subject, state, context)
          throw refusal(decision.reason)
        case 'pass': {
          const enrollBy = decision.reason === 'not_required_yet' ? new Date(decision.enrollBy) : null
          return { outcome: 'passed', passed: { ...passed(subject, state, decision.reason, null), enrollBy } }
        }
        case 'enroll':
          requireBinding(context)
          return { outcome: 'enroll', ...(await firstChallenge(subject, state, decision.asks, context)) }
        case 'challenge':
          return { outcome: 'challenge', ...newChallenge(house, 'login', 'login', subject, state, context) }
      }
    },

    async verify(challenge, answer, given) {
      const judged = judgeAnswer(answer, channelsFor(house, {}))
      const opened = openChallenge(house, 'login', challenge)
      const { subject } = opened
      const context = await house.contextFor(given, subject)
      refuseIfForeign(opened, context)
      const device = newDevice(house, answer.trustDevice, judged.method, context)
      await refuseIfDenied(house, subject, null, context)
      refuseIfClosed(house, opened, judged, context)
      const { outcome, state } = await house.perform(
        subject,
        context,
        (before, facts) =>
          deniedBy(house, before, context) ?? withDevice(answerChallenge(opened, before, judged, facts), device),
      )
      return passed(subject, state, 'verified', outcome.method, device?.token)
    },

    async enroll(challenge, options, given) {
      const { account, resume, answer } = checked(loginOptions, options, 'options')
      const judged = answer === undefined ? null : judgeAnswer(answer, channelsFor(house, {}))
      const opened = openChallenge(house, 'enroll', challenge)
      const { subject, expiresAt, permit, first } = opened
      const context = await house.contextFor(given, subject)
      requireBinding(context)
      refuseIfForeign(opened, context)
      // Begun before the policy asked for a code on the account's own address.
      const asked = firstChannel(house.settings.policy)
      if (asked !== null && first?.channel !== asked) throw refusal('challenge_expired')
      const about = {
        stage: 'login',
        subject,
        replaces: null,
        proven: false,
        grant: null,
        permit,
        checked: first?.channel ?? null,
        expiresAt,
      } as const
      const resumable = openResumable(house, resume, about, context)
      if (judged !== null) refuseIfClosed(house, opened, judged, context)
      // Before the code is used up: what cannot be had must not cost one.
      const known = resumable === null && first !== null ? await ownAddresses(house, subject, first) : null
      const { outcome } = await house.perform(subject, context, (state, facts): Transition<Begun> => {
        const denied = deniedBy(house, state, context)
        if (denied !== null) return denied
        refuseIfSuperseded(opened, state)
        refuseUnlessAnswerable(state, enrollmentBudget, facts.now)
        if (resumable !== null && !isOutdated(house, resumable.content, state))
          return { state, events: [], outcome: { resumed: resumable } }
        const begun: Begun = { about, epoch: state.epoch }
        if (first === null) return { state, events: [], outcome: begun }
        if (judged === null) throw refusal('proof_required')
        const taken = takeAnswer(state, judged, { purpose: opened.purpose, challenge: opened }, facts)
        return taken.refused ? taken : { ...taken, outcome: begun }
      })
      return showEnrollment(house, await pendingOf(house, outcome, first, known, context), account)
    },

    async confirm(enrollment, answer, given) {
      const { code, name } = judgeConfirmation(answer)
      const opened = openEnrollment(house, 'login', enrollment)
      const { subject } = opened.content
      const context = await house.contextFor(given, subject)
      refuseIfForeignEnrollment(opened, context)
      const material = house.newRecoveryMaterial()
      const performed = await house.perform(subject, context, (state, facts) => {
        const denied = deniedBy(house, state, context)
        if (denied !== null) return denied
        // Equal permits: without one only where none is outstanding, with one only the one that let the person in (R50).
        if (state.permit !== opened.content.permit) throw refusal('enrollment_expired')
        const confirmed = confirmEnrollment(house, opened, state, code, name, material, facts)
        return confirmed.refused ? confirmed : { ...confirmed, state: { ...confirmed.state, permit: null } }
      })
      return {
        ...passed(subject, performed.state, 'enrolled', 'totp'),
        ...changed(performed, null),
        recoveryCodes: performed.outcome.recoveryCodes ?? [],
      }
    },
  }
}

function broughtPermit(house: Gatehouse, subject: string, state: SubjectState, context: Context): GateFacts['permit'] {
  if (state.permit === null) return 'none'
  const permit = house.tokens.open('permit', context.permit, house.now())
  return permit !== null && permit.subject === subject && permit.id === state.permit ? 'brought' : 'outstanding'
}

/** Between the password and the session. */
import { refusal } from '../errors.js'
import { requireFirstEnrollment } from '../options.js'
import type { Answer, Changed, Enrollment, Gate, Input, Passed, RecoveryCodes } from '../outcomes.js'
import { decide, type GateFacts } from '../policy/decide.js'
import { requiredFrom } from '../policy/policy.js'
import { enrollmentBudget, refuseUnlessAnswerable } from '../subject/attempts.js'
import { hasFactor, type SubjectState } from '../subject/state.js'
import { checked, checkSubject } from '../usage.js'
import {
  answerChallenge,
  newChallenge,
  newEnrollChallenge,
  openChallenge,
  refuseIfForeign,
  refuseIfSuperseded,
} from './challenges.js'
import { type Context, type ContextOf, checkContext, requireBinding } from './context.js'
import {
  confirmEnrollment,
  judgeConfirmation,
  loginOptions,
  newEnrollment,
  openEnrollment,
  openResumable,
  refuseIfForeignEnrollment,
  showEnrollment,
} from './enrollment.js'
import type { Gatehouse } from './gatehouse.js'
import { judgeAnswer } from './input.js'
import { passed } from './passes.js'
import { changed } from './proofs.js'

/** `login`: between the password and the session. */
export interface Login {
  /**
   * Tells, after the password was right, what still stands between the person and a session. One read, no write.
   *
   * @param subject the application's user id, 1 to 256 characters
   * @param context what the server knows of this request; `binding` is needed where the policy may require enrolment
   * @returns `passed` with the {@link Passed} that starts a session, `challenge` with the methods that can answer it, or
   *   `enroll` with a challenge for `login.enroll`
   * @throws Refusal `locked`, `suspended` or `method_unavailable` (no method is usable), `permit_required` (after an operator's reset),
   *   `not_enrolled` (policy `unenrolled: 'deny'`)
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
   * @param answer method and code as the person gave them
   * @param context as at `begin`, or a function of the subject sealed in the challenge
   * @returns the {@link Passed} that starts a session for `passed.subject`
   * @throws Refusal `invalid_code` (wrong, replayed or used; `retryAfter` is set where this guess brought a lock),
   *   `challenge_expired`, `locked`, `suspended`, `method_unavailable`, `limit_reached`, `busy`, `outcome_unknown`
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
  verify(challenge: Input, answer: Answer, context?: ContextOf): Promise<Passed>

  /**
   * Begins the enrolment of a first authenticator for outcome `enroll`. One read, no write. The enrolment ends with its
   * challenge.
   *
   * @param challenge the token that `begin` gave with outcome `enroll`
   * @param options `account`: the name shown in the authenticator, without `:`; `resume`: an enrolment token that this
   *   session holds already, returned again with the same QR code while it lives
   * @param context as at `begin`; `binding` is required
   * @throws Refusal `challenge_expired`, `locked` or `suspended`
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
  enroll(challenge: Input, options: { account: string; resume?: Input }, context?: ContextOf): Promise<Enrollment>

  /**
   * Confirms the enrolment that `login.enroll` began with a first code of the authenticator, and ends in a {@link Passed}. One
   * read, one write. Spends the permit of an operator's reset where one let the person in.
   *
   * @param enrollment the token that `login.enroll` gave
   * @param answer `code`: a first code; `name`: what the person calls the authenticator, at most 64 characters
   * @param context as at `begin`
   * @returns a {@link Passed}, the {@link Changed} and the recovery codes, shown this once
   * @throws Refusal `invalid_code`, `invalid_input` (field `name`), `enrollment_expired`, `locked`, `suspended`, `busy`,
   *   `outcome_unknown`
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
      const state = await house.read(subject, context)
      const permit = broughtPermit(house, subject, state, context)
      const decision = decide({
        enrolled: hasFactor(state),
        permit,
        eligible: context.eligible ?? true,
        requiredFrom: requiredFrom(policy, context.required, context.createdAt),
        unenrolled: policy.unenrolled ?? 'enroll',
        now,
      })
      switch (decision.gate) {
        case 'refuse':
          throw refusal(decision.reason)
        case 'pass': {
          const enrollBy = decision.reason === 'not_required_yet' ? new Date(decision.enrollBy) : null
          return { outcome: 'passed', passed: { ...passed(subject, state, decision.reason, null), enrollBy } }
        }
        case 'enroll':
          requireBinding(context)
          return { outcome: 'enroll', ...newEnrollChallenge(house, subject, state, context, state.permit) }
        case 'challenge':
          return { outcome: 'challenge', ...newChallenge(house, 'login', 'login', subject, state, context) }
      }
    },

    async verify(challenge, answer, given) {
      const judged = judgeAnswer(answer)
      const opened = openChallenge(house, 'login', challenge)
      const { subject } = opened
      const context = await house.contextFor(given, subject)
      refuseIfForeign(opened, context)
      const { outcome, state } = await house.perform(subject, context, (before, facts) =>
        answerChallenge(opened, before, judged, 'login', facts),
      )
      return passed(subject, state, 'verified', outcome.method)
    },

    async enroll(challenge, options, given) {
      const { account, resume } = checked(loginOptions, options, 'options')
      const opened = openChallenge(house, 'enroll', challenge)
      const { subject, expiresAt, permit } = opened
      const context = await house.contextFor(given, subject)
      requireBinding(context)
      refuseIfForeign(opened, context)
      const state = await house.read(subject, context)
      refuseIfSuperseded(opened, state)
      refuseUnlessAnswerable(state, enrollmentBudget, house.now())
      const about = { stage: 'login', subject, replaces: null, proven: false, grant: null, permit, expiresAt } as const
      const resumable = openResumable(house, resume, about, context)
      const resumes = resumable?.content.epoch === state.epoch
      const pending = resumes ? resumable : newEnrollment(house, about, state, context)
      return showEnrollment(house, pending, account)
    },

    async confirm(enrollment, answer, given) {
      const { code, name } = judgeConfirmation(answer)
      const opened = openEnrollment(house, 'login', enrollment)
      const { subject } = opened.content
      const context = await house.contextFor(given, subject)
      refuseIfForeignEnrollment(opened, context)
      const material = house.newRecoveryMaterial()
      const performed = await house.perform(subject, context, (state, facts) => {
        // Equal permits: without one only where none is outstanding, with one only the one that let the person in (R50).
        if (state.permit !== opened.content.permit) throw refusal('enrollment_expired')
        const confirmed = confirmEnrollment(opened, state, code, name, material, facts)
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

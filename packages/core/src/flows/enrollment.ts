/** Enrolment of an authenticator: a pending secret that lives in a sealed token until its first code comes (R30). */
import * as z from 'zod/mini'
import { refusal } from '../errors.js'
import { keyUri } from '../otp/key-uri.js'
import { generateSecret, setupKey } from '../otp/secret.js'
import type { Changed, Enrollment, Input, Proof, RecoveryCodes } from '../outcomes.js'
import { refuseIfPermitOutstanding, takeProof, type UsedGrant } from '../subject/answers.js'
import { enrollmentBudget, refuseUnlessAnswerable } from '../subject/attempts.js'
import { confirmAuthenticator, refuseIfNoRoom } from '../subject/authenticators.js'
import type { RecoveryMaterial } from '../subject/recovery-codes.js'
import { type Facts, hasFactor, type SubjectState, type Transition } from '../subject/state.js'
import { checked, checkSubject, plainObject } from '../usage.js'
import type { TokenContent } from '../vault/tokens.js'
import { type Context, checkContext, requireBinding } from './context.js'
import type { Gatehouse } from './gatehouse.js'
import { judgeId, judgeName, judgeTotpCode, requireObject } from './input.js'
import { changed, judgeProof, renewGrant } from './proofs.js'
import { holds, tiesOf } from './ties.js'

const lifetime = 15 * 60_000

/** `totp.enroll` and `totp.confirm`: a new authenticator within a session. */
export interface TotpEnrollment {
  /**
   * Begins the enrolment of an authenticator. One read; with a factor on record one write too, which consumes the proof. The
   * pending secret lives in the token alone: nothing is active before `confirm` (R30).
   *
   * @param options `account`: the name shown in the authenticator, without `:`; `resume`: an enrolment token that this session
   *   holds, returned again with the same QR code while it lives; `replaces`: the id of the authenticator that goes when this
   *   one is confirmed; `proof`: needed while the subject has a factor
   * @param context `binding` is required
   * @throws Refusal `proof_required`, `invalid_code`, `locked`, `suspended`, `permit_required`, `not_enrolled` (a proof, but no
   *   factor), `not_found` (`replaces`), `limit_reached`, `busy`, `outcome_unknown`
   *
   * @example
   * ```ts
   * import type { TwoFactor } from '@sallyport/core'
   *
   * async function showQrCode(twoFactor: TwoFactor, userId: string, email: string, sessionId: string, kept: unknown) {
   *   return twoFactor.totp.enroll(userId, { account: email, resume: kept }, { binding: sessionId })
   * }
   * ```
   */
  enroll(
    subject: string,
    options: { account: string; resume?: Input; replaces?: Input; proof?: Proof | undefined },
    context?: Context,
  ): Promise<Enrollment>

  /**
   * Confirms an enrolment with a first code; only then is the authenticator a factor. One read, one write. The code's step is
   * burned (R5). With the first factor of any kind come recovery codes, shown this once.
   *
   * @param answer `code`: a first code; `name`: what the person calls the authenticator, at most 64 characters
   * @throws Refusal `invalid_code`, `invalid_input` (field `name`), `enrollment_expired`, `locked`, `suspended`, `busy`,
   *   `outcome_unknown`
   *
   * @example
   * ```ts
   * import type { TwoFactor } from '@sallyport/core'
   *
   * async function turnOn(twoFactor: TwoFactor, userId: string, enrollment: unknown, code: unknown, sessionId: string) {
   *   const { recoveryCodes } = await twoFactor.totp.confirm(userId, enrollment, { code }, { binding: sessionId })
   *   return recoveryCodes ?? 'the recovery codes stay as they were'
   * }
   * ```
   */
  confirm(
    subject: string,
    enrollment: Input,
    answer: { code: Input; name?: Input },
    context?: Context,
  ): Promise<Changed & { authenticator: string; recoveryCodes: RecoveryCodes | null }>
}

/** The flow behind {@link TotpEnrollment}. */
export function totpEnrollmentFlow(house: Gatehouse): TotpEnrollment {
  return {
    async enroll(subject, options, given = {}) {
      checkSubject(subject)
      const context = checkContext(given)
      requireBinding(context)
      const { account, resume, replaces: replacedId, proof } = checked(profileOptions, options, 'options')
      const replaces = replacedId === undefined ? null : judgeId(replacedId)
      const expiresAt = house.now() + lifetime
      const about = {
        stage: 'profile',
        subject,
        replaces,
        proven: false,
        grant: null,
        permit: null,
        expiresAt,
      } as const
      // Where an enrolment goes on, its proof was used up when it began: whatever comes as one now is judged only if it does not.
      const resumable = openResumable(house, resume, about, context)
      const judged = resumable === null ? judgeProof(house, proof, subject, context) : null
      const { outcome } = await house.perform(subject, context, (state, facts): Transition<Pending> => {
        refuseIfPermitOutstanding(state)
        if (resumable?.content.epoch === state.epoch) return { state, events: [], outcome: resumable }
        refuseUnlessAnswerable(state, enrollmentBudget, facts.now)
        refuseIfNoRoom(state, replaces, facts.window)
        const shown = resumable === null ? judged : judgeProof(house, proof, subject, context)
        if (!hasFactor(state) && shown === null) {
          return { state, events: [], outcome: newEnrollment(house, about, state, context) }
        }
        const taken = takeProof(state, shown, facts)
        if (taken.refused) return taken
        const proven = { ...about, proven: true, grant: taken.outcome.grant }
        return { ...taken, outcome: newEnrollment(house, proven, state, context) }
      })
      return showEnrollment(house, outcome, account)
    },

    async confirm(subject, enrollment, answer, given = {}) {
      checkSubject(subject)
      const context = checkContext(given)
      const { code, name } = judgeConfirmation(answer)
      const pending = openEnrollment(house, 'profile', enrollment)
      if (pending.content.subject !== subject) throw refusal('enrollment_expired')
      refuseIfForeignEnrollment(pending, context)
      const material = house.newRecoveryMaterial()
      const performed = await house.perform(subject, context, (state, facts) => {
        refuseIfPermitOutstanding(state)
        return confirmEnrollment(pending, state, code, name, material, facts)
      })
      const grant = renewGrant(house, subject, pending.content.grant, performed.state.epoch, context)
      const { recoveryCodes } = performed.outcome
      return { ...changed(performed, grant), authenticator: pending.content.authenticator, recoveryCodes }
    },
  }
}

type EnrollmentContent = TokenContent<'enrollment'>

/** An enrolment and its token. */
export interface Pending {
  token: string
  content: EnrollmentContent
}

/** What distinguishes one enrolment from another, its secret and its ties apart. */
type About = Pick<EnrollmentContent, 'stage' | 'subject' | 'replaces' | 'proven' | 'permit' | 'expiresAt'> & {
  grant: UsedGrant | null
}

const account = z
  .string()
  .check(z.regex(/^(?=.*\S)[^:\p{Cc}\p{Cs}]{1,256}$/u, 'must be 1 to 256 characters, none of them ":"'))
const anything = z.optional(z.unknown())

/** What `login.enroll` takes: a first authenticator replaces nothing, and there is nothing to prove. */
export const loginOptions = plainObject({ account, resume: anything })
const proof = z.optional(z.custom<Proof | null>(value => typeof value === 'object', 'must be an object'))
const profileOptions = plainObject({ account, resume: anything, replaces: anything, proof })

/** The code and the name of a confirmation. @throws Refusal `invalid_code`, `invalid_input` */
export function judgeConfirmation(answer: { code: Input; name?: Input }): { code: string; name: string } {
  requireObject(answer, 'answer')
  return { name: judgeName(answer.name), code: judgeTotpCode(answer.code) }
}

/** A new secret in a token of the state's epoch. */
export function newEnrollment(house: Gatehouse, about: About, state: SubjectState, context: Context): Pending {
  const { algorithm, digits, period } = house.settings.totp
  const content: EnrollmentContent = {
    ...about,
    ...tiesOf(context),
    authenticator: house.newId(),
    secret: generateSecret(),
    algorithm,
    digits,
    period,
    grant: about.grant === null ? null : { method: about.grant.method, expiresAt: about.grant.expiresAt },
    epoch: state.epoch,
  }
  return { token: house.tokens.seal('enrollment', content), content }
}

/**
 * The enrolment that this session holds already, if it is the same one; null counts as none (S13). It goes on where its epoch is
 * still that of the record.
 */
export function openResumable(house: Gatehouse, resume: Input, about: About, context: Context): Pending | null {
  const content = house.tokens.open('enrollment', resume, house.now())
  if (content === null || !holds(content, context)) return null
  const same =
    content.stage === about.stage &&
    content.subject === about.subject &&
    content.replaces === about.replaces &&
    content.permit === about.permit
  return same ? { token: resume as string, content } : null
}

/** @throws Refusal `enrollment_expired` where it is no enrolment of this stage, or has expired */
export function openEnrollment(house: Gatehouse, stage: EnrollmentContent['stage'], input: Input): Pending {
  const content = house.tokens.open('enrollment', input, house.now())
  if (content === null || content.stage !== stage) throw refusal('enrollment_expired')
  return { token: input as string, content }
}

/** @throws Refusal `enrollment_expired` where it began in another session or under another password */
export function refuseIfForeignEnrollment(pending: Pending, context: Context): void {
  if (!holds(pending.content, context)) throw refusal('enrollment_expired')
}

/** Makes the pending authenticator a factor, if nothing changed since it began. */
export function confirmEnrollment(
  { content }: Pending,
  state: SubjectState,
  code: string,
  name: string,
  material: RecoveryMaterial,
  facts: Facts,
): Transition<{ recoveryCodes: readonly string[] | null }> {
  if (content.epoch !== state.epoch || content.proven !== hasFactor(state)) throw refusal('enrollment_expired')
  const { authenticator: id, secret, algorithm, digits, period, replaces } = content
  return confirmAuthenticator(state, { id, name, secret, algorithm, digits, period, replaces }, code, material, facts)
}

/** What the person is shown. */
export function showEnrollment(house: Gatehouse, { token, content }: Pending, account: string): Enrollment {
  const { secret, algorithm, digits, period, expiresAt } = content
  const uri = keyUri({ secret, algorithm, digits, period, issuer: house.settings.issuer, account })
  return { token, uri, setupKey: setupKey(secret), expiresAt: new Date(expiresAt) }
}

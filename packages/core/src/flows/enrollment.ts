/** Enrolment of an authenticator: a pending secret that lives in a sealed token until its first code comes (R30). */
import * as z from 'zod/mini'
import { refusal } from '../errors.js'
import { keyUri } from '../otp/key-uri.js'
import { generateSecret, setupKey } from '../otp/secret.js'
import type { Answer, Changed, Enrollment, Input, Proof, RecoveryCodes } from '../outcomes.js'
import { refuseIfPermitOutstanding, type UsedGrant } from '../subject/answers.js'
import { enrollmentBudget, refuseUnlessAnswerable } from '../subject/attempts.js'
import { confirmAuthenticator, refuseIfNoRoom } from '../subject/authenticators.js'
import type { Place } from '../subject/destinations.js'
import type { RecoveryMaterial } from '../subject/recovery-codes.js'
import type { Facts, SubjectState, Transition } from '../subject/state.js'
import { checked, checkSubject, plainObject } from '../usage.js'
import type { TokenContent } from '../vault/tokens.js'
import {
  addressesAlongside,
  addressesBefore,
  type Beginning,
  isOutdated,
  keptGrant,
  keptOf,
  takeEnrollmentProof,
} from './beginnings.js'
import { type Context, checkContext, requireBinding } from './context.js'
import type { Gatehouse } from './gatehouse.js'
import { judgeDigits, judgeId, judgeName, requireObject } from './input.js'
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
   *   one is confirmed; `proof`: needed while the subject has a factor, and before the first where `policy.firstEnrollment` names a
   *   channel (a grant of `stepUp` for `factors`, answered by it)
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
        checked: null,
        expiresAt,
      } as const
      // Where an enrolment goes on, its proof was used up when it began: whatever comes as one now is judged only if it does not.
      const resumable = openResumable(house, resume, about, context)
      const judged = resumable === null ? judgeProof(house, proof, subject, context) : null
      const shown = judged ?? ifGood(() => judgeProof(house, proof, subject, context))
      const known = await addressesBefore(house, subject, shown)
      const { outcome } = await house.perform(
        subject,
        context,
        (state, facts): Transition<Begun & Pick<Beginning, 'first'>> => {
          refuseIfPermitOutstanding(state)
          if (resumable !== null && !isOutdated(house, resumable.content, state)) {
            return { state, events: [], outcome: { resumed: resumable, first: null } }
          }
          refuseUnlessAnswerable(state, enrollmentBudget, facts.now)
          refuseIfNoRoom(state, replaces, facts.window)
          const presented = resumable === null ? judged : judgeProof(house, proof, subject, context)
          const taken = takeEnrollmentProof(house, state, presented, facts)
          if (taken.refused) return taken
          const { first, ...proven } = taken.outcome
          return { ...taken, outcome: { about: { ...about, ...proven }, epoch: state.epoch, first } }
        },
      )
      return showEnrollment(house, await pendingOf(house, outcome, outcome.first, known, context), account)
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
        return confirmEnrollment(house, pending, state, code, name, material, facts)
      })
      const grant = renewGrant(house, subject, keptGrant(pending.content.grant), performed.state.epoch, context)
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
type About = Pick<
  EnrollmentContent,
  'stage' | 'subject' | 'replaces' | 'proven' | 'permit' | 'checked' | 'expiresAt'
> & {
  grant: UsedGrant | null
}

/** What came of beginning an enrolment: one that goes on, or what a new one is about. */
export type Begun = { resumed: Pending } | { about: About; epoch: string }

const account = z
  .string()
  .check(z.regex(/^(?=.*\S)[^:\p{Cc}\p{Cs}]{1,256}$/u, 'must be 1 to 256 characters, none of them ":"'))
const anything = z.optional(z.unknown())

/** What `login.enroll` takes: a first authenticator replaces nothing, and there is nothing to prove. */
export const loginOptions = plainObject({
  account,
  resume: anything,
  answer: z.optional(z.custom<Answer>(value => typeof value === 'object', 'must be an object')),
})
const proof = z.optional(z.custom<Proof | null>(value => typeof value === 'object', 'must be an object'))
const profileOptions = plainObject({ account, resume: anything, replaces: anything, proof })

/** The code and the name of a confirmation. @throws Refusal `invalid_code`, `invalid_input` */
export function judgeConfirmation(answer: { code: Input; name?: Input }): { code: string; name: string } {
  requireObject(answer, 'answer')
  return { name: judgeName(answer.name, 'Authenticator'), code: judgeDigits(answer.code) }
}

/** What the judging gives; null where it refuses, which is for later to say. */
function ifGood<T>(judge: () => T): T | null {
  try {
    return judge()
  } catch {
    return null
  }
}

/**
 * The enrolment that goes on, or a new one. With a first factor the account's own addresses will be recorded: they are asked for now.
 *
 * @param known the addresses, where they were asked for before; null: not yet
 */
export async function pendingOf(
  house: Gatehouse,
  begun: Begun,
  first: Place | null,
  known: Place[] | null,
  context: Context,
): Promise<Pending> {
  if ('resumed' in begun) return begun.resumed
  const { about, epoch } = begun
  const alongside = await addressesAlongside(house, about.subject, { proven: about.proven, first }, known)
  return newEnrollment(house, { ...about, alongside }, epoch, context)
}

/** A new secret in a token of that epoch. */
function newEnrollment(
  house: Gatehouse,
  about: About & Pick<EnrollmentContent, 'alongside'>,
  epoch: string,
  context: Context,
): Pending {
  const { algorithm, digits, period } = house.settings.totp
  const content: EnrollmentContent = {
    ...about,
    ...tiesOf(context),
    authenticator: house.newId(),
    secret: generateSecret(),
    algorithm,
    digits,
    period,
    grant: keptOf(about.grant),
    epoch,
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
    content.permit === about.permit &&
    (about.stage === 'profile' || content.checked === about.checked)
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
  house: Gatehouse,
  { content }: Pending,
  state: SubjectState,
  code: string,
  name: string,
  material: RecoveryMaterial,
  facts: Facts,
): Transition<{ recoveryCodes: readonly string[] | null }> {
  if (isOutdated(house, content, state)) throw refusal('enrollment_expired')
  const { authenticator: id, secret, algorithm, digits, period, replaces, alongside } = content
  const pending = { id, name, secret, algorithm, digits, period, replaces, alongside }
  return confirmAuthenticator(state, pending, code, material, facts)
}

/** What the person is shown. */
export function showEnrollment(house: Gatehouse, { token, content }: Pending, account: string): Enrollment {
  const { secret, algorithm, digits, period, expiresAt } = content
  const uri = keyUri({ secret, algorithm, digits, period, issuer: house.settings.issuer, account })
  return { token, uri, setupKey: setupKey(secret), expiresAt: new Date(expiresAt) }
}

/** An operator's verbs: apart from the subject's, each with who and why (R50). */
import * as z from 'zod/mini'
import { refusal, SallyportError, usageError } from '../errors.js'
import { decodeSecret, encodeSecret } from '../otp/secret.js'
import type { Audit, Changed, Token } from '../outcomes.js'
import { refuseIfPermitOutstanding } from '../subject/answers.js'
import { unlocked } from '../subject/attempts.js'
import type { Place } from '../subject/destinations.js'
import { type Authenticator, algorithm, hasFactor, withChangedFactors, withoutFactors } from '../subject/state.js'
import { checked, checkSubject, plainObject } from '../usage.js'
import type { Gatehouse } from './gatehouse.js'
import { changed } from './proofs.js'
import { normalized } from './sending.js'

const permitLifetime = 24 * 60 * 60_000

/** Verbs of an operator, never reachable by the subject; each names who and why (R50). `by` is not the subject. */
export interface Operator {
  /**
   * Takes every factor away, and the subject's allowlist, also from an absent or unreadable record. One read, one write. Until the permit
   * is used, every login and every enrolment of the subject refuses with `permit_required`.
   *
   * @param audit who and why, for the events; `next: 'open'` gives no permit and leaves the door to the password alone
   * @returns the permit (24 hours, used once) to hand to the rightful owner, who brings it to `login.begin` in `context.permit`
   *
   * @example
   * ```ts
   * import type { TwoFactor } from '@sallyport/core'
   *
   * async function lostEverything(twoFactor: TwoFactor, userId: string, operator: string) {
   *   const { permit } = await twoFactor.operator.reset(userId, { by: operator, reason: 'identity checked by video call' })
   *   return permit?.token
   * }
   * ```
   */
  reset(
    subject: string,
    audit: Audit & { next?: 'permit' | 'open' | undefined },
  ): Promise<Changed & { permit: Token | null }>

  /**
   * Lifts locks and suspensions; the counts stay, so the next failure may shut again (R13). One read, at most one write.
   *
   * @example
   * ```ts
   * import type { TwoFactor } from '@sallyport/core'
   *
   * async function letThemTry(twoFactor: TwoFactor, userId: string) {
   *   await twoFactor.operator.unlock(userId, { by: 'support:maria', reason: 'called from the number on file' })
   * }
   * ```
   */
  unlock(subject: string, audit: Audit): Promise<void>

  /**
   * Empties the subject's own allowlist, for who is shut out by it: they moved, or have a new provider. The policy's networks hold as
   * before: where there are some, the person signs in from one of those next. A change of factors without their proof; the factors stay.
   * One read, one write.
   *
   * @example
   * ```ts
   * import type { TwoFactor } from '@sallyport/core'
   *
   * async function newProvider(twoFactor: TwoFactor, userId: string, operator: string) {
   *   await twoFactor.operator.clearAllowlist(userId, { by: operator, reason: 'called from the number on file' })
   * }
   * ```
   */
  clearAllowlist(subject: string, audit: Audit): Promise<Changed>

  /**
   * Deletes the record: for the deletion of the account, and nothing else. The only verb that deletes. One delete.
   *
   * With the record goes the memory of what was used up and handed out: an enrolment that was begun before the first factor, and
   * has not ended, could be confirmed again. So end the account's sessions, never give its id to another account, and let the
   * context of `login.confirm` throw where there is no such account.
   *
   * @example
   * ```ts
   * import type { TwoFactor } from '@sallyport/core'
   *
   * async function accountDeleted(twoFactor: TwoFactor, userId: string) {
   *   await twoFactor.operator.forget(userId, { by: 'system', reason: 'the account was deleted' })
   * }
   * ```
   */
  forget(subject: string, audit: Audit): Promise<void>

  /**
   * Takes over an authenticator, destinations or both from another system. Only while there is no factor. One read, one write. Gives no
   * recovery codes: the person makes them with `recoveryCodes.regenerate`.
   *
   * @param factors `totp.secret`: base32, or at least 10 bytes; `algorithm`, `digits` and `period` (seconds) as it was enrolled;
   *   `destinations`: addresses that the other system had confirmed, by the id of their channel
   * @throws Refusal `proof_required` (there is a factor), `permit_required` (a permit is outstanding)
   *
   * @example
   * ```ts
   * import type { TwoFactor } from '@sallyport/core'
   *
   * async function migrate(twoFactor: TwoFactor, user: { id: string; totpSecret: string }) {
   *   const audit = { by: 'migration', reason: 'moved from the old login' }
   *   await twoFactor.operator.import(user.id, { totp: { secret: user.totpSecret } }, audit)
   * }
   * ```
   */
  import(subject: string, factors: ImportedFactors, audit: Audit): Promise<Changed>

  /**
   * Seals records afresh under the newest key, so that an old one can be retired (R48). Per subject one read, and one write
   * where the record is not current.
   *
   * @returns how many were resealed, were current already, were absent, and failed (unreadable, busy or unreachable)
   *
   * @example
   * ```ts
   * import type { TwoFactor } from '@sallyport/core'
   *
   * async function rotate(twoFactor: TwoFactor, everyUserId: AsyncIterable<string>) {
   *   const { failed } = await twoFactor.operator.reseal(everyUserId)
   *   return failed === 0 ? 'the old key can go' : 'run it again'
   * }
   * ```
   */
  reseal(subjects: Iterable<string> | AsyncIterable<string>): Promise<Resealed>
}

/** What `operator.import` takes over. */
export interface ImportedFactors {
  totp?:
    | {
        secret: string | Uint8Array
        algorithm?: 'SHA1' | 'SHA256' | 'SHA512' | undefined
        digits?: 6 | 7 | 8 | undefined
        /** Seconds. */
        period?: number | undefined
      }
    | undefined
  destinations?: Record<string, string> | undefined
}

/** What `operator.reseal` did, in subjects. */
export interface Resealed {
  resealed: number
  current: number
  absent: number
  failed: number
}

const auditParts = {
  by: z.string().check(z.minLength(1), z.maxLength(256)),
  reason: z.string().check(z.minLength(1), z.maxLength(1024)),
}
const auditSchema = plainObject(auditParts)
const resetSchema = plainObject({ ...auditParts, next: z.optional(z.enum(['permit', 'open'])) })
const isRecord = (value: unknown) => typeof value === 'object' && value !== null && !Array.isArray(value)
const factorsSchema = plainObject({
  totp: z.optional(
    plainObject({
      secret: z.custom<string | Uint8Array>(
        value => typeof value === 'string' || ArrayBuffer.isView(value),
        'must be base32 or bytes',
      ),
      algorithm: z.optional(algorithm),
      digits: z.optional(z.literal([6, 7, 8])),
      period: z.optional(z.int().check(z.gte(15), z.lte(300))),
    }),
  ),
  destinations: z.optional(z.custom<Record<string, unknown>>(isRecord, 'must be an object')),
})

/** The flow behind {@link Operator}. */
export function operatorFlow(house: Gatehouse): Operator {
  return {
    async reset(subject, given) {
      const { by, reason, next = 'permit' } = checkAudit(subject, checked(resetSchema, given, 'audit'))
      const permit = next === 'permit' ? { id: house.newId(), expiresAt: house.now() + permitLifetime } : null
      const performed = await house.mend(subject, (state, facts) => ({
        state: {
          // Open to the owner, who may have to answer with a code that is sent: what shut that is lifted, and stays counted.
          ...withChangedFactors(unlocked(withoutFactors(state)), facts),
          // And who may be somewhere else by now.
          allowlist: [],
          permit: permit?.id ?? null,
        },
        events: [{ type: 'reset', by, reason }],
        outcome: undefined,
      }))
      const token = permit && {
        token: house.tokens.seal('permit', { subject, ...permit }),
        expiresAt: new Date(permit.expiresAt),
      }
      return { ...changed(performed, null), permit: token }
    },

    async unlock(subject, given) {
      const { by, reason } = checkAudit(subject, checked(auditSchema, given, 'audit'))
      await house.perform(subject, {}, state => ({
        state: unlocked(state),
        events: [{ type: 'unlocked', by, reason }],
        outcome: undefined,
      }))
    },

    async clearAllowlist(subject, given) {
      const { by, reason } = checkAudit(subject, checked(auditSchema, given, 'audit'))
      const performed = await house.perform(subject, {}, (state, facts) => ({
        state: withChangedFactors({ ...state, allowlist: [] }, facts),
        events: [{ type: 'allowlist_cleared', by, reason }],
        outcome: undefined,
      }))
      return changed(performed, null)
    },

    async forget(subject, given) {
      const { by, reason } = checkAudit(subject, checked(auditSchema, given, 'audit'))
      await house.records.remove(subject)
      await house.emit(subject, [{ type: 'forgotten', by, reason }], house.now())
    },

    async import(subject, given, audit) {
      const { by, reason } = checkAudit(subject, checked(auditSchema, audit, 'audit'))
      const { totp, destinations = {} } = checked(factorsSchema, given, 'factors')
      const createdAt = house.now()
      const authenticators: Authenticator[] = totp === undefined ? [] : [importedAuthenticator(house, totp, createdAt)]
      const places = Object.entries(destinations).map(([channel, address]) => {
        return { ...importedPlace(house, channel, address), createdAt, lastUsedAt: null }
      })
      if (authenticators.length + places.length === 0) throw usageError('factors', 'must hold at least one factor')
      const performed = await house.perform(subject, {}, (state, facts) => {
        refuseIfPermitOutstanding(state)
        if (hasFactor(state)) throw refusal('proof_required')
        return {
          state: withChangedFactors({ ...state, authenticators, destinations: places }, facts),
          events: [{ type: 'imported', by, reason }],
          outcome: undefined,
        }
      })
      return changed(performed, null)
    },

    async reseal(subjects) {
      if (typeof subjects === 'string') throw usageError('subjects', 'must be a list: a string is one subject')
      const counts = { resealed: 0, current: 0, absent: 0, failed: 0 }
      for await (const subject of subjects) {
        checkSubject(subject)
        try {
          counts[await house.records.reseal(subject)]++
        } catch (error) {
          if (!(error instanceof SallyportError)) throw error
          counts.failed++
        }
      }
      return counts
    },
  }
}

function checkAudit<T extends Audit>(subject: string, audit: T): T {
  checkSubject(subject)
  if (audit.by === subject) throw usageError('audit.by', "must not be the subject: these verbs are an operator's")
  return audit
}

function importedAuthenticator(
  house: Gatehouse,
  totp: NonNullable<ImportedFactors['totp']>,
  createdAt: number,
): Authenticator {
  return {
    id: house.newId(),
    name: 'Authenticator',
    secret: importedSecret(totp.secret),
    algorithm: totp.algorithm ?? 'SHA1',
    digits: totp.digits ?? 6,
    period: totp.period ?? 30,
    lastStep: null,
    createdAt,
    lastUsedAt: null,
  }
}

function importedPlace(house: Gatehouse, id: string, address: unknown): Place {
  const channel = house.settings.channels.find(one => one.id === id)
  // Neither is quoted: they come from a table of people.
  if (channel === undefined) throw usageError('factors.destinations', 'names a channel that is not in options.channels')
  const one = typeof address === 'string' ? normalized(channel, address) : null
  if (one === null) throw usageError('factors.destinations', `holds what is no address for channel ${channel.id}`)
  return { channel: channel.id, address: one }
}

function importedSecret(secret: string | Uint8Array): string {
  try {
    return encodeSecret(decodeSecret(secret))
  } catch {
    // The reason could quote the secret.
    throw usageError('factors.totp.secret', 'must be base32, or bytes, of at least 10 bytes')
  }
}

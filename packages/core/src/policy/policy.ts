/** The application's policy, and what it asks of one subject. */
import * as z from 'zod/mini'
import { plainObject } from '../usage.js'

/**
 * Who needs a second factor, and from when.
 *
 * @example
 * ```ts
 * import type { Policy } from '@sallyport/core'
 *
 * const everybodyFromMarch: Policy = {
 *   required: { from: new Date('2027-03-01T00:00:00Z'), graceDays: 14 },
 *   firstEnrollment: 'password',
 * }
 * ```
 */
export interface Policy {
  /** True: now. A date: from then on. With grace: that many days later (at most 3650), counted from the account's creation where that is later. */
  required?: boolean | Date | { from: Date; graceDays: number } | undefined
  /** What happens to who is required and has no factor: enrol at login (the default), or be refused. */
  unenrolled?: 'enroll' | 'deny' | undefined
  /**
   * What a first enrolment takes besides the session. Must be stated once `required` is set, since a thief of a dormant account's
   * password could enrol first: `password` accepts that; a channel asks for a code on the account's own address first, at login and from
   * the profile (R30).
   */
  firstEnrollment?: 'password' | { channel: string } | undefined
  /** Whether sent codes may change factors while an authenticator is on record. Default false (R27). */
  weakProofs?: boolean | undefined
  /**
   * The IP allowlist, also called whitelist; see {@link AllowlistPolicy}. None by default. It goes by `context.ip`: an address that is
   * missing or does not parse strictly is not listed (R43).
   */
  allowlist?: AllowlistPolicy | undefined
  /** For how many days a browser may skip the prompt once `login.verify` was asked to trust it: 30 by default, at most 365; false: never. */
  trustedDevices?: { days: number } | false | undefined
}

/**
 * Which addresses may sign in, or may skip the prompt (R44).
 *
 * @example
 * ```ts
 * import type { AllowlistPolicy } from '@sallyport/core'
 *
 * const fromTheOfficeAlone: AllowlistPolicy = { mode: 'restrict', networks: ['203.0.113.0/24', '2001:db8:1::/48'] }
 * const noPromptAtHome: AllowlistPolicy = { mode: 'bypass', perSubject: true }
 * ```
 */
export interface AllowlistPolicy {
  /**
   * `restrict`: nobody signs in from elsewhere, right codes or not. `bypass`: who signs in from a listed address is not asked for a code;
   * elsewhere everything is as without a list.
   */
  mode: 'restrict' | 'bypass'
  /** Addresses and networks that count for everybody, as in `203.0.113.7` or `2001:db8:1::/48`. */
  networks?: readonly string[] | undefined
  /** Whether each subject has a list as well, kept by the verbs of `allowlist`; an address on either is listed. Default false. */
  perSubject?: boolean | undefined
  /** Whether a listed address is enough where a second factor is required of somebody who has none. Default false. */
  satisfiesRequirement?: boolean | undefined
}

export const policySchema = plainObject({
  required: z.optional(
    z.union(
      [z.boolean(), z.date(), plainObject({ from: z.date(), graceDays: z.number().check(z.gte(0), z.lte(3650)) })],
      'must be a boolean, a valid Date, or { from, graceDays } with a valid Date and 0 to 3650 days',
    ),
  ),
  unenrolled: z.optional(z.enum(['enroll', 'deny'])),
  firstEnrollment: z.optional(
    z.union([z.literal('password'), plainObject({ channel: z.string() })], "must be 'password' or { channel }"),
  ),
  weakProofs: z.optional(z.boolean()),
  allowlist: z.optional(
    plainObject({
      mode: z.enum(['restrict', 'bypass']),
      networks: z.optional(z.array(z.string())),
      perSubject: z.optional(z.boolean()),
      satisfiesRequirement: z.optional(z.boolean()),
    }),
  ),
  trustedDevices: z.optional(
    z.union(
      [z.literal(false), plainObject({ days: z.number().check(z.gt(0), z.lte(365)) })],
      'must be false, or { days } with more than 0 and at most 365 of them',
    ),
  ),
})

/** For how many days a browser is trusted; 0: none is. */
export function trustedDays({ trustedDevices }: Policy): number {
  return trustedDevices === false ? 0 : (trustedDevices?.days ?? 30)
}

/** The channel whose code a first enrolment takes; null: none. */
export function firstChannel({ firstEnrollment }: Policy): string | null {
  return typeof firstEnrollment === 'object' ? firstEnrollment.channel : null
}

const day = 24 * 60 * 60 * 1000
/** The last moment that a Date can be (ECMA-262 §21.4.1.1). */
const lastDate = 8.64e15

/**
 * From when a second factor is required of a subject, in ms since 1970; null: never.
 *
 * @param over the context's `required`, which goes over the policy's
 * @param createdAt of the account: grace runs from the later of this and `from`
 */
export function requiredFrom(
  policy: Policy,
  over: boolean | Date | undefined,
  createdAt: Date | undefined,
): number | null {
  const required = over ?? policy.required ?? false
  if (required === false) return null
  if (required === true) return Number.NEGATIVE_INFINITY
  if (required instanceof Date) return required.getTime()
  const begins = Math.max(required.from.getTime(), createdAt?.getTime() ?? Number.NEGATIVE_INFINITY)
  return Math.min(begins + required.graceDays * day, lastDate)
}

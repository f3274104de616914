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
  /** True: now. A date: from then on. With grace: that many days later, counted from the account's creation where that is later. */
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
}

export const policySchema = plainObject({
  required: z.optional(
    z.union([z.boolean(), z.date(), plainObject({ from: z.date(), graceDays: z.number().check(z.gte(0)) })]),
  ),
  unenrolled: z.optional(z.enum(['enroll', 'deny'])),
  firstEnrollment: z.optional(z.union([z.literal('password'), plainObject({ channel: z.string() })])),
  weakProofs: z.optional(z.boolean()),
})

/** The channel whose code a first enrolment takes; null: none. */
export function firstChannel({ firstEnrollment }: Policy): string | null {
  return typeof firstEnrollment === 'object' ? firstEnrollment.channel : null
}

const day = 24 * 60 * 60 * 1000

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
  return Math.max(required.from.getTime(), createdAt?.getTime() ?? Number.NEGATIVE_INFINITY) + required.graceDays * day
}

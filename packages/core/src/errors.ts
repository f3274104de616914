/**
 * Everything that Sallyport throws on purpose. Errors are told apart by `kind` and `code`, never by `instanceof`: two copies
 * of the package may be loaded at once.
 */

/**
 * The codes of a {@link Refusal}, in the order of the documentation: to translate, or to look whether every one is.
 *
 * @example
 * ```ts
 * import { type RefusalCode, refusalCodes } from '@sallyport/core'
 *
 * const german: Partial<Record<RefusalCode, string>> = { invalid_code: 'Der Code stimmt nicht.' }
 * const untranslated = refusalCodes.filter(code => german[code] === undefined)
 * ```
 */
export const refusalCodes = [
  'invalid_code',
  'invalid_input',
  'locked',
  'suspended',
  'challenge_expired',
  'enrollment_expired',
  'method_unavailable',
  'address_not_allowed',
  'send_too_soon',
  'send_limit',
  'delivery_failed',
  'proof_required',
  'permit_required',
  'not_enrolled',
  'not_found',
  'would_lock_out',
  'limit_reached',
  'busy',
  'outcome_unknown',
] as const

/** One of {@link refusalCodes}. */
export type RefusalCode = (typeof refusalCodes)[number]

/** What is wrong with the store, the records or the application's own call, as opposed to an expected "no". */
export type FaultCode =
  | 'invalid_argument'
  | 'callback_timeout'
  | 'store_failed'
  | 'record_missing'
  | 'record_stale'
  | 'record_unreadable'

/** The input that an `invalid_input` refusal speaks of. */
export type RefusedField = 'address' | 'network' | 'name'

/**
 * The one error class of Sallyport. `kind` tells what sort of trouble it is:
 *
 * - `refusal`: an expected "no" for the person at the browser; see {@link Refusal}.
 * - `usage`: the programmer passed something wrong; the message names the argument.
 * - `store`: the store failed or took longer than its deadline; `cause` is what it threw.
 * - `corrupt`: a record is absent, older than it should be, or does not open.
 *
 * No message, property or inspection carries a code, secret, key, token or address (R40).
 *
 * @example
 * ```ts
 * import type { SallyportError } from '@sallyport/core'
 *
 * function describe(error: SallyportError): string {
 *   return `${error.kind}: ${error.code}`
 * }
 * ```
 */
export class SallyportError extends Error {
  override readonly name: string = 'SallyportError'
  readonly kind: 'refusal' | 'usage' | 'store' | 'corrupt'
  readonly code: string

  constructor(kind: SallyportError['kind'], code: RefusalCode | FaultCode, message: string, options?: ErrorOptions) {
    super(message, options)
    this.kind = kind
    this.code = code
  }
}

/**
 * An expected "no", thrown. Switch on `code`; show `retryAfter` (whole seconds, as in RFC 9110) where it is not null.
 * `field` is set for `invalid_input` alone.
 */
export interface Refusal extends SallyportError {
  readonly kind: 'refusal'
  readonly code: RefusalCode
  readonly retryAfter: number | null
  readonly field: RefusedField | null
}

const sentences: Record<RefusalCode, string> = {
  invalid_code: 'the code is not right, or was used before',
  invalid_input: 'the input does not have the form that is asked for',
  locked: 'too many wrong codes: this method is locked for a while',
  suspended: 'too many wrong codes in a row: this method is off until another one proves, or an operator unlocks it',
  challenge_expired: 'the challenge is expired, spent, superseded or not meant for this request',
  enrollment_expired: 'the enrolment is expired, superseded or not meant for this request',
  method_unavailable: 'this method cannot be used here and now',
  address_not_allowed: 'this address may not sign in',
  send_too_soon: 'a code was sent a moment ago',
  send_limit: 'no more codes can be sent for now',
  delivery_failed: 'the code could not be delivered',
  proof_required: 'a fresh proof of an existing factor is required',
  permit_required: 'the second factor was reset: the permit of that reset is required',
  not_enrolled: 'there is no second factor',
  not_found: 'there is no such thing on this account',
  would_lock_out: 'this would shut out the person who asks for it',
  limit_reached: 'there can be no more of these',
  busy: 'too much happened at once: nothing was accepted, try again',
  outcome_unknown: 'the store did not tell whether the change was made; a code that was given may be used up',
}

class RefusalError extends SallyportError implements Refusal {
  override readonly name = 'Refusal'
  declare readonly kind: 'refusal'
  declare readonly code: RefusalCode
  readonly retryAfter: number | null
  readonly field: RefusedField | null

  constructor(code: RefusalCode, details: RefusalDetails = {}) {
    super('refusal', code, sentences[code], details.cause === undefined ? undefined : { cause: details.cause })
    this.retryAfter = details.retryAfter ?? null
    this.field = details.field ?? null
  }
}

/** `retryAfter` in whole seconds; `cause` only where it is an error of the store's. */
export interface RefusalDetails {
  retryAfter?: number | null
  field?: RefusedField
  cause?: unknown
}

/** Makes a {@link Refusal}. */
export function refusal(code: RefusalCode, details?: RefusalDetails): Refusal {
  return new RefusalError(code, details)
}

/** Makes a usage error: `argument` is the path of what is wrong, `problem` a clause that follows it. */
export function usageError(argument: string, problem: string): SallyportError {
  return new SallyportError('usage', 'invalid_argument', `${argument} ${problem}`)
}

/**
 * Makes the error of a store that failed, or that was silent past its deadline. What an adapter says of the failure by an error of
 * this kind is said on; anything else that was thrown stays in `cause` alone, since nobody knows what it holds (R40).
 */
export function storeError(message: string, cause?: unknown): SallyportError {
  const { name, kind, code, message: why } = (cause ?? {}) as Partial<Record<string, unknown>>
  const adapters = name === 'SallyportError' && kind === 'store' && code === 'store_failed'
  const whole = adapters ? `${message}: ${why}` : message
  return new SallyportError('store', 'store_failed', whole, cause === undefined ? undefined : { cause })
}

/** Makes the error of a record that cannot be believed. */
export function corruptError(code: 'record_missing' | 'record_stale' | 'record_unreadable'): SallyportError {
  const messages = {
    record_missing: 'the record is absent though the application has seen it: was the table restored or truncated?',
    record_stale: 'the record is older than one that the application has seen: was a backup restored?',
    record_unreadable: 'the record does not open: was it altered, or was its key retired?',
  }
  return new SallyportError('corrupt', code, messages[code])
}

/**
 * Tells whether `error` is an expected "no" of Sallyport's, whichever copy of the package threw it.
 *
 * @param error anything that was caught
 * @returns true for a {@link Refusal}, whose `code` is then one of {@link refusalCodes}
 *
 * @example
 * ```ts
 * import { isRefusal, type Passed } from '@sallyport/core'
 *
 * async function codeIsRight(verification: Promise<Passed>): Promise<Passed | null> {
 *   try {
 *     return await verification
 *   } catch (error) {
 *     if (isRefusal(error) && error.code === 'invalid_code') return null // show the form again
 *     throw error
 *   }
 * }
 * ```
 */
export function isRefusal(error: unknown): error is Refusal {
  if (typeof error !== 'object' || error === null) return false
  const { kind, code } = error as Partial<Refusal>
  return kind === 'refusal' && (refusalCodes as readonly unknown[]).includes(code)
}

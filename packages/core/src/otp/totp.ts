/** TOTP, RFC 6238: HOTP whose counter is the number of periods since 1970. */
import { checkedFormat, codesBetween, oneCode } from './hotp.js'
import { type Algorithm, decodeSecret, type Secret } from './secret.js'

/** A code is at most this long before spaces and dashes are dropped: longer input is not looked at. */
const mostCharacters = 64
const mostWindow = 10
/** The last moment that a `Date` can hold, in milliseconds. */
const lastMoment = 8.64e15

/**
 * The code of a moment (RFC 6238 §4).
 *
 * @param options the secret with its parameters; `at` is a `Date` or milliseconds since 1970, by default now
 * @returns 6 to 8 digits
 * @throws TypeError or RangeError naming the argument that is wrong
 *
 * @example
 * ```ts
 * import { totp } from '@sallyport/core/otp'
 *
 * const code = totp({ secret: 'GEZD GNBV GY3T QOJQ GEZD GNBV GY3T QOJQ', digits: 8, at: 59_000 }) // '94287082'
 * ```
 */
export function totp(options: Secret & { at?: Date | number | undefined }): string {
  const { algorithm, digits } = checkedFormat(options)
  const step = stepAt(checkedMoment(options.at), checkedPeriod(options))
  if (step < 0) throw new RangeError('at must not lie before 1970')
  return oneCode(decodeSecret(options.secret), algorithm, digits, step)
}

/**
 * Tells which step of the window a code belongs to, if any (RFC 6238 §5.2). Keep the `step` and pass it as `afterStep` next
 * time, in one atomic write: a code is a one-time password only if that holds. (R4, R6, R9)
 *
 * @param options the secret with its parameters;
 *   `code`: whatever the browser sent: what is no string of digits is a wrong code, never an error;
 *   `at`: the server's time, a `Date` or milliseconds since 1970, by default now;
 *   `window`: how many steps before and after are accepted as well, 0 to 10; 1 by default;
 *   `afterStep`: the last step that was accepted from this secret, or null: only later ones are accepted
 * @returns the `step` and how far it lies from the server's (`delta`, in steps), or null where the code is wrong or used
 * @throws TypeError or RangeError naming the argument that is wrong, `code` apart
 *
 * @example
 * ```ts
 * import { generateSecret, totp, verifyTotp } from '@sallyport/core/otp'
 *
 * const secret = generateSecret()
 * const code = totp({ secret })
 * const first = verifyTotp({ secret, code, afterStep: null }) // { step: …, delta: 0 }
 * const replayed = verifyTotp({ secret, code, afterStep: first?.step ?? null }) // null
 * ```
 */
export function verifyTotp(
  options: Secret & {
    code: unknown
    at?: Date | number | undefined
    window?: number | undefined
    afterStep: number | null
  },
): { step: number; delta: number } | null {
  const { algorithm, digits } = checkedFormat(options)
  const period = checkedPeriod(options)
  const at = checkedMoment(options.at)
  const { window = 1, afterStep } = options
  const secret = decodeSecret(options.secret)
  if (!Number.isInteger(window) || window < 0 || window > mostWindow) {
    throw new RangeError(`window must be a whole number from 0 to ${mostWindow}`)
  }
  // Not optional: forgetting it would make every code good for as long as the window is wide.
  if (afterStep !== null && (!Number.isSafeInteger(afterStep) || afterStep < 0)) {
    throw new TypeError('afterStep must be the last accepted step, or null where there is none')
  }
  const code = normalizeCode(options.code)
  if (code === null) return null
  // The last one, should the same digits fall on several steps: then none that is left can accept this code again.
  const step = matchingSteps({ secret, algorithm, digits, period, code, at, window }).at(-1)
  if (step === undefined || (afterStep !== null && step <= afterStep)) return null
  return { step, delta: step - stepAt(at, period) }
}

/**
 * All steps of the window whose code this is, ascending, used or not. The same work whatever the answer: every step is
 * computed and compared (R9). `code` has passed {@link normalizeCode}; where it has not `digits` digits it fits none.
 */
export function matchingSteps(options: {
  secret: Uint8Array
  algorithm: Algorithm
  digits: number
  period: number
  code: string
  at: number
  window: number
}): number[] {
  const { secret, algorithm, digits, code, window } = options
  const current = stepAt(options.at, options.period)
  const first = Math.max(0, current - window)
  const given = code.length === digits ? Number(code) : -1
  let matches = 0
  codesBetween(secret, algorithm, digits, first, current + window).forEach((expected, index) => {
    const difference = expected ^ given
    // 1 where nothing differs, with no branch on it.
    matches |= (((difference | -difference) >>> 31) ^ 1) << index
  })
  const steps: number[] = []
  for (let index = 0; index <= 2 * window; index++) if ((matches >>> index) & 1) steps.push(first + index)
  return steps
}

/** The 6 to 8 ASCII digits of a code, spaces and dashes dropped; null for anything else, of whatever type (R6, R45). */
export function normalizeCode(code: unknown): string | null {
  if (typeof code !== 'string' || code.length > mostCharacters) return null
  const digits = code.replace(/[ -]/g, '')
  return /^[0-9]{6,8}$/.test(digits) ? digits : null
}

/** The step that a moment lies in; `at` in milliseconds, `period` in seconds. Negative before 1970. */
export function stepAt(at: number, period: number): number {
  return Math.floor(at / (period * 1000))
}

/** Checks `period` and fills in its default. */
export function checkedPeriod(options: Secret): number {
  const { period = 30 } = options
  if (!Number.isInteger(period) || period < 15 || period > 300) {
    throw new RangeError('period must be a whole number of seconds from 15 to 300')
  }
  return period
}

function checkedMoment(at: Date | number = Date.now()): number {
  const moment = typeof at === 'number' ? at : at instanceof Date ? at.getTime() : undefined
  if (moment === undefined) throw new TypeError('at must be a Date or a number of milliseconds')
  if (!(Math.abs(moment) <= lastMoment)) throw new RangeError('at must be a valid time')
  return moment
}

/** HOTP, RFC 4226: an HMAC of a counter, cut to digits. */
import { isAlgorithm, macsOfCounters } from './hmac.js'
import { type Algorithm, decodeSecret, type Secret } from './secret.js'

/**
 * The code of a counter (RFC 4226 §5.3).
 *
 * @param options the secret with its `algorithm` and `digits`, and `counter`, a whole number from 0 to 2^53 - 1
 * @returns 6 to 8 digits
 * @throws TypeError or RangeError naming the argument that is wrong
 *
 * @example
 * ```ts
 * import { hotp } from '@sallyport/core/otp'
 *
 * const code = hotp({ secret: new TextEncoder().encode('12345678901234567890'), counter: 0 }) // '755224'
 * ```
 */
export function hotp(options: Secret & { counter: number }): string {
  const { algorithm, digits } = checkedFormat(options)
  const { counter } = options
  const secret = decodeSecret(options.secret)
  if (!Number.isSafeInteger(counter) || counter < 0)
    throw new RangeError('counter must be a whole number from 0 to 2^53 - 1')
  return oneCode(secret, algorithm, digits, counter)
}

/** The code of one counter, its arguments already checked. */
export function oneCode(secret: Uint8Array, algorithm: Algorithm, digits: number, counter: number): string {
  return String(codesBetween(secret, algorithm, digits, counter, counter)[0]).padStart(digits, '0')
}

/** The codes of all counters from `first` to `last`, as numbers. */
export function codesBetween(
  secret: Uint8Array,
  algorithm: Algorithm,
  digits: number,
  first: number,
  last: number,
): number[] {
  return macsOfCounters(algorithm, secret, first, last, mac => {
    // Dynamic truncation, RFC 4226 §5.3; for the longer hashes too the last byte tells where (RFC 6238 §1.2).
    const offset = mac.getUint8(mac.byteLength - 1) & 0xf
    return (mac.getUint32(offset) & 0x7fffffff) % 10 ** digits
  })
}

/** Checks `algorithm` and `digits`, and fills in their defaults. */
export function checkedFormat(options: Secret): { algorithm: Algorithm; digits: number } {
  const { algorithm = 'SHA1', digits = 6 } = options
  if (!isAlgorithm(algorithm)) throw new TypeError('algorithm must be SHA1, SHA256 or SHA512')
  if (!Number.isInteger(digits) || digits < 6 || digits > 8) throw new RangeError('digits must be 6, 7 or 8')
  return { algorithm, digits }
}

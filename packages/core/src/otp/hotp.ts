/** HOTP, RFC 4226: an HMAC of a counter, cut to digits. */
import { hmac } from '@noble/hashes/hmac.js'
import { sha1 } from '@noble/hashes/legacy.js'
import { sha256, sha512 } from '@noble/hashes/sha2.js'
import { type Algorithm, decodeSecret, type Secret } from './secret.js'

const hashes = { SHA1: sha1, SHA256: sha256, SHA512: sha512 }

// Allocated once: nothing here is asynchronous, so no two calls can meet in them.
const message = new DataView(new ArrayBuffer(8))
const messageBytes = new Uint8Array(message.buffer)
const mac = new DataView(new ArrayBuffer(64))
const macBytes = new Uint8Array(mac.buffer)

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
  const codes = codesOf(secret, algorithm, digits)
  const code = codes.at(counter)
  codes.wipe()
  return String(code).padStart(digits, '0')
}

/**
 * The codes of one secret, as numbers. The key is hashed once and each counter starts from a copy of that state, which spares
 * half the work of an HMAC. `wipe` when done.
 */
export function codesOf(
  secret: Uint8Array,
  algorithm: Algorithm,
  digits: number,
): { at(counter: number): number; wipe(): void } {
  const keyed = hmac.create(hashes[algorithm], secret)
  const modulus = 10 ** digits
  const last = keyed.outputLen - 1
  return {
    at(counter) {
      message.setUint32(0, Math.floor(counter / 2 ** 32))
      message.setUint32(4, counter % 2 ** 32)
      keyed.clone().update(messageBytes).digestInto(macBytes)
      // Dynamic truncation, RFC 4226 §5.3; for the longer hashes too the last byte tells where (RFC 6238 §1.2).
      return (mac.getUint32(mac.getUint8(last) & 0xf) & 0x7fffffff) % modulus
    },
    wipe() {
      keyed.destroy()
      macBytes.fill(0)
    },
  }
}

/** Checks `algorithm` and `digits`, and fills in their defaults. */
export function checkedFormat(options: Secret): { algorithm: Algorithm; digits: number } {
  const { algorithm = 'SHA1', digits = 6 } = options
  if (typeof algorithm !== 'string' || !Object.hasOwn(hashes, algorithm)) {
    throw new TypeError('algorithm must be SHA1, SHA256 or SHA512')
  }
  if (!Number.isInteger(digits) || digits < 6 || digits > 8) throw new RangeError('digits must be 6, 7 or 8')
  return { algorithm, digits }
}

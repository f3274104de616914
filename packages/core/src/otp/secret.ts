/** Shared secrets and their base32 form: RFC 4648 §6 without padding, as every authenticator app reads it. */
import { isBytes, randomBytes } from '@noble/hashes/utils.js'
import { base32nopad } from '@scure/base'

/** The hash of the HMAC, spelt as in a key URI. Many apps ignore all but `SHA1`; RFC 6238 §1.2 allows all three. */
export type Algorithm = 'SHA1' | 'SHA256' | 'SHA512'

/** A shared secret and the parameters that its codes are made with. */
export interface Secret {
  /** Bytes, or base32 in any case, with or without spaces, dashes and padding: 10 to 128 bytes. */
  secret: string | Uint8Array
  /** `SHA1` by default. */
  algorithm?: Algorithm | undefined
  /** The length of a code, 6 to 8; 6 by default. */
  digits?: number | undefined
  /** How long a code lives, in whole seconds, 15 to 300; 30 by default. */
  period?: number | undefined
}

const alphabet = 'ABCDEFGHIJKLMNOPQRSTUVWXYZ234567'

/** 80 bits are what older issuers gave out: accepted so that their users can be taken over, never generated. */
const leastBytes = 10
const mostBytes = 128
const mostCharacters = 512

/**
 * Makes a fresh secret from the platform's CSPRNG (RFC 4226 §4, requirement R2).
 *
 * @param bytes its length in bytes, 16 to 64; 20 (160 bits) by default, as RFC 4226 recommends
 * @returns unpadded upper-case base32
 * @throws RangeError where `bytes` is no whole number from 16 to 64
 *
 * @example
 * ```ts
 * import { generateSecret, keyUri } from '@sallyport/core/otp'
 *
 * const secret = generateSecret()
 * const uri = keyUri({ secret, issuer: 'Acme', account: 'alice@example.com' })
 * ```
 */
export function generateSecret(bytes = 20): string {
  if (!Number.isInteger(bytes) || bytes < 16 || bytes > 64) {
    throw new RangeError('bytes must be a whole number from 16 to 64')
  }
  return encodeSecret(randomBytes(bytes))
}

/** The bytes of a secret, as a copy. Messages never quote it. */
export function decodeSecret(secret: string | Uint8Array): Uint8Array {
  const bytes = typeof secret === 'string' ? decodeBase32(secret) : secret
  if (!isBytes(bytes)) throw new TypeError('secret must be a base32 string or a Uint8Array')
  if (bytes.length < leastBytes || bytes.length > mostBytes) {
    throw new RangeError(`secret must have ${leastBytes} to ${mostBytes} bytes`)
  }
  return Uint8Array.from(bytes)
}

/** Unpadded upper-case base32. */
export function encodeSecret(bytes: Uint8Array): string {
  return base32nopad.encode(bytes)
}

/** Base32 in groups of four, for people who type the key instead of scanning it. */
export function setupKey(secret: string | Uint8Array): string {
  return encodeSecret(decodeSecret(secret)).replace(/.{4}(?=.)/g, '$& ')
}

function decodeBase32(text: string): Uint8Array {
  if (text.length > mostCharacters) throw new RangeError(`secret must have at most ${mostCharacters} characters`)
  const compact = text.replace(/[\s-]/g, '').replace(/=+$/, '')
  // Before upper-casing: that would turn letters outside ASCII, such as ſ and ı, into S and I.
  if (!/^[A-Za-z2-7]+$/.test(compact)) throw new TypeError('secret must be base32: letters A to Z and digits 2 to 7')
  const letters = compact.toUpperCase()
  // Issuers that draw random letters leave bits behind the last whole byte; apps drop them, and so must we to agree with
  // them. A whole letter too many is no such rest but a key cut short.
  const unusedBits = (letters.length * 5) % 8
  if (unusedBits >= 5) throw new TypeError('secret must be base32 of whole bytes: is a letter missing?')
  const last = alphabet.charAt((alphabet.indexOf(letters.slice(-1)) >> unusedBits) << unusedBits)
  return base32nopad.decode(letters.slice(0, -1) + last)
}

/** Authenticated encryption of records and tokens: XChaCha20-Poly1305, a fresh 24-byte nonce each time (R39). */
import { xchacha20poly1305 } from '@noble/ciphers/chacha.js'
import { concatBytes, randomBytes } from '@noble/hashes/utils.js'
import type { KeyLabel, Keyring } from './keyring.js'

const format = 1
const idLength = 8
const nonceLength = 24
const tagLength = 16
const headLength = 1 + idLength + nonceLength

/** What an opened body held, and whether the newest key had sealed it. */
export interface Opened {
  plaintext: Uint8Array
  newestKey: boolean
}

/**
 * Seals under the newest key.
 *
 * @param associated what the body is bound to; the same bytes are needed to open it
 */
export function seal(keyring: Keyring, label: KeyLabel, associated: Uint8Array, plaintext: Uint8Array): Uint8Array {
  const nonce = randomBytes(nonceLength)
  const cipher = xchacha20poly1305(keyring.newest.derive(label), nonce, associated)
  return concatBytes(Uint8Array.of(format), keyring.newest.id, nonce, cipher.encrypt(plaintext))
}

/** Opens what {@link seal} made; null where it was altered, cut, bound to something else, or its key is gone. */
export function open(keyring: Keyring, label: KeyLabel, associated: Uint8Array, body: Uint8Array): Opened | null {
  if (body.length < headLength + tagLength || body[0] !== format) return null
  const key = keyring.find(body.subarray(1, 1 + idLength))
  if (key === null) return null
  const nonce = body.subarray(1 + idLength, headLength)
  try {
    const plaintext = xchacha20poly1305(key.derive(label), nonce, associated).decrypt(body.subarray(headLength))
    return { plaintext, newestKey: key === keyring.newest }
  } catch {
    return null
  }
}

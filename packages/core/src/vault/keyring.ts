/** The application's keys: the first seals, all open (R48). What is used is derived from them by HKDF (RFC 5869). */
import { hkdf } from '@noble/hashes/hkdf.js'
import { sha256 } from '@noble/hashes/sha2.js'
import { bytesToHex, utf8ToBytes } from '@noble/hashes/utils.js'
import { base64 } from '@scure/base'
import { usageError } from '../errors.js'

/** What a derived key is for; one label never serves for another. */
export type KeyLabel = 'record' | 'counter' | `token ${string}`

/** One key of the ring. */
export interface Key {
  /** Eight bytes that name the key in what it sealed; they tell nothing of it. */
  readonly id: Uint8Array
  /** The 32-byte key for one use. */
  derive(label: KeyLabel): Uint8Array
}

/** The keys, newest first. */
export interface Keyring {
  readonly newest: Key
  /** All of them, newest first. */
  readonly all: readonly Key[]
  /** The key of that id; null where it has been retired. */
  find(id: Uint8Array): Key | null
}

const salt = utf8ToBytes('sallyport v1')
const documentationPrefix = 'sallyport-documentation-key-'

/**
 * @param keys newest first; each the base64 (or base64url) form of 32 random bytes
 * @throws SallyportError `usage`, naming the position, where a key is missing, short, repeated, or plainly not random
 */
export function makeKeyring(keys: readonly unknown[]): Keyring {
  if (keys.length === 0) throw usageError('options.keys', 'must hold at least one key')
  const raw = keys.map((key, position) => decodeKey(key, `options.keys[${position}]`))
  const ring = raw.map(makeKey)
  const ids = ring.map(key => bytesToHex(key.id))
  ids.forEach((id, position) => {
    if (ids.indexOf(id) < position) throw usageError(`options.keys[${position}]`, 'is the same as another key')
  })
  return ringOf(ring)
}

/** A keyring of these keys, newest first. */
export function ringOf(all: readonly Key[]): Keyring {
  const byId = new Map(all.map(key => [bytesToHex(key.id), key]))
  return { newest: all[0] as Key, all, find: id => byId.get(bytesToHex(id)) ?? null }
}

function makeKey(raw: Uint8Array): Key {
  const derived = new Map<string, Uint8Array>()
  const derive = (label: string, length: number): Uint8Array => {
    const known = derived.get(label)
    if (known !== undefined) return known
    const key = hkdf(sha256, raw, salt, utf8ToBytes(label), length)
    derived.set(label, key)
    return key
  }
  return { id: derive('id', 8), derive: label => derive(label, 32) }
}

function decodeKey(key: unknown, argument: string): Uint8Array {
  if (key === undefined || key === null || key === '') {
    throw usageError(argument, 'is missing: is the environment variable set?')
  }
  if (typeof key !== 'string') throw usageError(argument, 'must be a string')
  const bytes = fromBase64(key.trim())
  if (bytes?.length !== 32) {
    throw usageError(argument, 'must be 32 random bytes in base64, as `openssl rand -base64 32` makes them')
  }
  if (String.fromCharCode(...bytes).startsWith(documentationPrefix)) {
    throw usageError(argument, 'is a key from the documentation: everybody knows it')
  }
  // 32 random bytes hold fewer than 16 different values less than once in 10^16 draws; a typed or repeated key always does.
  if (new Set(bytes).size < 16) throw usageError(argument, 'is not random')
  return bytes
}

function fromBase64(text: string): Uint8Array | null {
  const standard = text.replaceAll('-', '+').replaceAll('_', '/').replace(/=+$/, '')
  try {
    return base64.decode(standard.padEnd(Math.ceil(standard.length / 4) * 4, '='))
  } catch {
    return null
  }
}

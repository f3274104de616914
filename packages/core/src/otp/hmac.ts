/** HMAC (RFC 2104) of many counters under one key. */
import { hmac } from '@noble/hashes/hmac.js'
import { sha1 } from '@noble/hashes/legacy.js'
import { sha256, sha512 } from '@noble/hashes/sha2.js'
import type { Algorithm } from './secret.js'

const hashes = { SHA1: sha1, SHA256: sha256, SHA512: sha512 }

/** Whether this names one of the three hashes, and is no name from a prototype. */
export function isAlgorithm(name: unknown): name is Algorithm {
  return typeof name === 'string' && Object.hasOwn(hashes, name)
}

/**
 * The HMAC of every counter from `first` to `last`, as eight bytes (RFC 4226 §5.1), each passed through `read`. The key's inner and
 * outer state are computed once and cloned for each counter.
 */
export function macsOfCounters<T>(
  algorithm: Algorithm,
  key: Uint8Array,
  first: number,
  last: number,
  read: (mac: DataView) => T,
): T[] {
  const keyed = hmac.create(hashes[algorithm], key)
  const counterBytes = new Uint8Array(8)
  const counterView = new DataView(counterBytes.buffer)
  const results: T[] = []
  for (let counter = first; counter <= last; counter++) {
    counterView.setUint32(0, Math.floor(counter / 2 ** 32))
    counterView.setUint32(4, counter % 2 ** 32)
    const mac = keyed.clone().update(counterBytes).digest()
    results.push(read(new DataView(mac.buffer, mac.byteOffset, mac.byteLength)))
  }
  keyed.destroy()
  return results
}

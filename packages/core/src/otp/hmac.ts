/** HMAC, RFC 2104, for many short messages under one key. */
import { sha1 } from '@noble/hashes/legacy.js'
import { sha256, sha512 } from '@noble/hashes/sha2.js'
import type { Hash } from '@noble/hashes/utils.js'
import type { Algorithm } from './secret.js'

/** The pads of RFC 2104, four bytes at a time. */
const innerPad = 0x36363636
const outerPad = 0x5c5c5c5c

const macs = { SHA1: macsOn(sha1), SHA256: macsOn(sha256), SHA512: macsOn(sha512) }

/** Whether this names one of the three hashes, and is no name from a prototype. */
export function isAlgorithm(name: unknown): name is Algorithm {
  return typeof name === 'string' && Object.hasOwn(macs, name)
}

/**
 * The HMAC of every counter from `first` to `last`, as eight bytes (RFC 4226 §5.1), each passed through `read` at once: the
 * view is overwritten by the next.
 */
export function macsOfCounters<T>(
  algorithm: Algorithm,
  key: Uint8Array,
  first: number,
  last: number,
  read: (mac: DataView) => T,
): T[] {
  return macs[algorithm](key, first, last, read)
}

/**
 * All hash objects are allocated here, once for each hash, and overwritten from then on; the key's inner and outer state are
 * computed once for all counters. Both together take half the time of an HMAC object for each. It is safe to share them:
 * nothing here is asynchronous or calls back into itself, and they are wiped before the call ends.
 */
function macsOn<H extends Hash<H>>(hash: {
  (message: Uint8Array): Uint8Array
  create(): H
  blockLen: number
  outputLen: number
}) {
  const [fresh, inner, outer, running] = [hash.create(), hash.create(), hash.create(), hash.create()]
  const block = new Uint8Array(hash.blockLen)
  const counterBytes = new Uint8Array(8)
  const counterView = new DataView(counterBytes.buffer)
  const mac = new Uint8Array(hash.outputLen)
  const macView = new DataView(mac.buffer)
  const words = new Uint32Array(block.buffer)
  const xorBlock = (mask: number) => {
    for (let index = 0; index < words.length; index++) words[index] = (words[index] ?? 0) ^ mask
    return block
  }

  return <T>(key: Uint8Array, first: number, last: number, read: (mac: DataView) => T): T[] => {
    block.fill(0)
    block.set(key.length > block.length ? hash(key) : key)
    fresh._cloneInto(inner).update(xorBlock(innerPad))
    fresh._cloneInto(outer).update(xorBlock(innerPad ^ outerPad))
    const results: T[] = []
    for (let counter = first; counter <= last; counter++) {
      counterView.setUint32(0, Math.floor(counter / 2 ** 32))
      counterView.setUint32(4, counter % 2 ** 32)
      inner._cloneInto(running).update(counterBytes).digestInto(mac)
      outer._cloneInto(running).update(mac).digestInto(mac)
      results.push(read(macView))
    }
    for (const state of [inner, outer, running]) state.destroy()
    for (const bytes of [block, mac]) bytes.fill(0)
    return results
  }
}

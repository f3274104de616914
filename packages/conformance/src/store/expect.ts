/** What is asked of one call of a store. Each complains in words that name the call and what came instead. */
import type { Store, Stored, Write } from '@sallyport/core'
import { describe } from '../describe.js'

/** `put` must give true. */
export async function accepts(store: Store, key: string, write: Write, ifVersion: string | null): Promise<void> {
  expectAnswer(await store.put(key, write, ifVersion), true, `put over ${versionName(ifVersion)}`)
}

/** `put` must give false. */
export async function refuses(store: Store, key: string, write: Write, ifVersion: string | null): Promise<void> {
  expectAnswer(await store.put(key, write, ifVersion), false, `put over ${versionName(ifVersion)}`)
}

/** `get` must give this write, to the byte. */
export async function holds(store: Store, key: string, write: Write, when = ''): Promise<void> {
  const stored = await look(store, key)
  if (stored === null) throw new Error(`get gave null${when}; ${versionName(write.version)} is on record`)
  if (stored.version !== write.version) {
    throw new Error(`get gave ${versionName(stored.version)}${when}; ${versionName(write.version)} is on record`)
  }
  const difference = differenceOf(stored.body, write.body)
  if (difference !== null) throw new Error(`get gave another body than was put${when}: ${difference}`)
}

/** `get` must give null. */
export async function isAbsent(store: Store, key: string, when = ''): Promise<void> {
  const stored = await look(store, key)
  if (stored !== null) throw new Error(`get gave ${versionName(stored.version)}${when}; there is no record`)
}

/** What `get` gives, where it is a record or null. */
export async function look(store: Store, key: string): Promise<Stored | null> {
  const stored: unknown = await store.get(key)
  if (stored === null) return null
  if (typeof stored !== 'object') throw new Error(`get gave ${describe(stored)}, which is neither a record nor null`)
  const { version, body } = stored as Partial<Stored>
  if (typeof version !== 'string') throw new Error(`get gave a version that is ${describe(version)}, not a string`)
  if (!isBytes(body)) throw new Error(`get gave a body that is ${describe(body)}, not a Uint8Array`)
  return { version, body }
}

/** Where two bodies differ, in words; null where they do not. */
export function differenceOf(is: Uint8Array, should: Uint8Array): string | null {
  if (is.length !== should.length) return `${is.length} bytes for ${should.length}`
  const index = should.findIndex((byte, position) => is[position] !== byte)
  return index === -1 ? null : `byte ${index} is ${hex(is[index])} for ${hex(should[index])}`
}

/** Versions are long: their beginnings tell them apart, except where a case is about their ends. */
export function versionName(version: string | null): string {
  if (version === null) return 'no record'
  return version.length <= 12 ? `version "${version}"` : `version ${version.slice(0, 6)}…${version.slice(-4)}`
}

function expectAnswer(answer: unknown, due: boolean, call: string): void {
  if (answer !== due) throw new Error(`${call} gave ${describe(answer)}; ${due} was due`)
}

/** Not `instanceof`: runners as Jest give tests a realm of their own, whose Uint8Array is not that of a driver. */
function isBytes(value: unknown): value is Uint8Array {
  return ArrayBuffer.isView(value) && Object.prototype.toString.call(value) === '[object Uint8Array]'
}

function hex(byte = 0): string {
  return `0x${byte.toString(16).padStart(2, '0')}`
}

import type { StoreBackend } from '@sallyport/conformance'
import type { Store, Stored } from '@sallyport/core'
import { type BrokenStore, breaking, shared } from './breaking.js'

/** Bodies go through a function on their way in. */
const mapBodies = (map: (body: Uint8Array) => Uint8Array) =>
  shared(store => ({
    put: (key, write, ifVersion) => store.put(key, { ...write, body: Uint8Array.from(map(write.body)) }, ifVersion),
  }))

const text = new TextDecoder()
const toBytes = (value: string) => new TextEncoder().encode(value)
const trimmed = (body: Uint8Array) => body.subarray(0, body.findLastIndex(byte => byte !== 0 && byte !== 32) + 1)

export const bodies: readonly BrokenStore[] = [
  breaking(
    'decodes bodies as UTF-8',
    'body/bytes',
    mapBodies(body => toBytes(text.decode(body))),
  ),
  breaking('trims zeros and spaces', 'body/ends', mapBodies(trimmed)),
  breaking(
    'mends line breaks',
    'body/text',
    mapBodies(body => body.filter((byte, index) => byte !== 13 || body[index + 1] !== 10)),
  ),
  breaking(
    'cuts bodies at 16 KiB',
    'body/largest',
    mapBodies(body => body.subarray(0, 16 * 1024)),
  ),
  breaking(
    'writes a body over the old one',
    'body/shorter',
    shared(store => ({
      async put(key, write, ifVersion) {
        const body = (await store.get(key))?.body.slice() ?? new Uint8Array()
        if (body.length <= write.body.length) return store.put(key, write, ifVersion)
        body.set(write.body)
        return store.put(key, { ...write, body }, ifVersion)
      },
    })),
  ),
  breaking(
    'writes the whole buffer of a view',
    'body/view',
    mapBodies(body => new Uint8Array(body.buffer)),
  ),
  { does: 'keeps the buffer of its caller', caughtBy: 'body/kept', backend: () => sharing({ in: true, out: false }) },
  { does: 'gives away its own buffer', caughtBy: 'body/given', backend: () => sharing({ in: false, out: true }) },
]

/** The store in memory without one of its two copies. */
function sharing(without: { in: boolean; out: boolean }): StoreBackend {
  const records = new Map<string, Stored>()
  const store: Store = {
    async get(key) {
      const stored = records.get(key)
      return stored === undefined || without.out ? (stored ?? null) : { ...stored, body: stored.body.slice() }
    },
    async put(key, { version, body }, ifVersion) {
      if ((records.get(key)?.version ?? null) !== ifVersion) return false
      records.set(key, { version, body: without.in ? body : body.slice() })
      return true
    },
    async delete(key) {
      records.delete(key)
    },
  }
  return { open: () => store }
}

import type { StoreBackend } from '@sallyport/conformance'
import type { Store, Stored } from '@sallyport/core'
import { type Break, type BrokenStore, breaking, shared } from './breaking.js'

/** Keys go through a function on their way in. */
const mapKeys = (map: (key: string) => string) =>
  shared(store => ({
    get: key => store.get(map(key)),
    put: (key, write, ifVersion) => store.put(map(key), write, ifVersion),
    delete: key => store.delete(map(key)),
  }))

export const keys: readonly BrokenStore[] = [
  breaking(
    'folds case',
    'keys/case',
    mapKeys(key => key.toLowerCase()),
  ),
  breaking(
    'folds accents',
    'keys/accents',
    mapKeys(key => key.normalize('NFD').replaceAll(/\p{M}/gu, '')),
  ),
  breaking(
    'sorts ß beside ss',
    'keys/accents',
    mapKeys(key => key.replaceAll('ß', 'ss')),
  ),
  breaking(
    'normalizes keys',
    'keys/normalization',
    mapKeys(key => key.normalize('NFC')),
  ),
  breaking(
    'normalizes keys for compatibility',
    'keys/normalization',
    mapKeys(key => key.normalize('NFKC')),
  ),
  breaking(
    'drops characters beyond 16 bits',
    'keys/astral',
    mapKeys(key => key.replaceAll(/[\u{10000}-\u{10ffff}]/gu, '')),
  ),
  breaking(
    'pads keys',
    'keys/spaces',
    mapKeys(key => key.replace(/ +$/, '')),
  ),
  breaking(
    'cuts keys at 32 characters',
    'keys/digits',
    mapKeys(key => key.slice(0, 32)),
  ),
  breaking(
    'cuts keys at 63 characters',
    'keys/digits',
    mapKeys(key => key.slice(0, 63)),
  ),
  breaking('finds keys by their beginning', 'keys/prefix', () => finding((wanted, key) => key.startsWith(wanted))),
  breaking('reads keys as patterns', 'keys/patterns', () =>
    finding((wanted, key) =>
      new RegExp(`^${wanted.replace(/[^\w%*]/g, '\\$&').replace(/%|\*/g, '.*')}$`, 's').test(key),
    ),
  ),
  breaking(
    'replaces punctuation',
    'keys/marks',
    mapKeys(key => key.replaceAll(/[^\p{L}\p{N}\p{M}\s]/gu, '_')),
  ),
  { does: 'keeps records in a plain object', caughtBy: 'keys/objects', backend: inPlainObject },
]

/** A store that looks for the first key that fits, where it has not just that one. */
function finding(fits: (wanted: string, key: string) => boolean): Break {
  const present = new Set<string>()
  const find = (wanted: string) =>
    present.has(wanted) ? wanted : ([...present].find(key => fits(wanted, key)) ?? wanted)
  return store => ({
    get: key => store.get(find(key)),
    async put(key, ...call) {
      const landed = await store.put(key, ...call)
      if (landed) present.add(key)
      return landed
    },
    async delete(key) {
      present.delete(find(key))
      await store.delete(find(key))
    },
  })
}

function inPlainObject(): StoreBackend {
  const records: Record<string, Stored> = {}
  const store: Store = {
    async get(key) {
      const stored = records[key]
      return stored === undefined ? null : { version: stored.version, body: stored.body?.slice() }
    },
    async put(key, { version, body }, ifVersion) {
      if ((records[key]?.version ?? null) !== ifVersion) return false
      records[key] = { version, body: body.slice() }
      return true
    },
    async delete(key) {
      delete records[key]
    },
  }
  return { open: () => store }
}

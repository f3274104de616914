import type { Stored } from '@sallyport/core'
import { memoryStore } from '@sallyport/memory'
import { type BrokenStore, breaking, shared } from './breaking.js'

export const freshness: readonly BrokenStore[] = [
  { does: 'is another one for every client', caughtBy: 'fresh/read', backend: () => ({ open: memoryStore }) },
  breaking('reads from a replica what its client did not write', 'fresh/read', () => {
    const replica = memoryStore()
    return store => {
      const written = new Set<string>()
      return {
        get: key => (written.has(key) ? store : replica).get(key),
        async put(key, write, ifVersion) {
          written.add(key)
          const landed = await store.put(key, write, ifVersion)
          if (landed) setTimeout(() => replica.get(key).then(old => replica.put(key, write, old?.version ?? null)), 5)
          return landed
        },
        async delete(key) {
          written.add(key)
          await store.delete(key)
          await replica.delete(key)
        },
      }
    }
  }),
  breaking('has a cache that deletes do not reach', 'fresh/delete', () => {
    const caches: Map<string, Stored>[] = []
    return store => {
      const cache = new Map<string, Stored>()
      caches.push(cache)
      return {
        async get(key) {
          const stored = cache.get(key) ?? (await store.get(key))
          if (stored !== null) cache.set(key, stored)
          return stored && { ...stored, body: stored.body.slice() }
        },
        async put(key, ...call) {
          for (const each of caches) each.delete(key)
          const landed = await store.put(key, ...call)
          for (const each of caches) each.delete(key)
          return landed
        },
        async delete(key) {
          cache.delete(key)
          await store.delete(key)
        },
      }
    }
  }),
  breaking(
    'compares with what its client knows',
    'fresh/condition',
    shared(store => {
      const known = new Map<string, string | null>()
      return {
        async get(key) {
          const stored = await store.get(key)
          known.set(key, stored?.version ?? null)
          return stored
        },
        async put(key, write, ifVersion) {
          if (!known.has(key)) known.set(key, (await store.get(key))?.version ?? null)
          if (known.get(key) !== ifVersion) return false
          known.set(key, write.version)
          return store.put(key, write, (await store.get(key))?.version ?? null)
        },
        async delete(key) {
          known.delete(key)
          await store.delete(key)
        },
      }
    }),
  ),
  breaking(
    'tries a refused write again later',
    'late/refused',
    shared(store => ({
      async put(key, write, ifVersion) {
        const landed = await store.put(key, write, ifVersion)
        if (!landed) {
          setTimeout(() => store.get(key).then(stored => store.put(key, write, stored?.version ?? null)), 50)
        }
        return landed
      },
    })),
  ),
  breaking(
    'applies a write again later',
    'late/accepted',
    shared(store => ({
      async put(key, write, ifVersion) {
        const landed = await store.put(key, write, ifVersion)
        if (landed) setTimeout(() => store.get(key).then(is => store.put(key, write, is?.version ?? null)), 50)
        return landed
      },
    })),
  ),
  breaking('gives an older record now and then', 'history/linearizable', () => {
    const older = new Map<string, Stored | null>()
    let reads = 0
    return store => ({
      get: async key => (++reads % 17 === 0 ? (older.get(key) ?? null) : store.get(key)),
      async put(key, ...call) {
        const before = await store.get(key)
        const landed = await store.put(key, ...call)
        if (landed) older.set(key, before)
        return landed
      },
    })
  }),
]

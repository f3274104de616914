import type { Store } from '@sallyport/core'
import { type Break, type BrokenStore, breaking, tick } from './breaking.js'

/** When records of a key expire, for stores that keep a clock. `lifeOf` makes a span of the ms that are left. */
function expiring(lifeOf: (left: number) => number, renews = true): () => Break {
  return () => {
    const ends = new Map<string, number>()
    return store => {
      const drop = async (key: string) => {
        if (Date.now() < (ends.get(key) ?? Number.POSITIVE_INFINITY)) return
        ends.delete(key)
        await store.delete(key)
      }
      return {
        async get(key) {
          await drop(key)
          return store.get(key)
        },
        async put(key, write, ifVersion) {
          await drop(key)
          const landed = await store.put(key, write, ifVersion)
          if (landed && (renews || ifVersion === null)) {
            ends.delete(key)
            if (write.expiresAt !== null) ends.set(key, Date.now() + lifeOf(write.expiresAt - Date.now()))
          }
          return landed
        },
      }
    }
  }
}

/** A clock for every key, and whether what is on record has expired by it. */
function noting(broken: (store: Store, hasExpired: (key: string) => boolean) => Partial<Store>): () => Break {
  return () => {
    const ends = new Map<string, number | null>()
    const hasExpired = (key: string) => (ends.get(key) ?? Number.POSITIVE_INFINITY) <= Date.now()
    return store => {
      const changed = { ...store, ...broken(store, hasExpired) }
      return {
        ...changed,
        async put(key, write, ifVersion) {
          const landed = await changed.put(key, write, ifVersion)
          if (landed) ends.set(key, write.expiresAt)
          return landed
        },
      }
    }
  }
}

export const expiry: readonly BrokenStore[] = [
  breaking(
    'hides what has expired',
    'expiry/past',
    noting((store, hasExpired) => ({ get: async key => (hasExpired(key) ? null : store.get(key)) })),
  ),
  breaking(
    'writes over any version that has expired',
    'expiry/past',
    noting((store, hasExpired) => ({
      async put(key, write, ifVersion) {
        const stored = hasExpired(key) ? await store.get(key) : null
        return store.put(key, write, stored?.version ?? ifVersion)
      },
    })),
  ),
  breaking(
    'deletes what get found expired, whatever came meanwhile',
    'expiry/renewed',
    noting((store, hasExpired) => ({
      async get(key) {
        if (!hasExpired(key)) return store.get(key)
        await tick(1)
        await store.delete(key)
        return null
      },
    })),
  ),
  breaking('has timers that outlive a delete', 'expiry/replaced', () => {
    const timers = new Map<string, ReturnType<typeof setTimeout>>()
    return store => ({
      async put(key, write, ifVersion) {
        const landed = await store.put(key, write, ifVersion)
        if (!landed) return false
        if (ifVersion !== null) clearTimeout(timers.get(key))
        const left = (write.expiresAt ?? Number.POSITIVE_INFINITY) - Date.now()
        if (left < 2 ** 31) timers.set(key, setTimeout(() => store.delete(key), left).unref())
        return true
      },
    })
  }),
  breaking(
    'takes seconds for milliseconds',
    'expiry/ahead',
    expiring(left => left / 1000),
  ),
  breaking(
    'keeps spans in 32 bits',
    'expiry/far',
    expiring(left => left | 0),
  ),
  breaking(
    'keeps the first expiry on update',
    'expiry/replaced',
    expiring(left => left, false),
  ),
]

import type { Store } from '@sallyport/core'
import { type Break, type BrokenStore, breaking, shared, tick } from './breaking.js'

/** Checks, waits, and writes: whatever came between is lost. */
export const apart = (when: (ifVersion: string | null) => boolean, ms = 0): Break =>
  shared(store => ({
    async put(key, write, ifVersion) {
      if (!when(ifVersion)) return store.put(key, write, ifVersion)
      if (((await store.get(key))?.version ?? null) !== ifVersion) return false
      await tick(ms)
      return store.put(key, write, (await store.get(key))?.version ?? null)
    },
  }))()

export const races: readonly BrokenStore[] = [
  breaking('checks and inserts apart', 'race/insert', () => apart(ifVersion => ifVersion === null)),
  breaking('checks and updates apart', 'race/update', () => apart(ifVersion => ifVersion !== null)),
  breaking('checks and writes apart', 'race/counter', () => apart(() => true)),
  breaking('lets deletes pass a write that is under way', 'race/delete', () => {
    let last: Promise<unknown> = Promise.resolve()
    return store => ({
      put(key, write, ifVersion) {
        const put = last.then(async () => {
          if (((await store.get(key))?.version ?? null) !== ifVersion) return false
          await tick()
          return store.put(key, write, (await store.get(key))?.version ?? null)
        })
        last = put
        return put
      },
      async delete(key) {
        await tick()
        await store.delete(key)
      },
    })
  }),
  breaking('has one place for all writes under way', 'race/keys', () => {
    let place: Parameters<Store['put']>[1] | undefined
    return store => ({
      async put(key, write, ifVersion) {
        place = write
        await tick()
        return store.put(key, place ?? write, ifVersion)
      },
    })
  }),
  breaking('writes large bodies after their row', 'race/readers', () => {
    const large = new Map<string, Uint8Array>()
    return store => ({
      async get(key) {
        const stored = await store.get(key)
        return stored?.body.length === 0 ? { ...stored, body: large.get(key)?.slice() ?? stored.body } : stored
      },
      async put(key, write, ifVersion) {
        if (write.body.length <= 16 * 1024) return store.put(key, write, ifVersion)
        const body = write.body.slice()
        const landed = await store.put(key, { ...write, body: new Uint8Array() }, ifVersion)
        await tick()
        if (landed) large.set(key, body)
        return landed
      },
    })
  }),
  breaking(
    'takes large bodies in two steps, and checks before the first',
    'race/update',
    shared(store => ({
      async put(key, write, ifVersion) {
        if (write.body.length <= 16 * 1024) return store.put(key, write, ifVersion)
        if (((await store.get(key))?.version ?? null) !== ifVersion) return false
        await tick()
        return store.put(key, write, (await store.get(key))?.version ?? null)
      },
    })),
  ),
  breaking('writes version and body one after the other', 'race/readers', () => {
    const bodies = new Map<string, Uint8Array>()
    return store => ({
      async get(key) {
        const stored = await store.get(key)
        return stored && { version: stored.version, body: bodies.get(key)?.slice() ?? stored.body }
      },
      async put(key, write, ifVersion) {
        const landed = await store.put(key, write, ifVersion)
        await tick()
        if (landed) bodies.set(key, write.body.slice())
        return landed
      },
    })
  }),
]

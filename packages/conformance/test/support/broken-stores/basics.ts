import { type BrokenStore, breaking, shared } from './breaking.js'

const text = new TextDecoder()

export const basics: readonly BrokenStore[] = [
  breaking(
    'says undefined for what is absent',
    'get/absent',
    shared(store => ({ get: async key => (await store.get(key)) ?? (undefined as unknown as null) })),
  ),
  breaking(
    'forgets an insert',
    'put/insert',
    shared(store => ({
      put: async (key, write, ifVersion) =>
        ifVersion === null ? (await store.get(key)) === null : store.put(key, write, ifVersion),
    })),
  ),
  breaking('makes versions of its own', 'put/insert', () => {
    let count = 0
    return store => ({ put: (key, write, ifVersion) => store.put(key, { ...write, version: `${++count}` }, ifVersion) })
  }),
  breaking(
    'gives a body as text',
    'put/insert',
    shared(store => ({
      async get(key) {
        const stored = await store.get(key)
        return stored && { ...stored, body: text.decode(stored.body) as unknown as Uint8Array }
      },
    })),
  ),
  breaking(
    'keeps the old body on update',
    'put/update',
    shared(store => ({
      async put(key, write, ifVersion) {
        const body = (await store.get(key))?.body.slice() ?? write.body
        return store.put(key, { ...write, body }, ifVersion)
      },
    })),
  ),
  breaking(
    'answers 1 and 0',
    'put/answer',
    shared(store => ({
      put: async (...call) => Number(await store.put(...call)) as unknown as boolean,
    })),
  ),
  breaking(
    'overwrites with an insert',
    'put/occupied',
    shared(store => ({
      put: async (key, write, ifVersion) =>
        store.put(key, write, ifVersion === null ? ((await store.get(key))?.version ?? null) : ifVersion),
    })),
  ),
  breaking(
    'lets the last writer win',
    'put/stale',
    shared(store => ({
      async put(key, write, ifVersion) {
        const is = (await store.get(key))?.version ?? null
        return store.put(key, write, is !== null && ifVersion !== null ? is : ifVersion)
      },
    })),
  ),
  breaking(
    'says true on a conflict',
    'put/stale',
    shared(store => ({
      async put(...call) {
        await store.put(...call)
        return true
      },
    })),
  ),
  breaking(
    'inserts with an update',
    'put/absent',
    shared(store => ({
      put: async (key, write, ifVersion) => store.put(key, write, (await store.get(key)) === null ? null : ifVersion),
    })),
  ),
  breaking(
    'ignores a delete',
    'delete/present',
    shared(() => ({ delete: async () => {} })),
  ),
  breaking(
    'throws where there is nothing to delete',
    'delete/absent',
    shared(store => ({
      async delete(key) {
        if ((await store.get(key)) === null) throw new Error('not found')
        await store.delete(key)
      },
    })),
  ),
  breaking('takes the version of a deleted record', 'delete/stale-put', () => {
    const deleted = new Map<string, string>()
    return store => ({
      put: (key, write, ifVersion) => store.put(key, write, deleted.get(key) === ifVersion ? null : ifVersion),
      async delete(key) {
        const stored = await store.get(key)
        if (stored !== null) deleted.set(key, stored.version)
        await store.delete(key)
      },
    })
  }),
  breaking('refuses to insert what was deleted', 'delete/insert-again', () => {
    const deleted = new Set<string>()
    return store => ({
      put: async (key, ...call) => !deleted.has(key) && store.put(key, ...call),
      async delete(key) {
        if ((await store.get(key)) !== null) deleted.add(key)
        await store.delete(key)
      },
    })
  }),
  breaking('deletes what begins like it', 'delete/neighbours', () => {
    const keys = new Set<string>()
    return store => ({
      put: (key, ...call) => store.put(keys.add(key) && key, ...call),
      async delete(key) {
        for (const each of keys) if (each.startsWith(key)) await store.delete(each)
      },
    })
  }),
  breaking(
    'needs a summary for an update',
    'summary/any',
    shared(store => ({
      async put(key, write, ifVersion) {
        if (ifVersion !== null && write.summary === null) throw new TypeError('summary is null')
        return store.put(key, write, ifVersion)
      },
    })),
  ),
  breaking(
    'has a column of 64 characters for subjects',
    'summary/any',
    shared(store => ({
      async put(key, write, ifVersion) {
        if ((write.summary?.subject.length ?? 0) > 64) throw new RangeError('value too long for type varchar(64)')
        return store.put(key, write, ifVersion)
      },
    })),
  ),
  breaking('has one row for each subject', 'summary/any', () => {
    const owners = new Map<string, string>()
    return store => ({
      async put(key, write, ifVersion) {
        const subject = write.summary?.subject ?? key
        if ((owners.get(subject) ?? key) !== key) throw new Error('duplicate key value violates unique constraint')
        const landed = await store.put(key, write, ifVersion)
        if (landed) owners.set(subject, key)
        return landed
      },
    })
  }),
]

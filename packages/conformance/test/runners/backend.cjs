const { memoryStore } = require('@sallyport/memory')

const store = memoryStore()
const overwriting = {
  ...store,
  put: async (key, write, ifVersion) => store.put(key, write, ifVersion ?? (await store.get(key))?.version ?? null),
}

/** A store that keeps the contract, or, where BROKEN is set, one whose insert overwrites. */
exports.backend = { open: () => (process.env.BROKEN ? overwriting : store) }

import { test } from 'node:test'
import { register, storeSuite } from '@sallyport/conformance'
import { memoryStore } from '@sallyport/memory'

const store = memoryStore()
const overwriting: typeof store = {
  ...store,
  put: async (key, write, ifVersion) => store.put(key, write, ifVersion ?? (await store.get(key))?.version ?? null),
}
register(
  test,
  storeSuite({ open: () => overwriting }).filter(({ id }) => id.startsWith('put/')),
)

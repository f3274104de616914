import { randomUUID } from 'node:crypto'
import { memoryStore } from '@sallyport/memory'
import type { Backend } from './index.js'

const stores = new Map<string, ReturnType<typeof memoryStore>>()

/** All clients of a place are the one store: memory has no others. */
export const memoryBackend: Backend = {
  async make() {
    const at = randomUUID()
    stores.set(at, memoryStore())
    return at
  },
  async connect(at) {
    const store = stores.get(at)
    if (store === undefined) throw new Error('a place in memory belongs to the process that made it')
    return { store, close: async () => {} }
  },
  async drop(at) {
    stores.delete(at)
  },
  async dump() {
    throw new Error('what is in memory cannot be looked at from outside')
  },
}

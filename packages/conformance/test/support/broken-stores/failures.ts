import type { Store } from '@sallyport/core'
import { memoryStore } from '@sallyport/memory'
import type { BrokenStore } from './breaking.js'

const refused = () => Promise.reject(new Error('connect ECONNREFUSED 127.0.0.1:1'))
const down: Store = { get: refused, put: refused, delete: refused }

/** A good store, whose clients say something else than the error of a server that is down. */
function swallowing(does: string, swallow: Partial<Store>): BrokenStore {
  const backend = () => {
    const store = memoryStore()
    return { open: () => store, broken: () => ({ ...down, ...swallow }) }
  }
  return { does, caughtBy: 'failure/thrown', backend }
}

export const failures: readonly BrokenStore[] = [
  swallowing('reads nothing where the server is down', { get: () => down.get('').catch(() => null) }),
  swallowing('says true where the server is down', {
    put: (...call) => down.put(...call).catch(() => true),
  }),
  swallowing('says false where the server is down', {
    put: (...call) => down.put(...call).catch(() => false),
  }),
  swallowing('forgets nobody, and says nothing, where the server is down', {
    delete: () => down.delete('').catch(() => {}),
  }),
]

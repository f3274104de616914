/** `@sallyport/memory`: a store in the memory of one process. */
import type { Store, Stored } from '@sallyport/core'

/**
 * A store that keeps its records in this process, and loses them with it: for tests, demonstrations, and tools that run once.
 * Between check and write there is no `await`, so a put is atomic; bodies are copied in and out, so nobody shares a buffer with it.
 *
 * @returns a store that is empty
 *
 * @example
 * ```ts
 * import { memoryStore } from '@sallyport/memory'
 *
 * const store = memoryStore()
 * ```
 */
export function memoryStore(): Store {
  const records = new Map<string, Stored>()
  return {
    async get(key) {
      const stored = records.get(key)
      return stored === undefined ? null : { version: stored.version, body: stored.body.slice() }
    },
    async put(key, { version, body }, ifVersion) {
      if ((records.get(key)?.version ?? null) !== ifVersion) return false
      records.set(key, { version, body: body.slice() })
      return true
    },
    async delete(key) {
      records.delete(key)
    },
  }
}

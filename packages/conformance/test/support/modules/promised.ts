/** A function that returns a promise; and a connection that nobody closes. */
import type { StoreBackend } from '@sallyport/conformance'
import { memoryStore } from '@sallyport/memory'

export default async (): Promise<StoreBackend> => {
  const store = memoryStore()
  setInterval(() => {}, 1_000)
  return { open: () => store }
}

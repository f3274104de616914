/** A store as `sallyport-conformance store ./store.mjs` takes it. */
import { memoryStore } from '@sallyport/memory'

const store = memoryStore()

export default { open: () => store }

import type { StoreBackend } from '@sallyport/conformance'
import { memoryStore } from '@sallyport/memory'

const store = memoryStore()

export default { open: () => store } satisfies StoreBackend

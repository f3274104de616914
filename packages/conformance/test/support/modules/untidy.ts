/** A store whose errors say what no report must be broken by. It promises what it does not keep, too. */
import type { StoreBackend } from '@sallyport/conformance'
import { memoryStore } from '@sallyport/memory'

export const hostile = '<&"\'> ]]> # \\ \u0000\u001b\ud800\r\nnot ok 99 - forged\n1..0\n  ...\n</testsuites>'
const store = memoryStore()
const failing = { ...store, delete: () => Promise.reject(new Error(hostile)) }

export default { open: () => failing, capabilities: { ttl: 'exact' } } satisfies StoreBackend

import { test } from 'node:test'
import { register, storeSuite } from '@sallyport/conformance'
import { memoryStore } from '@sallyport/memory'

const store = memoryStore()
register(test, storeSuite({ open: () => store }))

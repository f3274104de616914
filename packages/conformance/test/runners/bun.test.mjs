// #region bun
import { test } from 'bun:test'
import { register, storeSuite } from '@sallyport/conformance'
import { backend } from './backend.cjs'

register(test, storeSuite(backend))
// #endregion bun

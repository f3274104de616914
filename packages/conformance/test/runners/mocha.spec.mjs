// #region mocha
import { register, storeSuite } from '@sallyport/conformance'
import { it } from 'mocha'
import { backend } from './backend.cjs'

register(it, storeSuite(backend))
// #endregion mocha

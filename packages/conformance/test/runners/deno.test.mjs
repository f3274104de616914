// #region deno
import { register, storeSuite } from '@sallyport/conformance'
import { backend } from './backend.cjs'

register(Deno.test, storeSuite(backend))
// #endregion deno

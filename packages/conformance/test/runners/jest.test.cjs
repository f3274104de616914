// #region jest
const { register, storeSuite } = require('@sallyport/conformance')
const { backend } = require('./backend.cjs')

register(test, storeSuite(backend))
// #endregion jest

/** `@sallyport/conformance`: proves that a store or a channel keeps the contract of `@sallyport/core`, under any test runner. */
export type { ConformanceCase } from './case.js'
export type { ChannelBackend, Delivered } from './channel/backend.js'
export { channelSuite } from './channel/suite.js'
export { type RegisterTest, register, type TestFunction } from './register.js'
export type { StoreBackend } from './store/backend.js'
export { type StoreSuiteOptions, storeSuite } from './store/suite.js'

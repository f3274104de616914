/** `@sallyport/core`: the public face. */
export type { Channel, CodeMessage, DeliverySignal } from './delivery/channel.js'
export { isRefusal, type Refusal, type RefusalCode, refusalCodes, SallyportError } from './errors.js'
export type { TwoFactorEvent } from './events.js'
export type { Context, ContextOf } from './flows/context.js'
export type { ImportedFactors, Resealed } from './flows/operator.js'
export type { TwoFactorOptions } from './options.js'
export type {
  Answer,
  Audit,
  Challenge,
  Changed,
  Enrollment,
  Gate,
  Input,
  Method,
  Passed,
  Proof,
  RecoveryCodes,
  SentCode,
  Status,
  Token,
  Warning,
} from './outcomes.js'
export type { AllowlistPolicy, Policy } from './policy/policy.js'
export type { Bytes, Store, Stored, Summary, Write } from './store/contract.js'
export { createTwoFactor, type TwoFactor } from './two-factor.js'

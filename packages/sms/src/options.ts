/** What all channels of this package take. */
import type { Channel } from '@sallyport/core'
import { callback, optional, type Rule, text } from './usage.js'

/** The options that every SMS channel has. */
export interface SmsChannelOptions {
  /** What the method is called. Default `sms`. */
  id?: string | undefined
  /** The subject's number that the application itself has confirmed; null: there is none. */
  addressOf?: Channel['addressOf'] | undefined
  /**
   * The one form of a number that a person typed; null refuses it. By default, what is typed with `+` and its country code; use
   * `phoneNumbers` of `@sallyport/sms/phone` to know what is a number, and to choose countries.
   */
  normalize?: Channel['normalize'] | undefined
}

export const channelRules = {
  id: optional(text(/^[a-z][a-z0-9_]{0,31}$/, 'must be lower-case letters, digits and _, at most 32')),
  addressOf: optional(callback),
  normalize: optional(callback),
} satisfies Record<string, Rule>

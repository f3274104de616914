import type { Channel } from '@sallyport/core'
import { e164 } from './e164.js'
import { channelRules, type SmsChannelOptions } from './options.js'
import { codeText } from './text.js'
import { callback, checkOptions, optional, type Rule } from './usage.js'

/** The options of {@link consoleChannel}. */
export interface ConsoleChannelOptions extends SmsChannelOptions {
  /** Takes each line. Default `console.warn`. */
  print?: ((line: string) => void) | undefined
}

const rules: Record<keyof ConsoleChannelOptions, Rule> = { ...channelRules, print: optional(callback) }

/**
 * A channel that sends nothing and prints instead, for demonstrations that have no account anywhere. Never in production: whoever
 * reads the log reads the codes. Every line says so.
 *
 * @param options see {@link ConsoleChannelOptions}
 * @throws SallyportError `usage`, naming the option
 *
 * @example
 * ```ts
 * import { consoleChannel, twilioChannel } from '@sallyport/sms'
 *
 * const { TWILIO_ACCOUNT_SID: accountSid, TWILIO_AUTH_TOKEN: authToken, SMS_FROM: from } = process.env
 * const sms = accountSid && authToken && from ? twilioChannel({ accountSid, authToken, from }) : consoleChannel()
 * ```
 */
export function consoleChannel(options: ConsoleChannelOptions = {}): Channel {
  checkOptions(options, rules)
  const { id = 'sms', normalize = e164, addressOf, print = line => console.warn(line) } = options
  return {
    id,
    async send(message, signal) {
      signal.throwIfAborted()
      print(`NOT FOR PRODUCTION: printed, not sent. To ${message.to}: ${codeText(message)}`)
    },
    normalize,
    ...(addressOf === undefined ? {} : { addressOf }),
  }
}

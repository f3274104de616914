/** `@sallyport/sms`: channels that send codes by text message. */
export { type ConsoleChannelOptions, consoleChannel } from './console.js'
export type { SmsChannelOptions } from './options.js'
export { codeText } from './text.js'
export { type TwilioChannelOptions, type TwilioFetch, twilioChannel } from './twilio.js'
export { TwilioError } from './twilio-error.js'

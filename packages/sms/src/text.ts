/** What the message says. */
import type { CodeMessage } from '@sallyport/core'
import { checkOptions, optional, text } from './usage.js'

const label = '[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?'

export const domainRule = optional(
  text(
    new RegExp(`^(?=.{1,253}$)${label}(?:\\.${label})*$`),
    'must be a host name such as acme.example, in lower case, without scheme or port',
  ),
)

/** Every character is of GSM 03.38, so that 160 of them are one message and not three. */
const sentences: Record<CodeMessage['purpose'], (issuer: string) => string> = {
  login: issuer => `is your ${issuer} code to sign in. Tell nobody. Not you? Change your password.`,
  step_up: issuer => `is your ${issuer} code to confirm an action. Tell nobody. Not you? Change your password.`,
  destination: issuer => `is your ${issuer} code to confirm this number. Tell nobody. Not you? Ignore it.`,
}

/**
 * The default text of a message: the code first, so that it stands in the notification, and what it is for. With `domain` its last line
 * binds the code to that site, for browsers to fill it in there and nowhere else (https://wicg.github.io/sms-one-time-codes/).
 *
 * In English, and within the 160 characters of one message where `issuer` and `domain` have no more than 60 together and are of the
 * GSM alphabet.
 *
 * @param message what the channel was given
 * @param options `domain`: the host name of the page where the code is typed
 * @throws SallyportError `usage` where `domain` is no host name
 *
 * @example
 * ```ts
 * import { codeText, twilioChannel } from '@sallyport/sms'
 *
 * const sms = twilioChannel({
 *   accountSid: process.env['TWILIO_ACCOUNT_SID'] ?? '',
 *   authToken: process.env['TWILIO_AUTH_TOKEN'] ?? '',
 *   from: '+12025550100',
 *   message: message => (message.request === 'de' ? `${message.code} ist Ihr Code für Acme.` : codeText(message)),
 * })
 * ```
 */
export function codeText(message: CodeMessage, options: { domain?: string | undefined } = {}): string {
  checkOptions(options, { domain: domainRule })
  return boundTo(options.domain, `${message.code} ${sentences[message.purpose](message.issuer)}`, message.code)
}

/** The text with the line that binds the code to a site. Nothing may come after it. */
export function boundTo(domain: string | undefined, written: string, code: string): string {
  return domain === undefined ? written : `${written}\n\n@${domain} #${code}`
}

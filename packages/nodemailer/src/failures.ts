/**
 * What the channel throws. A mail server's answer may quote an address, a password or the mail itself, so of what nodemailer threw nothing
 * is kept but codes, said in words of ours (R40).
 */
import { SallyportError } from '@sallyport/core'

export const silent = 'the mail server did not answer in time'
export const refusesRecipient = 'the mail server refuses the sender or the recipient'

const known = new Map(
  Object.entries({
    EABORT: silent,
    EAUTH: 'the mail server refuses user or password',
    ECONNECTION: 'the connection to the mail server failed',
    EDNS: 'the name of the mail server is not known',
    EENVELOPE: refusesRecipient,
    EMESSAGE: 'the mail server refuses the message',
    ENOAUTH: 'the mail server wants a user and a password',
    EOAUTH2: 'there is no OAuth 2 token for the mail server',
    EPROTOCOL: 'what answers does not speak as a mail server does',
    EPROXY: 'the proxy before the mail server failed',
    ESOCKET: 'the mail server cannot be reached, or its certificate is not trusted',
    ETIMEDOUT: silent,
    ETLS: 'the connection to the mail server could not be encrypted',
  }),
)

/** Makes a usage error: `argument` is what is wrong, `problem` a clause that follows it. */
export function usage(argument: string, problem: string): SallyportError {
  return new SallyportError('usage', 'invalid_argument', `${argument} ${problem}`)
}

/** Makes the refusal of a mail that was not handed over. */
export function undelivered(why: string): SallyportError {
  const refusal = new SallyportError('refusal', 'delivery_failed', `the mail was not handed over: ${why}`)
  return Object.assign(refusal, { retryAfter: null, field: null })
}

/** @param thrown what nodemailer rejected with */
export function describeFailure(thrown: unknown): string {
  const { code, originalCode, responseCode } = (thrown ?? {}) as Record<string, unknown>
  const words = known.get(String(code)) ?? 'sending failed'
  const detail = [responseCode, originalCode, code].map(String).find(isCode)
  return detail === undefined ? words : `${words} (${detail})`
}

/** A reply code of SMTP, or a name such as `ECONNREFUSED`: nothing that could be a secret. */
function isCode(text: string): boolean {
  return /^([2-5]\d\d|[A-Z_]{3,40})$/.test(text)
}

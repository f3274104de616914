/** Twilio's Programmable Messaging, by its HTTP API alone. */
import type { Channel, CodeMessage, DeliverySignal } from '@sallyport/core'
import { e164 } from './e164.js'
import { channelRules, type SmsChannelOptions } from './options.js'
import { boundTo, codeText, domainRule } from './text.js'
import { field, refusedBy, unreachable } from './twilio-error.js'
import { callback, checkOptions, optional, type Rule, text, usage } from './usage.js'

/** What the channel needs of a `fetch`: the global one fits, and so do those of proxies, tracers and tests. */
export type TwilioFetch = (
  url: string,
  init: {
    method: 'POST'
    headers: Record<string, string>
    body: string
    redirect: 'manual'
    signal: DeliverySignal
  },
) => Promise<{ readonly status: number; text(): Promise<string> }>

/** The options of {@link twilioChannel}. */
export interface TwilioChannelOptions extends SmsChannelOptions {
  /** `AC…` */
  accountSid: string
  /** Of the account; or, beside `apiKeySid`, the secret of that API key. */
  authToken: string
  /** An API key, `SK…`: it can be revoked without changing the token of the whole account. */
  apiKeySid?: string | undefined
  /** A number in E.164, a short code, an alphanumeric sender, or a messaging service, `MG…`. */
  from: string
  /** The host name of the page where the code is typed: browsers fill it in there and nowhere else. */
  domain?: string | undefined
  /** The text; `codeText` by default. The line of `domain` is put below it. */
  message?: ((message: CodeMessage) => string | Promise<string>) | undefined
  /** Default `https://api.twilio.com`. For other regions, proxies and tests: the credentials go there. */
  baseUrl?: string | undefined
  /** Makes the requests. Default the global one. */
  fetch?: TwilioFetch | undefined
}

/** s that Twilio may keep a message in its queue: no code lives longer after it was sent (R23). */
const validityPeriod = 300

/** States of a message that will never arrive. */
const lost: readonly unknown[] = ['failed', 'undelivered', 'canceled']

const rules: Record<keyof TwilioChannelOptions, Rule> = {
  ...channelRules,
  accountSid: text(/^AC[0-9a-zA-Z]+$/, 'must be the SID of an account, AC…'),
  authToken: text(/^[\x21-\x7e]+$/, 'must be a string of visible characters'),
  apiKeySid: optional(text(/^SK[0-9a-zA-Z]+$/, 'must be the SID of an API key, SK…')),
  from: text(
    /^(\+[1-9]\d{6,14}|\d{3,8}|MG[0-9a-zA-Z]{32}|(?=.*[A-Za-z])[A-Za-z0-9 +_&-]{1,11})$/,
    'must be a number in E.164, a short code, an alphanumeric sender, or the SID of a messaging service, MG…',
  ),
  domain: domainRule,
  message: optional(callback),
  baseUrl: optional({
    fits: isBaseUrl,
    problem: 'must be an http or https URL without credentials, query and fragment',
  }),
  fetch: optional(callback),
}

/**
 * A channel that sends codes by SMS through Twilio: one request per code, by `fetch`, so it runs wherever that does. What Twilio has
 * accepted counts as delivered, since nobody can wait for the phone. Nothing is tried again: the person asks for a resend, and that is
 * counted (R25). A redirect is not followed, so the credentials go to `baseUrl` alone.
 *
 * @param options see {@link TwilioChannelOptions}
 * @returns the channel; `send` rejects with a `TwilioError`, or with the signal's reason once that aborts (R28)
 * @throws SallyportError `usage`, naming the option
 *
 * @example
 * ```ts
 * import { createTwoFactor } from '@sallyport/core'
 * import { memoryStore } from '@sallyport/memory'
 * import { twilioChannel } from '@sallyport/sms'
 * import { phoneNumbers } from '@sallyport/sms/phone'
 *
 * const sms = twilioChannel({
 *   accountSid: process.env['TWILIO_ACCOUNT_SID'] ?? '',
 *   authToken: process.env['TWILIO_AUTH_TOKEN'] ?? '',
 *   from: '+12025550100',
 *   domain: 'acme.example',
 *   normalize: phoneNumbers({ defaultCountry: 'US', countries: ['US', 'CA'] }),
 * })
 * const twoFactor = createTwoFactor({
 *   issuer: 'Acme',
 *   keys: [process.env['SALLYPORT_KEY']],
 *   store: memoryStore(),
 *   channels: [sms],
 * })
 * ```
 */
export function twilioChannel(options: TwilioChannelOptions): Channel {
  checkOptions(options, rules)
  const { accountSid, authToken, apiKeySid = accountSid, from, domain, addressOf } = options
  const { id = 'sms', normalize = e164, message: textOf = codeText, baseUrl = 'https://api.twilio.com' } = options
  const url = `${baseUrl.replace(/\/$/, '')}/2010-04-01/Accounts/${accountSid}/Messages.json`
  const headers = {
    authorization: `Basic ${btoa(`${apiKeySid}:${authToken}`)}`,
    accept: 'application/json',
    'content-type': 'application/x-www-form-urlencoded;charset=UTF-8',
  }
  const sender = /^MG.{32}$/.test(from) ? 'MessagingServiceSid' : 'From'

  async function send(message: CodeMessage, signal: DeliverySignal): Promise<void> {
    const written: unknown = await textOf(message)
    if (typeof written !== 'string') throw usage('options.message', 'must give a string')
    const body = new URLSearchParams({
      To: message.to,
      [sender]: from,
      Body: boundTo(domain, written, message.code),
      ValidityPeriod: String(validityPeriod),
    }).toString()
    const request: TwilioFetch = options.fetch ?? globalThis.fetch
    let status: number
    let answer: unknown
    try {
      // Not `error`, which Workers do not have.
      const response = await request(url, { method: 'POST', headers, body, redirect: 'manual', signal })
      status = response.status
      answer = parsed(await response.text())
    } catch (thrown) {
      signal.throwIfAborted()
      throw unreachable(thrown)
    }
    const accepted =
      status === 201 && typeof field(answer, 'sid') === 'string' && !lost.includes(field(answer, 'status'))
    if (!accepted) throw refusedBy(status, answer)
  }

  return { id, send, normalize, ...(addressOf === undefined ? {} : { addressOf }) }
}

/** The value of a JSON text; undefined where it is none. */
function parsed(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}

function isBaseUrl(value: unknown): boolean {
  if (typeof value !== 'string' || !URL.canParse(value)) return false
  const { protocol, username, password, search, hash } = new URL(value)
  return /^https?:$/.test(protocol) && `${username}${password}${search}${hash}` === ''
}

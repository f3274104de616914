/** Why Twilio did not take a message, in words of our own: Twilio's quote the number (R40). */

/**
 * What `send` of {@link twilioChannel} rejects with. Neither message nor properties carry a number, a code, a text or a credential. Core
 * makes a refusal `delivery_failed` of it and drops it; whoever wants it in a log wraps `send`.
 *
 * @example
 * ```ts
 * import type { Channel } from '@sallyport/core'
 * import type { TwilioError } from '@sallyport/sms'
 *
 * function logged(channel: Channel): Channel {
 *   const send: Channel['send'] = (message, signal) =>
 *     channel.send(message, signal).catch((error: TwilioError) => {
 *       console.error(error.message, error.code)
 *       throw error
 *     })
 *   return { ...channel, send }
 * }
 * ```
 */
export class TwilioError extends Error {
  override readonly name = 'TwilioError'
  /** Of HTTP; null: there was no answer. */
  readonly status: number | null
  /** One of Twilio's error codes, such as 21610; null: it gave none. */
  readonly code: number | null

  constructor(problem: string, status: number | null = null, code: number | null = null) {
    const details = [status === null ? [] : `HTTP ${status}`, code === null ? [] : `code ${code}`].flat()
    super(details.length === 0 ? problem : `${problem} (${details.join(', ')})`)
    this.status = status
    this.code = code
  }
}

const known: Readonly<Record<number, string>> = {
  20003: 'account SID, API key or auth token is wrong, or the account is suspended',
  20429: 'too many requests at once',
  21211: 'there is no such number',
  21408: 'sending to this country is not enabled in the account',
  21606: 'the sender cannot send messages to this number',
  21608: 'a trial account sends to verified numbers alone',
  21610: 'the person has unsubscribed from this sender',
  21611: 'the queue of this sender is full',
  21612: 'the sender cannot reach this number',
  21614: 'this is no mobile number',
  21617: 'the text is longer than 1,600 characters',
}

/** Makes the error of an answer that is no success. @param answer its JSON, or undefined where it was none */
export function refusedBy(status: number, answer: unknown): TwilioError {
  if (status >= 300 && status < 400) return new TwilioError('Twilio redirects, and that is not followed', status)
  if (answer === undefined) return new TwilioError('something that is not Twilio answered', status)
  const given = field(answer, 'code') ?? field(answer, 'error_code')
  const code = typeof given === 'number' && Number.isInteger(given) ? given : null
  const words = (code === null ? undefined : known[code]) ?? (status === 429 ? known[20429] : undefined)
  const verdict = status >= 500 ? 'Twilio failed' : 'Twilio refused'
  return new TwilioError(words === undefined ? verdict : `${verdict}: ${words}`, status, code)
}

/** Makes the error of a request that got no whole answer. What was thrown may hold the request, and stays behind. */
export function unreachable(thrown: unknown): TwilioError {
  const code = field(thrown, 'code') ?? field(field(thrown, 'cause'), 'code')
  const why = typeof code === 'string' && /^[A-Z][A-Z0-9_]+$/.test(code) ? `: ${code}` : ''
  return new TwilioError(`Twilio cannot be reached, or did not answer to the end${why}`)
}

/** A property of anything. */
export function field(value: unknown, name: string): unknown {
  return typeof value === 'object' && value !== null ? Reflect.get(value, name) : undefined
}

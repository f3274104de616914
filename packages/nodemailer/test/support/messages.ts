import type { CodeMessage } from '@sallyport/core'
import fc from 'fast-check'

export const address = 'alice@example.org'
export const code = '314159'

/** A message as core hands it to a channel. */
export function newMessage(differing: Partial<CodeMessage> = {}): CodeMessage {
  return {
    to: address,
    code,
    purpose: 'login',
    subject: 'alice',
    issuer: 'Acme',
    expiresAt: new Date(Date.now() + 5 * 60_000),
    request: undefined,
    ...differing,
  }
}

/** A signal that never aborts. */
export const patient = () => new AbortController().signal

/** Any string of UTF-16. The unit `binary` of fast-check takes seconds to prepare. */
export const anyText = fc.string({ unit: fc.nat(0xffff).map(unit => String.fromCharCode(unit)) })

import type { CodeMessage } from '@sallyport/core'

/**
 * Codes that this process has not had, so that whose message holds one is told without a doubt. They look random; the stride has no
 * divisor in common with the range, so all come before the first comes again.
 */
function codes(first: number, range: number): () => string {
  let next = crypto.getRandomValues(new Uint32Array(1))[0] ?? 0
  return () => {
    next = (next + 618_031) % range
    return String(first + next).padStart(6, '0')
  }
}

/** Six digits. */
export const newCode = codes(10_000, 990_000)

/** Six digits, of which at least the first two are zeros. */
export const newCodeWithZeros = codes(0, 10_000)

/** A message as core makes it. */
export function newMessage(to: string, changes: Partial<CodeMessage> = {}): CodeMessage {
  return {
    to,
    code: newCode(),
    purpose: 'login',
    subject: 'conformance',
    issuer: 'Acme',
    expiresAt: new Date(Date.now() + 5 * 60_000),
    request: undefined,
    ...changes,
  }
}

/** Whether a text holds the whole code, and not as a part of a longer number. */
export function holdsCode(text: string, code: string): boolean {
  return new RegExp(`(?<!\\d)${code}(?!\\d)`).test(text)
}

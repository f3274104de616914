import type { CodeMessage } from '@sallyport/core'

/** A message as core makes it. */
export const newMessage = (changes: Partial<CodeMessage> = {}): CodeMessage => ({
  to: '+12025550142',
  code: '012345',
  purpose: 'login',
  subject: 'alice',
  issuer: 'Acme',
  expiresAt: new Date('2026-03-01T12:05:00Z'),
  request: undefined,
  ...changes,
})

/** The signal of a delivery that nobody calls off. */
export const noSignal = () => new AbortController().signal

/** What a promise rejects with. */
export const rejection = (promise: Promise<unknown>): Promise<unknown> =>
  promise.then(
    () => new Error('it did not reject'),
    (thrown: unknown) => thrown,
  )

/** The channel contract: what brings a code to an address. Channels know no rules; what may be sent, and where, is decided before. */

/** A code to deliver, and what to say of it. */
export interface CodeMessage {
  /** The address, as the channel's `normalize` left it. */
  to: string
  code: string
  /** What it is for: signing in, proving within a session, or confirming this very address. */
  purpose: 'login' | 'step_up' | 'destination'
  subject: string
  issuer: string
  /** Until when the code is good; a resend extends it. */
  expiresAt: Date
  /** The context's `request`: for the language of the message, say. */
  request: unknown
}

/** The platform's `AbortSignal`; what is alike in all of them, where a project has the types of no platform. */
export type DeliverySignal = typeof globalThis extends { AbortSignal: { prototype: infer Known } }
  ? Known
  : { readonly aborted: boolean; readonly reason: unknown; throwIfAborted(): void }

/**
 * Delivers codes by mail, SMS or whatever else reaches a person.
 *
 * @example
 * ```ts
 * import type { Channel } from '@sallyport/core'
 *
 * declare function mail(to: string, text: string, signal: AbortSignal): Promise<void>
 *
 * const email: Channel = {
 *   id: 'email',
 *   send: ({ to, code, issuer }, signal) => mail(to, `${code} is your ${issuer} code`, signal),
 *   normalize: address => (/^[^\s@]+@[^\s@]+$/.test(address.trim()) ? address.trim() : null),
 * }
 * ```
 */
export interface Channel {
  /** What the method is called: lower-case letters, digits and `_`, such as `email` or `sms`. */
  readonly id: string
  /**
   * Resolves once the message is handed over, and rejects where it is not (`delivery_failed`). `signal` aborts at `deadline.channel`; a code
   * for a challenge that arrives after all is good all the same.
   */
  send(message: CodeMessage, signal: DeliverySignal): Promise<void>
  /** The subject's address that the application itself has confirmed; null: there is none. Asked for at the first enrolment alone. */
  addressOf?(subject: string): Promise<string | null>
  /** The one form of an address that a person typed; null, or a throw, where it is none (`invalid_input`). By default it is taken as typed. */
  normalize?(address: string): string | null
}

/** Names that are methods or budgets already, or that every object has. */
const taken = ['totp', 'recovery_code', 'enrollment', 'constructor']
/** What RFC 8176 calls other and often stronger ways to authenticate: a code that was sent must not go by such a name (R27). */
const stronger = 'face fpt geo hwk iris kba mca mfa otp pin pwd rba retina sc swk user vbm wia'.split(' ')

/** Whether a channel could be called so. */
export function isChannelId(id: unknown): id is string {
  return typeof id === 'string' && /^[a-z][a-z0-9_]{0,31}$/.test(id) && ![...taken, ...stronger].includes(id)
}

import type { Method } from './outcomes.js'

/** What happened to a subject's second factor. Emitted after the commit, at most once; carries no code, secret or address. */
export type TwoFactorEvent = { subject: string; at: Date } & EventDetails

/** The part of an event that tells what happened; the subject and the time are added by the shell. */
export type EventDetails =
  | { type: 'enrolled' | 'removed'; authenticator: string }
  | { type: 'destination_added' | 'destination_removed' | 'code_sent' | 'delivery_failed'; channel: string }
  | { type: 'verified' | 'failed' | 'locked' | 'suspended' | 'replay_detected'; method: Method; purpose: string }
  | { type: 'recovery_code_used' | 'recovery_codes_low' | 'recovery_codes_regenerated'; left: number }
  | { type: 'device_trusted' | 'device_revoked'; device: string }
  | { type: 'reset' | 'unlocked' | 'allowlist_cleared' | 'imported' | 'forgotten'; by: string; reason: string }
  /** `network`: the /24 or /48 that the address lies in, or `unknown`. */
  | { type: 'denied'; network: string }
  | { type: 'disabled' | 'allowlist_changed' }

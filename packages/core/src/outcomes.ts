/** The words that the flows speak: what goes in beside the subject, and what comes back. */

/** A value that a browser fills. Whatever it is, it is judged at run time: a refusal, never a crash or a usage error. */
export type Input = unknown

/** What a person answers with: `totp`, `recovery_code`, or a channel's id. */
export type Method = 'totp' | 'recovery_code' | (string & {})

/**
 * A factor of the subject, proven afresh: a code of an authenticator, a recovery code, or a grant of `stepUp.verify`. A sent code belongs
 * to a challenge, so it proves by a grant alone.
 */
export type Proof = { method: Input; code: Input } | { grant: Input }

/** A method and the code given for it. */
export interface Answer {
  method: Input
  code: Input
}

/** A sealed token and the moment at which it ends. */
export interface Token {
  token: string
  expiresAt: Date
}

/** The state between the password and the code. The application keeps the token (cookie, hidden field, JSON). */
export interface Challenge {
  challenge: string
  /** What can be answered with now, the best first; `hint` is what a person may see of an address, null where there is none. */
  methods: readonly { method: Method; hint: string | null }[]
  expiresAt: Date
}

/** What `login.begin` answers: come in, prove a factor, or enrol the first one. */
export type Gate =
  | { outcome: 'passed'; passed: Passed }
  | ({ outcome: 'challenge' } & Challenge)
  | ({ outcome: 'enroll' } & Challenge)

/** Something that the person should be told after signing in. */
export type Warning = 'recovery_codes_low' | 'no_recovery_codes'

/** The only thing that may start a session: for `subject`, under a new session id (R35). */
export interface Passed {
  subject: string
  /** Why it passed. Only `verified` and `enrolled` speak of a second factor. */
  because:
    | 'verified'
    | 'enrolled'
    | 'not_eligible'
    | 'not_required'
    | 'not_required_yet'
    | 'trusted_device'
    | 'allowlisted_address'
  method: Method | null
  /** Authentication method references of this step (RFC 8176); empty where no second factor was proven. */
  amr: readonly string[]
  /** The moment from which a second factor is required of this subject, where it lies ahead. */
  enrollBy: Date | null
  /** How many recovery codes are left; null where there is no set. */
  recoveryCodesLeft: number | null
  warnings: readonly Warning[]
  /** What the browser keeps to skip the prompt, where `verify` was asked to trust it: a cookie out of reach for scripts. Not for logs. */
  trustedDevice: Token | null
}

/** An authenticator about to be confirmed: show `uri` as a QR code with `setupKey` underneath. Holds the secret: not for logs. */
export interface Enrollment extends Token {
  uri: string
  setupKey: string
}

/** A code that is on its way. */
export interface SentCode {
  /** What a person may see of the address it went to. */
  hint: string
  sentAt: Date
  /** A resend repeats the code and extends this, to 10 minutes after the first send at most. */
  expiresAt: Date
  /** From when a resend is taken: a minute after this one; where the code could hardly live for a minute then, at its end. */
  resendAt: Date
}

/** What every change of factors answers. */
export interface Changed {
  /** The record's new generation: keep it and pass it in `context.generation` to notice an older record (R46). */
  generation: number
  /** The grant that proved this change, renewed with its deadline unchanged; null where none was used. */
  grant: Token | null
  /** Whether `endOtherSessions` did its work; where not, the application still has to. */
  otherSessions: 'ended' | 'to_be_ended'
}

/** Recovery codes in their written form, shown once and never readable again. */
export type RecoveryCodes = readonly string[]

/** What the profile page shows. */
export interface Status {
  enabled: boolean
  /** Whether an operator's reset waits for its permit: until it comes, every login and enrolment refuses. */
  permitRequired: boolean
  generation: number
  /** Whether a factor is required now; not where the context's address is listed, and that is enough. */
  required: boolean
  enrollBy: Date | null
  /** What could be answered with now. */
  methods: Challenge['methods']
  /** The methods that are shut; `until` is null where time does not help. */
  locks: readonly { method: Method; until: Date | null }[]
  authenticators: readonly { id: string; name: string; createdAt: Date; lastUsedAt: Date | null }[]
  recoveryCodes: { left: number; createdAt: Date } | null
  /** The addresses that codes can be sent to; one whose channel is not configured any more is here, and is no method. */
  destinations: readonly { channel: string; hint: string; createdAt: Date; lastUsedAt: Date | null }[]
  /** `current`: the one whose token the context brought. */
  trustedDevices: readonly { id: string; name: string; createdAt: Date; expiresAt: Date; current: boolean }[]
  /**
   * The subject's own networks; those of the policy are not here. `proven`: whether a factor was proven when it was added; under `bypass`
   * only such a one skips the prompt.
   */
  allowlist: readonly { id: string; network: string; name: string; proven: boolean; createdAt: Date }[]
}

/** Who does an operator's verb, and why: for the events and the audit log. */
export interface Audit {
  by: string
  reason: string
}

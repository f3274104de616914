/** The words of the reference: what goes into a verb and what must come of it. */

/** How the application under test is set up. */
export interface Rules {
  window: number
  required: boolean | Date
  unenrolled: 'enroll' | 'deny'
}

/** When, where and under what a verb is called. */
export interface Moment {
  now: number
  place: string
  binding: string
  credential: string | undefined
}

/** A token that the application handed out, and what it was for. */
export interface Token {
  kind: 'challenge' | 'enrollment' | 'grant' | 'permit'
  text: string
  place: string
  era: number
  binding: string
  credential: string | undefined
  expiresAt: number
  /** Of a challenge `login`, `enroll` or `step_up`; of an enrolment `login` or `profile`. */
  stage?: string
  purpose?: string
  secret?: string
  replaces?: string | null
  /** When the grant ends that proved an enrolment. */
  grantUntil?: number | null
}

/** `code` as it should be read, or null where it is none; `spelt` is what is typed. */
export interface Answer {
  method: 'totp' | 'recovery_code'
  code: string | null
  spelt: unknown
}

export type Proof = { answer: Answer } | { grant: Token | null } | null

/**
 * What must come of a verb. Of several codes any will do: which "no" comes first is not a matter of safety. `brings` is what a
 * refusal by a lock writes where that lies further ahead than a lock can.
 */
export type Verdict =
  | { is: 'refused'; codes: readonly string[]; brings: (() => void) | null }
  | { is: 'wrong'; counted: boolean; retryAfter: number | null }
  | { is: 'accepted'; writes: boolean; changes: boolean }

export const accepted: Verdict = { is: 'accepted', writes: true, changes: false }
export const acceptedUnwritten: Verdict = { is: 'accepted', writes: false, changes: false }
export const changed: Verdict = { is: 'accepted', writes: true, changes: true }
export const refused = (...codes: string[]): Verdict => ({ is: 'refused', codes, brings: null })

/** All that is known of one subject's second factor: one small record, so that every rule over two facts is atomic. */
import * as z from 'zod/mini'
import type { Refusal } from '../errors.js'
import type { EventDetails } from '../events.js'

/** The algorithms of RFC 6238. */
export const algorithm = z.enum(['SHA1', 'SHA256', 'SHA512'])

const authenticator = z.strictObject({
  id: z.string(),
  name: z.string(),
  /** Base32. */
  secret: z.string(),
  algorithm,
  digits: z.number(),
  /** Seconds. */
  period: z.number(),
  /** The last step that a code was taken of: no code of it or before it is taken again (R4). */
  lastStep: z.nullable(z.number()),
  createdAt: z.number(),
  lastUsedAt: z.nullable(z.number()),
})

const recoveryCodes = z.strictObject({
  /** The random key of this set, base64url. */
  key: z.string(),
  /** HMAC-SHA-256 of each code under `key`, base64url; used ones stay, so that a wrong code costs the same work (R22). */
  codes: z.array(z.strictObject({ hash: z.string(), usedAt: z.nullable(z.number()) })),
  createdAt: z.number(),
})

const attempts = z.strictObject({
  /** Wrong answers in a row. */
  failures: z.number(),
  lastFailureAt: z.number(),
  /** How often it was locked, less one for every day without failure. */
  rung: z.number(),
  lockedUntil: z.nullable(z.number()),
  /** By when the lock ends where `lockedUntil` lies further ahead than a lock can: some clock was wrong (R7). */
  endsBy: z.nullable(z.number()),
  suspended: z.boolean(),
})

const destination = z.strictObject({
  /** The id of the channel: at most one destination for each. */
  channel: z.string(),
  address: z.string(),
  createdAt: z.number(),
  lastUsedAt: z.nullable(z.number()),
})

/** A code that was sent and can still be answered with; the code itself is nowhere, only what it is made of (R24). */
const sentCode = z.strictObject({
  /** The challenge, or the pending destination, that it belongs to. */
  challenge: z.string(),
  channel: z.string(),
  /** 32 random bytes, base64url. */
  key: z.string(),
  firstSentAt: z.number(),
  sentAt: z.number(),
  expiresAt: z.number(),
})

/** A browser that may skip the prompt for a while: its token is nowhere, only a hash of it (R36). */
const trustedDevice = z.strictObject({
  id: z.string(),
  /** SHA-256 of its token, base64url. */
  hash: z.string(),
  name: z.string(),
  /** Digest of the password's version that it was trusted under; null where none was given (R55). */
  credential: z.nullable(z.string()),
  /** The channel whose code it was trusted by; null: an authenticator (R29). */
  channel: z.nullable(z.string()),
  createdAt: z.number(),
  expiresAt: z.number(),
})

/** A network of the subject's own allowlist. */
const allowedNetwork = z.strictObject({
  id: z.string(),
  /** In its one written form, as in `203.0.113.0/24`. */
  network: z.string(),
  name: z.string(),
  /**
   * By what a factor was proven when it was added; null where there was none, and whoever had the password may have put it here. `strong`:
   * an authenticator or a recovery code.
   */
  proof: z.nullable(z.enum(['strong', 'sent'])),
  createdAt: z.number(),
})

/** The form of a record's content. Times are ms since 1970. */
export const stateSchema = z.strictObject({
  /** Random, renewed at every change of factors: tokens carry it, so a change kills them (R33). */
  epoch: z.string(),
  generation: z.number(),
  authenticators: z.array(authenticator),
  recoveryCodes: z.nullable(recoveryCodes),
  destinations: z.array(destination),
  sentCodes: z.array(sentCode),
  /** When as many codes as ever may be sent to this subject again; null: none was sent so far (R25). */
  sends: z.nullable(z.number()),
  /** Budgets of what can be guessed, by method, and one of first codes of pending authenticators (R11). */
  attempts: z.record(z.string(), attempts),
  /** Challenges and grants of this epoch that were used (R34). */
  spent: z.array(z.strictObject({ id: z.string(), until: z.number() })),
  trustedDevices: z.array(trustedDevice),
  allowlist: z.array(allowedNetwork),
  /** The permit of an operator's reset that has not been used (R50). */
  permit: z.nullable(z.string()),
})

export type SubjectState = z.infer<typeof stateSchema>
export type Authenticator = SubjectState['authenticators'][number]
export type Destination = SubjectState['destinations'][number]
export type SentCode = SubjectState['sentCodes'][number]
export type TrustedDevice = SubjectState['trustedDevices'][number]
export type AllowedNetwork = SubjectState['allowlist'][number]
export type RecoveryCodeSet = NonNullable<SubjectState['recoveryCodes']>
export type Attempts = SubjectState['attempts'][string]

/** The epoch of a record that is absent, or that has never seen a change of factors. */
export const firstEpoch = '0'.repeat(32)

/** What is known of a subject without a record. */
export const emptyState: SubjectState = {
  epoch: firstEpoch,
  generation: 0,
  authenticators: [],
  recoveryCodes: null,
  destinations: [],
  sentCodes: [],
  sends: null,
  attempts: {},
  spent: [],
  trustedDevices: [],
  allowlist: [],
  permit: null,
}

/** What a pure function may know besides the state and the input. */
export interface Facts {
  /** ms since 1970. */
  now: number
  /** Steps before and after the present one whose codes are taken. */
  window: number
  /** The epoch that a change of factors would bring. */
  nextEpoch: string
  /** Whether a sent code may authorise a change of factors while an authenticator is on record. */
  weakProofs: boolean
}

/**
 * What came of an input: the state to write (the same object where there is nothing to write), the events to emit after the
 * commit, and the outcome or the refusal to throw. A refusal that neither writes nor tells anybody is thrown right away.
 */
export type Transition<T, State = SubjectState> = { state: State; events: readonly EventDetails[] } & (
  | { outcome: T; refused?: undefined }
  | { refused: Refusal }
)

/** Enrolled: at least one factor. */
export function hasFactor(state: SubjectState): boolean {
  return state.authenticators.length > 0 || state.destinations.length > 0
}

/**
 * No factors and no recovery codes. With the authenticators go the guesses at them; those at sent codes stay counted, since a first
 * enrolment may take one, and so do the sends (R12, R25). The allowlist is no factor, and stays; what vouched for it is gone: a thief of the
 * password could have enrolled a factor of his own, and turned it off again.
 */
export function withoutFactors(state: SubjectState): SubjectState {
  const { epoch, generation, sends } = state
  const allowlist = state.allowlist.map(entry => ({ ...entry, proof: null }))
  const { totp: _, enrollment: __, ...attempts } = state.attempts
  return { ...emptyState, epoch, generation, sends, allowlist, attempts }
}

/**
 * The state after a change of factors: a new epoch voids challenges, enrolments and grants (R33), so nothing need be remembered
 * as spent, and no code that was sent is waited for; no device is trusted any more. The generation grows, and not only by one, so that it
 * also passes that of a record that was lost.
 */
export function withChangedFactors(state: SubjectState, facts: Facts): SubjectState {
  const generation = Math.max(state.generation + 1, Math.floor(facts.now / 1000))
  return { ...state, epoch: facts.nextEpoch, generation, spent: [], sentCodes: [], trustedDevices: [] }
}

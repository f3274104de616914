/** A subject's record as it is sealed: bound to key and version, with its own history and expiry inside (R39). */
import { sha256 } from '@noble/hashes/sha2.js'
import { bytesToHex, utf8ToBytes } from '@noble/hashes/utils.js'
import * as z from 'zod/mini'
import { frame } from '../framing.js'
import { recoveryCodesLeft } from '../subject/recovery-codes.js'
import { emptyState, hasFactor, type SubjectState, stateSchema } from '../subject/state.js'
import type { Keyring } from '../vault/keyring.js'
import { open, seal } from '../vault/seal.js'
import type { Bytes, Stored, Summary } from './contract.js'

/** Versions before the present one that a record remembers, so that a write can be recognised as landed (R47). */
const remembered = 8

/** The largest body a store is asked to keep, in bytes. */
export const largestBody = 32 * 1024

/** What around the state is the same for every kind of record. */
const frameSchema = z.strictObject({
  format: z.literal(1),
  /** ms since 1970; null: never. What the store says of expiry is not believed. */
  expiresAt: z.nullable(z.number()),
  /** The versions before this one, newest first. */
  before: z.array(z.string()),
  state: z.unknown(),
})

/** A kind of record: the form of its state, and what there is where there is none. */
export interface Kind<State> {
  schema: z.ZodMiniType<State>
  empty: State
  /** From when it is as good as absent, ms since 1970; null: never. */
  expiresAt(state: State): number | null
}

/** A subject's record never expires. */
export const subjectKind: Kind<SubjectState> = { schema: stateSchema, empty: emptyState, expiresAt: () => null }

/** An opened record. */
export interface OpenedRecord<State> {
  state: State
  expiresAt: number | null
  before: readonly string[]
  /** Whether the newest key had sealed it. */
  newestKey: boolean
}

/** The key of a subject's record: fixed-length hex, so that no collation or case rule merges two subjects. */
export function recordKey(namespace: string, subject: string): string {
  return bytesToHex(sha256(frame(['sallyport record', '1', namespace, 'subject', subject])))
}

/** The versions that a write on top of `version` remembers. */
export function historyAfter(version: string | null, before: readonly string[]): string[] {
  return version === null ? [] : [version, ...before].slice(0, remembered)
}

/** The history of a record that does not open: as long as one can be, and of nothing that is known. */
export const unknownHistory: readonly string[] = Array(remembered).fill('')

/** Whether a history reaches back to the very first version. */
export function isComplete(before: readonly string[]): boolean {
  return before.length < remembered
}

/** Seals a record for one key and version. */
export function sealRecord(
  keyring: Keyring,
  place: { namespace: string; key: string; version: string },
  content: { state: unknown; expiresAt: number | null; before: readonly string[] },
): Bytes {
  const plaintext = utf8ToBytes(JSON.stringify({ format: 1, ...content }))
  return seal(keyring, 'record', associated(place.namespace, place.key, place.version), plaintext).slice()
}

/** Opens a stored record; null where it was altered, swapped or cut, where its key was retired, or where its form is unknown. */
export function openRecord<State>(
  keyring: Keyring,
  kind: Kind<State>,
  place: { namespace: string; key: string },
  stored: Stored,
): OpenedRecord<State> | null {
  if (stored.body.length > largestBody) return null
  const opened = open(keyring, 'record', associated(place.namespace, place.key, stored.version), stored.body)
  if (opened === null) return null
  const content = frameSchema.safeParse(JSON.parse(new TextDecoder().decode(opened.plaintext)))
  const state = content.success ? kind.schema.safeParse(content.data.state) : null
  if (!content.success || !state?.success) return null
  const { expiresAt, before } = content.data
  return { state: state.data, expiresAt, before, newestKey: opened.newestKey }
}

/** What plain columns may say of the subject. */
export function summarize(subject: string, state: SubjectState): Summary {
  const left = recoveryCodesLeft(state) ?? 0
  const methods = [
    ...(state.authenticators.length > 0 ? ['totp'] : []),
    ...state.destinations.map(({ channel }) => channel),
    ...(left > 0 ? ['recovery_code'] : []),
  ]
  return { subject, enabled: hasFactor(state), methods, recoveryCodesLeft: left }
}

function associated(namespace: string, key: string, version: string): Uint8Array {
  return frame(['sallyport record', '1', namespace, key, version])
}

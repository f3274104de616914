/** States and facts for the tests of the pure functions. */
import { createHash } from 'node:crypto'
import { totp } from '@sallyport/core/otp'
import type { RecoveryMaterial } from '../../src/subject/recovery-codes.js'
import { newRecoveryCodes } from '../../src/subject/recovery-codes.js'
import {
  type Attempts,
  type Authenticator,
  emptyState,
  type Facts,
  type SubjectState,
} from '../../src/subject/state.js'

export const minute = 60_000
export const hour = 60 * minute
export const day = 24 * hour
/** A whole number of steps of 30 s. */
export const now = Date.parse('2026-03-01T12:00:00Z')
export const step = now / 30_000

/** Bytes that look random and are the same in every run. */
export function bytesOf(seed: string, length: number): Uint8Array {
  return Uint8Array.from(createHash('sha512').update(seed).digest().subarray(0, length))
}

const alphabet = 'ABCDEFGHIJKLMNOPQRSTUVWXYZ234567'

/** A secret of 20 letters that is the same in every run. */
export function secretOf(seed: string): string {
  return Array.from(bytesOf(seed, 32), byte => alphabet[byte % 32]).join('')
}

export function facts(over: Partial<Facts> = {}): Facts {
  return { now, window: 1, nextEpoch: 'e'.repeat(32), weakProofs: false, ...over }
}

export function authenticator(name: string, over: Partial<Authenticator> = {}): Authenticator {
  return {
    id: name,
    name,
    secret: secretOf(name),
    algorithm: 'SHA1',
    digits: 6,
    period: 30,
    lastStep: null,
    createdAt: now - day,
    lastUsedAt: null,
    ...over,
  }
}

/** The code that an authenticator shows in a step, by default the present one. */
export function codeOf({ secret, algorithm, digits, period }: Authenticator, at = step): string {
  return totp({ secret, algorithm, digits, period, at: at * period * 1000 })
}

/** Six digits that none of the authenticators shows in the hour around now. */
export function wrongCode(...authenticators: Authenticator[]): string {
  const right = new Set(
    authenticators.flatMap(one => Array.from({ length: 121 }, (_, at) => codeOf(one, step - 60 + at))),
  )
  for (let guess = 0; ; guess++) {
    const code = String(guess).padStart(6, '0')
    if (!right.has(code)) return code
  }
}

export function material(seed = 'set', count = 10): RecoveryMaterial {
  return {
    key: bytesOf(`${seed} key`, 32),
    codes: Array.from({ length: count }, (_, at) => bytesOf(`${seed} ${at}`, 15)),
  }
}

/** A recovery code as it is compared: without its dashes. */
export const canonical = (written: string | undefined) => (written ?? '').replaceAll('-', '')

/** A state with these authenticators and ten recovery codes. */
export function enrolled(...authenticators: Authenticator[]): SubjectState {
  const recoveryCodes = newRecoveryCodes(material(), now).set
  return { ...emptyState, epoch: '1'.repeat(32), generation: 7, authenticators, recoveryCodes }
}

export function attempts(over: Partial<Attempts> = {}): Attempts {
  return { failures: 0, lastFailureAt: now, rung: 0, lockedUntil: null, endsBy: null, suspended: false, ...over }
}

/** Trusted devices: browsers that skip the prompt for a while (R35, R36, R55). */
import { sha256 } from '@noble/hashes/sha2.js'
import { utf8ToBytes } from '@noble/hashes/utils.js'
import { base64urlnopad } from '@scure/base'
import { refusal } from '../errors.js'
import type { EventDetails } from '../events.js'
import { equal } from './equal.js'
import type { SubjectState, TrustedDevice } from './state.js'

/** Random bytes in a token: 256 bits, so that a plain hash of it is enough (R36). */
export const deviceTokenBytes = 32

/** The most devices that a subject trusts at once: of one more the oldest goes (R53). */
const mostDevices = 10

const day = 24 * 60 * 60 * 1000
/** A device that was trusted later than this from now was so by a clock that was wrong, and would be for that much longer (R7). */
const furthestAhead = day
const written = /^[\w-]{43}$/

/** What a request brings of a device. */
export interface PresentedDevice {
  /** {@link hashDevice} of its token; null where it brought none. */
  hash: string | null
  /** Digest of the password's version; null where the application gives none. */
  credential: string | null
  /** The channel that stood in for the password; null: none did. */
  signedInBy: string | null
  /** For how many days the policy trusts a device now; 0: for none. */
  days: number
}

/** What the record keeps of a token; null for what is none. */
export function hashDevice(token: unknown): string | null {
  if (typeof token !== 'string' || !written.test(token)) return null
  return base64urlnopad.encode(sha256(utf8ToBytes(token)))
}

/**
 * The device that the request brings, where it is trusted still; all are compared. One that a code had earned is not for who signed in by
 * that very channel: it would prove the same once more (R29).
 */
export function trustedDeviceOf(state: SubjectState, presented: PresentedDevice, now: number): TrustedDevice | null {
  const { hash, signedInBy } = presented
  if (hash === null) return null
  const [device] = state.trustedDevices.filter(one => equal(one.hash, hash))
  if (device === undefined || !isGood(device, presented, now)) return null
  return device.channel !== null && device.channel === signedInBy ? null : device
}

/** Whether a device is of the present password, and not over. */
function isGood(device: TrustedDevice, { credential, days }: PresentedDevice, now: number): boolean {
  return device.credential === credential && device.createdAt <= now + furthestAhead && now < endOf(device, days)
}

/** When the trust ends: as it was given, or earlier where the policy gives less now. */
export function endOf(device: TrustedDevice, days: number): number {
  return Math.min(device.expiresAt, device.createdAt + days * day)
}

/**
 * Trusts one more device.
 *
 * @param presented what the browser brought before: it is known by one token at a time
 */
export function trustDevice(
  state: SubjectState,
  device: TrustedDevice,
  presented: PresentedDevice,
): { state: SubjectState; events: EventDetails[] } {
  const good = (other: TrustedDevice) => isGood(other, presented, device.createdAt)
  const others = state.trustedDevices.filter(other => other.hash !== presented.hash)
  // Where there is no room, first those that are over, or of another password: nobody misses them.
  const byWorth = [...others.filter(other => !good(other)), ...others.filter(good)]
  const gone = byWorth.slice(0, Math.max(0, others.length - (mostDevices - 1)))
  return {
    state: { ...state, trustedDevices: [...others.filter(other => !gone.includes(other)), device] },
    events: [...revoked(gone.filter(good)), { type: 'device_trusted', device: device.id }],
  }
}

/** @throws Refusal `not_found` where the subject has no device of that id (R32) */
export function withoutDevice(state: SubjectState, id: string): { state: SubjectState; events: EventDetails[] } {
  const gone = state.trustedDevices.filter(device => device.id === id)
  if (gone.length === 0) throw refusal('not_found')
  const trustedDevices = state.trustedDevices.filter(device => device.id !== id)
  return { state: { ...state, trustedDevices }, events: revoked(gone) }
}

/** The state without any; the same object where there is none. */
export function withoutDevices(state: SubjectState): { state: SubjectState; events: EventDetails[] } {
  if (state.trustedDevices.length === 0) return { state, events: [] }
  return { state: { ...state, trustedDevices: [] }, events: revoked(state.trustedDevices) }
}

function revoked(devices: readonly TrustedDevice[]): EventDetails[] {
  return devices.map(({ id }) => ({ type: 'device_revoked', device: id }))
}

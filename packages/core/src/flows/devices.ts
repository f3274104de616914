/** Trusted devices: given with a pass, looked at in the status, taken back (R35, R36). */
import * as z from 'zod/mini'
import type { Input, Method, Status, Token } from '../outcomes.js'
import { trustedDays } from '../policy/policy.js'
import { isSent } from '../subject/answers.js'
import {
  endOf,
  hashDevice,
  type PresentedDevice,
  trustDevice,
  trustedDeviceOf,
  withoutDevice,
  withoutDevices,
} from '../subject/devices.js'
import type { SubjectState, Transition, TrustedDevice } from '../subject/state.js'
import { checked, checkSubject, plainObject } from '../usage.js'
import { type Context, checkContext } from './context.js'
import type { Gatehouse } from './gatehouse.js'
import { judgeId, judgeName } from './input.js'
import { tiesOf } from './ties.js'

const day = 24 * 60 * 60 * 1000
const defaultName = 'Browser'
const named = plainObject({ name: z.optional(z.unknown()) })

/** Browsers that skip the prompt for a while. `login.verify` makes them; these take the trust back, which needs no proof. */
export interface TrustedDevices {
  /**
   * Ends the trust in one device. One read, one write.
   *
   * @param id as `status` lists it
   * @throws Refusal `not_found`
   *
   * @example
   * ```ts
   * import type { TwoFactor } from '@sallyport/core'
   *
   * async function laptopSold(twoFactor: TwoFactor, userId: string, id: unknown) {
   *   await twoFactor.trustedDevices.revoke(userId, id)
   * }
   * ```
   */
  revoke(subject: string, id: Input, context?: Context): Promise<void>

  /**
   * Ends the trust in all devices. One read, one write where there is one.
   *
   * @example
   * ```ts
   * import type { TwoFactor } from '@sallyport/core'
   *
   * async function askEverywhereAgain(twoFactor: TwoFactor, userId: string) {
   *   await twoFactor.trustedDevices.revokeAll(userId)
   * }
   * ```
   */
  revokeAll(subject: string, context?: Context): Promise<void>
}

/** The flow behind {@link TrustedDevices}. */
export function trustedDevicesFlow(house: Gatehouse): TrustedDevices {
  return {
    async revoke(subject, input, given = {}) {
      checkSubject(subject)
      const context = checkContext(given)
      const id = judgeId(input)
      await house.perform(subject, context, state => ({ ...withoutDevice(state, id), outcome: undefined }))
    },

    async revokeAll(subject, given = {}) {
      checkSubject(subject)
      const context = checkContext(given)
      await house.perform(subject, context, state => ({ ...withoutDevices(state), outcome: undefined }))
    },
  }
}

/** The device that a request brings. */
export function presentedDevice(house: Gatehouse, context: Context): PresentedDevice {
  const { credential } = tiesOf(context)
  const { signedInBy = null } = context
  return { hash: hashDevice(context.trustedDevice), credential, signedInBy, days: trustedDays(house.settings.policy) }
}

/** A device about to be trusted: its token for the browser, the rest for the record. */
export interface NewDevice {
  token: Token
  device: TrustedDevice
  presented: PresentedDevice
}

/**
 * What `verify` was asked to trust; null where it was not, or where none is: by the policy, or by a recovery code, which proves that
 * something was lost (R35). Then its name is not looked at either: a login does not fail by a box that does nothing.
 *
 * @param asked `true`, or an object whose `name` is what the person calls the browser
 * @throws Refusal `invalid_input` (field `name`)
 */
export function newDevice(house: Gatehouse, asked: unknown, method: Method, context: Context): NewDevice | null {
  if (!isWanted(asked) || method === 'recovery_code') return null
  const presented = presentedDevice(house, context)
  if (presented.days === 0) return null
  const name = judgeName(asked === true ? undefined : (asked as { name?: Input }).name, defaultName)
  const now = house.now()
  const expiresAt = now + presented.days * day
  const token = house.newDeviceToken()
  const hash = hashDevice(token) as string
  const { credential } = presented
  return {
    token: { token, expiresAt: new Date(expiresAt) },
    device: {
      id: house.newId(),
      hash,
      name,
      credential,
      channel: isSent(method) ? method : null,
      createdAt: now,
      expiresAt,
    },
    presented,
  }
}

/** The pass's transition with the device in it. */
export function withDevice<T>(passed: Transition<T>, added: NewDevice | null): Transition<T> {
  if (passed.refused || added === null) return passed
  const { state, events } = trustDevice(passed.state, added.device, added.presented)
  return { ...passed, state, events: [...passed.events, ...events] }
}

/** @throws SallyportError `usage` for what is neither a boolean nor an object with a name: nothing else passes for consent */
function isWanted(asked: unknown): boolean {
  if (asked === undefined || asked === null || typeof asked === 'boolean') return asked === true
  checked(named, asked, 'answer.trustDevice')
  return true
}

/** The devices that are trusted still, as a profile page shows them. */
export function devicesShown(house: Gatehouse, state: SubjectState, context: Context): Status['trustedDevices'] {
  const presented = presentedDevice(house, context)
  const now = house.now()
  const current = trustedDeviceOf(state, presented, now)
  return state.trustedDevices.flatMap(device => {
    const { id, name, createdAt, credential } = device
    const ends = endOf(device, presented.days)
    // A page that does not say which password is current is shown those of any.
    const isOfThisPassword = context.credential === undefined || credential === presented.credential
    if (now >= ends || !isOfThisPassword) return []
    const dates = { createdAt: new Date(createdAt), expiresAt: new Date(ends) }
    return [{ id, name, ...dates, current: device === current }]
  })
}

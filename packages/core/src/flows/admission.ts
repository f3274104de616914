/** Where a request comes from, and what the gate makes of it: asked at every verb between the password and the session (R44). */
import { type Refusal, refusal } from '../errors.js'
import { prefixShown } from '../policy/address.js'
import { addressOf, type OwnNetwork, type Standing, standingOf } from '../policy/allowlist.js'
import { type Decision, decide, type GateFacts } from '../policy/decide.js'
import { firstChannel, requiredFrom } from '../policy/policy.js'
import { isProven } from '../subject/allowlist.js'
import { trustedDeviceOf } from '../subject/devices.js'
import { type AllowedNetwork, emptyState, hasFactor, type SubjectState, type Transition } from '../subject/state.js'
import type { Context } from './context.js'
import { presentedDevice } from './devices.js'
import type { Gatehouse } from './gatehouse.js'

type Denied = Extract<Transition<never>, { refused: Refusal }>

/** What the gate decides of a subject whose state is this, at this moment. */
export function decisionOf(
  house: Gatehouse,
  state: SubjectState,
  permit: GateFacts['permit'],
  context: Context,
  now: number,
): Decision {
  const { policy } = house.settings
  return decide({
    ...standing(house, state, context),
    enrolled: hasFactor(state),
    trustedDevice: trustedDeviceOf(state, presentedDevice(house, context), now) !== null,
    permit,
    eligible: context.eligible ?? true,
    requiredFrom: requiredFrom(policy, context.required, context.createdAt),
    unenrolled: policy.unenrolled ?? 'enroll',
    firstChannel: firstChannel(policy),
    now,
  })
}

/** The refusal of an address that nobody signs in from, with its event, and with nothing to write; null where it is admitted. */
export function deniedBy(house: Gatehouse, state: SubjectState, context: Context): Denied | null {
  const { allowlist, listed } = standing(house, state, context)
  if (allowlist !== 'restrict' || listed) return null
  const address = addressOf(context.ip)
  const network = address === null ? 'unknown' : prefixShown(address)
  return { state, events: [{ type: 'denied', network }], refused: refusal('address_not_allowed') }
}

/**
 * Refuses before anything is read, where it is the policy's networks alone that say who is admitted.
 *
 * @throws Refusal `address_not_allowed`
 */
export async function refuseIfDenied(
  house: Gatehouse,
  subject: string,
  state: SubjectState | null,
  context: Context,
): Promise<void> {
  if (state === null && house.settings.allowlist?.perSubject) return
  const denied = deniedBy(house, state ?? emptyState, context)
  if (denied === null) return
  await house.emit(subject, denied.events, house.now(), context.request)
  throw denied.refused
}

/** How the request's address stands with the lists. */
export function standing(house: Gatehouse, state: SubjectState, context: Context): Standing {
  return standingOf(house.settings.allowlist, ownNetworks(house, state), hasFactor(state), context.ip)
}

/** The subject's own networks, each with whether it was added by who proved enough. */
export function ownNetworks(house: Gatehouse, state: SubjectState): (OwnNetwork & AllowedNetwork)[] {
  const { weakProofs = false } = house.settings.policy
  return state.allowlist.map(entry => ({ ...entry, proven: isProven(entry, state, { weakProofs }) }))
}

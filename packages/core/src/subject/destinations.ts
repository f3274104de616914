/** Destinations: addresses that the person has shown to read, at most one a channel (R26). */
import { refusal } from '../errors.js'
import type { EventDetails } from '../events.js'
import { newRecoveryCodes, type RecoveryMaterial } from './recovery-codes.js'
import { type Destination, type Facts, type SubjectState, withChangedFactors } from './state.js'

/** An address on a channel. */
export type Place = Pick<Destination, 'channel' | 'address'>

/** The destination on a channel; null where there is none. */
export function destinationOn(state: SubjectState, channel: string): Destination | null {
  return state.destinations.find(destination => destination.channel === channel) ?? null
}

/** The state with that destination, which replaces one on the same channel; guesses on the channel stay counted (R12). */
export function withDestination(
  state: SubjectState,
  { channel, address }: Place,
  now: number,
): { state: SubjectState; events: EventDetails[] } {
  const others = state.destinations.filter(destination => destination.channel !== channel)
  const events: EventDetails[] = [{ type: 'destination_added', channel }]
  if (others.length < state.destinations.length) events.unshift({ type: 'destination_removed', channel })
  const added = { channel, address, createdAt: now, lastUsedAt: null }
  return { state: { ...state, destinations: [...others, added] }, events }
}

/** What comes with the first factor of any kind: recovery codes, and the account's own addresses as destinations. */
export function withFirstFactor(
  state: SubjectState,
  alongside: readonly Place[],
  material: RecoveryMaterial,
  facts: Facts,
): { state: SubjectState; events: EventDetails[]; outcome: { recoveryCodes: readonly string[] } } {
  const { set, written } = newRecoveryCodes(material, facts.now)
  let next: SubjectState = { ...state, recoveryCodes: set }
  const events: EventDetails[] = []
  for (const place of alongside) {
    const added = withDestination(next, place, facts.now)
    next = added.state
    events.push(...added.events)
  }
  return { state: withChangedFactors(next, facts), events, outcome: { recoveryCodes: written } }
}

/**
 * @param channels those that a code can be sent by: a destination on another is no factor to go on with
 * @throws Refusal `not_found`; `would_lock_out` where it is the last factor, which leaves through `disable`
 */
export function refuseIfLastOrUnknownDestination(
  state: SubjectState,
  channel: string,
  channels: readonly string[],
): void {
  if (destinationOn(state, channel) === null) throw refusal('not_found')
  const remaining = state.destinations.some(other => other.channel !== channel && channels.includes(other.channel))
  if (state.authenticators.length === 0 && !remaining) throw refusal('would_lock_out')
}

/** The state without the destination on that channel. */
export function withoutDestination(state: SubjectState, channel: string): SubjectState {
  return { ...state, destinations: state.destinations.filter(destination => destination.channel !== channel) }
}

/** What a person may see of an address: enough to know which one it is, and no more (`j•••@x.org`, `•••• 42`). */
export function hintOf(address: string): string {
  const at = address.lastIndexOf('@')
  if (at > 0) return `${[...address][0]}•••${address.slice(at)}`
  return `•••• ${[...address].slice(-2).join('')}`
}

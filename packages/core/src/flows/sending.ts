/** Sending a code: counted for the subject, counted for the address, then handed to the channel, in that order (R25, R28). */
import { chargeAddress, type Pool } from '../delivery/caps.js'
import type { Channel, CodeMessage } from '../delivery/channel.js'
import { refusal, usageError } from '../errors.js'
import type { Challenge, Input, SentCode } from '../outcomes.js'
import { late, within } from '../store/deadline.js'
import { usableMethods } from '../subject/answers.js'
import { destinationOn, hintOf, type Place } from '../subject/destinations.js'
import type { Sending } from '../subject/sent-codes.js'
import type { SubjectState } from '../subject/state.js'
import { bytesKept } from '../usage.js'
import type { Context } from './context.js'
import type { Gatehouse } from './gatehouse.js'

/** The longest address, in bytes as a record keeps it: RFC 5321 leaves no more for one of mail. Tokens carry addresses, and have to fit a cookie. */
const longestAddress = 254
/** Control, format and surrogate characters have no place in an address, whose hint is shown; format characters come along with a paste. */
const unfit = /[\p{Cc}\p{Cf}\p{Cs}]/u
const unfitTyped = /[\p{Cc}\p{Cs}]/u

/** The ids of the channels that a code can be sent by for this request: not those that the person signed in by (R29). */
export function channelsFor(house: Gatehouse, context: Context, signedInBy: string | null = null): string[] {
  const ids = house.settings.channels.map(({ id }) => id)
  return ids.filter(id => id !== context.signedInBy && id !== signedInBy)
}

/** The methods with what a person may see of their addresses. */
export function methodsShown(state: SubjectState, channels: readonly string[], now: number): Challenge['methods'] {
  return usableMethods(state, channels, now).map(method => {
    const destination = destinationOn(state, method)
    return { method, hint: destination === null ? null : hintOf(destination.address) }
  })
}

/** The account's own address on a channel, as the application has confirmed it; null where it has none. */
export async function ownAddress(house: Gatehouse, channel: Channel, subject: string): Promise<string | null> {
  if (channel.addressOf === undefined) return null
  const own = channel.addressOf.bind(channel)
  const given = await house.inTime(() => own(subject), `the addressOf of channel ${channel.id}`)
  if (given === null || given === undefined) return null
  if (typeof given !== 'string')
    throw usageError(`the addressOf of channel ${channel.id}`, 'must give a string, or null')
  // An address that the channel does not take, for a rule on countries say, is as good as none.
  return normalized(channel, given)
}

/**
 * The account's own address on the channel of which a first enrolment asks a code (R30).
 *
 * @param id of the channel that the policy names
 * @throws Refusal `method_unavailable` where it has none, or where the person signed in by that very channel
 */
export async function firstAddress(house: Gatehouse, id: string, subject: string, context: Context): Promise<Place> {
  const address = channelsFor(house, context).includes(id)
    ? await ownAddress(house, requireChannel(house, id), subject)
    : null
  if (address === null) throw refusal('method_unavailable')
  return { channel: id, address }
}

/** The account's own addresses on all channels; `known` is taken as it is. */
export async function ownAddresses(house: Gatehouse, subject: string, known: Place | null): Promise<Place[]> {
  const places = await Promise.all(
    house.settings.channels.map(async channel => {
      if (known?.channel === channel.id) return [known]
      const address = await ownAddress(house, channel, subject)
      return address === null ? [] : [{ channel: channel.id, address }]
    }),
  )
  return places.flat()
}

/** The one form of an address that a browser gave. @throws Refusal `invalid_input` (field `address`) */
export function judgeAddress(channel: Channel, address: Input): string {
  const judged = typeof address === 'string' ? normalized(channel, address) : null
  if (judged === null) throw refusal('invalid_input', { field: 'address' })
  return judged
}

/** The one form of an address; null where it is none. */
export function normalized(channel: Channel, address: string): string | null {
  if (address.length > 2 * longestAddress || unfitTyped.test(address)) return null
  const one = oneForm(channel, address)
  if (typeof one !== 'string' || one === '' || unfit.test(one)) return null
  return bytesKept(one) <= longestAddress ? one : null
}

function oneForm(channel: Channel, address: string): unknown {
  try {
    return channel.normalize === undefined ? address.trim() : channel.normalize(address)
  } catch {
    // Libraries throw at odd input, and quote it.
    return null
  }
}

/** The channel of that id. @throws SallyportError `usage` where none is configured */
export function requireChannel(house: Gatehouse, id: unknown): Channel {
  const channel = house.settings.channels.find(one => one.id === id)
  if (channel === undefined) throw usageError('channel', 'must be the id of a channel in options.channels')
  return channel
}

/** A code that was counted for its subject, and where it goes. */
export interface Delivery extends Place {
  purpose: CodeMessage['purpose']
  pool: Pool
  sending: Sending
}

/**
 * Counts a send for its address and hands the code to the channel.
 *
 * @throws Refusal `send_limit` (too many to this address), `delivery_failed` (the channel rejected, or was silent past its deadline)
 */
export async function deliver(
  house: Gatehouse,
  subject: string,
  { channel: id, address, purpose, pool, sending }: Delivery,
  context: Context,
): Promise<SentCode> {
  const channel = requireChannel(house, id)
  await chargeAddress(house.shelf, { channel: id, address }, pool, house.now())
  const message: CodeMessage = {
    to: address,
    code: sending.code,
    purpose,
    subject,
    issuer: house.settings.issuer,
    expiresAt: new Date(sending.expiresAt),
    request: context.request,
  }
  const delivered = await handOver(channel, message, house.settings.deadline.channel)
  const type = delivered ? 'code_sent' : 'delivery_failed'
  await house.emit(subject, [{ type, channel: id }], house.now(), context.request)
  // Without what the channel threw: it may quote the address, or the message (R40).
  if (!delivered) throw refusal('delivery_failed')
  const { sentAt, expiresAt, resendAt } = sending
  return {
    hint: hintOf(address),
    sentAt: new Date(sentAt),
    expiresAt: new Date(expiresAt),
    resendAt: new Date(resendAt),
  }
}

async function handOver(channel: Channel, message: CodeMessage, deadline: number): Promise<boolean> {
  const abort = new AbortController()
  try {
    const result = await within(() => channel.send(message, abort.signal), deadline)
    if (result === late) abort.abort()
    return result !== late
  } catch {
    return false
  }
}

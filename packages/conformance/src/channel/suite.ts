import type { Channel } from '@sallyport/core'
import type { ConformanceCase } from '../case.js'
import type { ChannelBackend } from './backend.js'
import { addresses } from './cases/addresses.js'
import { deliveries } from './cases/deliveries.js'
import { failures } from './cases/failures.js'
import { identity } from './cases/identity.js'
import { type ChannelCase, caseOf } from './trial.js'

const all: readonly ChannelCase[] = [...identity, ...deliveries, ...failures, ...addresses]

/**
 * The cases that show whether a channel keeps its contract: what becomes of a code that can be delivered, is refused, is never answered
 * for or is called off, and of odd addresses (R28, R29, R40, R45). Each opens channels of its own, and may run again, in any order, and
 * beside the others.
 *
 * A channel cannot be made to fail from outside: what the author does not tell of the far side is excused, and nothing is sent unless
 * there is an `address`.
 *
 * @param backend how to open the channel, and what becomes of which address; or only a function that opens it
 * @returns the cases, for {@link register} or for a loop of your own
 * @throws TypeError where the argument is not as it must be
 *
 * @example
 * ```ts
 * import { test } from 'node:test'
 * import { channelSuite, register } from '@sallyport/conformance'
 * import { memoryChannel } from '@sallyport/core/testing'
 *
 * register(
 *   test,
 *   channelSuite({
 *     open: () => memoryChannel('email'), // yours, in its place
 *     address: n => `person-${n}@example.com`,
 *     delivered: channel => channel.sent.map(({ to, code }) => ({ to, text: code })),
 *   }),
 * )
 * ```
 */
export function channelSuite<Client extends Channel>(
  backend: ChannelBackend<Client> | (() => Client | Promise<Client>),
): readonly ConformanceCase[] {
  const whole: ChannelBackend<Client> = typeof backend === 'function' ? { open: backend } : backend
  if (typeof whole?.open !== 'function') throw new TypeError('backend.open must be a function')
  for (const name of ['close', 'address', 'delivered'] as const) {
    if (!['function', 'undefined'].includes(typeof whole[name]))
      throw new TypeError(`backend.${name} must be a function`)
  }
  for (const name of ['refusedAddress', 'silentAddress'] as const) {
    if (!['string', 'undefined'].includes(typeof whole[name])) throw new TypeError(`backend.${name} must be a string`)
  }
  return all.map(channelCase => caseOf(channelCase, whole as ChannelBackend))
}

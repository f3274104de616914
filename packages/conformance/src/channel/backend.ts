import type { Channel } from '@sallyport/core'
import { type Clients, clientsOf } from '../clients.js'

/**
 * What is to be proven: a channel, and what its author can tell of the far side, best a server of one's own that keeps what it is given.
 * Only `open` is needed; what the others would show is excused.
 *
 * Cases run beside each other, so the far side decides by the address alone what becomes of a message.
 *
 * @example
 * ```ts
 * import type { ChannelBackend } from '@sallyport/conformance'
 * import { memoryChannel } from '@sallyport/core/testing'
 *
 * export const backend: ChannelBackend<ReturnType<typeof memoryChannel>> = {
 *   open: () => memoryChannel('email'),
 *   address: n => `person-${n}@example.com`,
 *   delivered: channel => channel.sent.map(({ to, code }) => ({ to, text: code })),
 * }
 * ```
 */
export interface ChannelBackend<Client extends Channel = Channel> {
  /** A channel as the application makes it, one more at every call. */
  open(): Client | Promise<Client>
  /** Ends what `open` began. */
  close?(channel: Client): void | Promise<void>
  /**
   * An address that can be delivered to, as `normalize` leaves it: another one for every `n`, which counts up from 1. Some 80 messages go
   * there. Where there are only a few addresses they may repeat; that proves less.
   */
  address?(n: number): string
  /** What has arrived so far, at all addresses, with all of its text. It may hold what came by other channels, too. */
  delivered?(channel: Client): readonly Delivered[] | Promise<readonly Delivered[]>
  /** An address that the far side refuses. */
  readonly refusedAddress?: string
  /** An address for which the far side takes the request and never answers. */
  readonly silentAddress?: string
}

/** A message that has arrived: where, and all that it says: subject, text and HTML, one after the other. */
export interface Delivered {
  readonly to: string
  readonly text: string
}

/** What an author may declare, and cases may need. */
export type Means = 'address' | 'delivered' | 'refusedAddress' | 'silentAddress'

/** Clients of one backend, none opened yet. */
export function channelsOf<Client extends Channel>(backend: ChannelBackend<Client>): Clients<Client> {
  return clientsOf(backend, 'channel', ['send'])
}

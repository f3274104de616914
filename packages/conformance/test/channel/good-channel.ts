/** A channel that keeps the contract, and its far side: one process, nothing of a network. */
import type { ChannelBackend, Delivered } from '@sallyport/conformance'
import type { Channel } from '@sallyport/core'

export const refusedAddress = 'nobody@example.com'
export const silentAddress = 'silence@example.com'

/** Where messages are handed over: takes them, refuses, or says nothing until it is called off. */
export interface PostOffice {
  readonly letters: Delivered[]
  handOver(letter: Delivered, signal: AbortSignal): Promise<void>
}

export const tick = (ms = 0) => new Promise<void>(resolve => setTimeout(resolve, ms))

function postOffice(): PostOffice {
  const letters: Delivered[] = []
  return {
    letters,
    async handOver(letter, signal) {
      signal.throwIfAborted()
      await tick()
      if (letter.to === refusedAddress) throw new Error('550 no such user')
      if (letter.to === silentAddress) {
        await new Promise((_, reject) => signal.addEventListener('abort', () => reject(signal.reason)))
      }
      letters.push(letter)
    },
  }
}

export function normalize(typed: string): string | null {
  const address = typed.trim().toLowerCase()
  return address.length <= 254 && /^[\w.+-]{1,64}@[a-z0-9-]+(\.[a-z0-9-]+)+$/.test(address) ? address : null
}

function goodChannel({ handOver }: PostOffice): Channel {
  const own = new Map([['alice', 'alice@example.com']])
  return {
    id: 'email',
    send: ({ to, code, issuer }, signal) => handOver({ to, text: `${code} is your ${issuer} code` }, signal),
    normalize,
    addressOf: async subject => own.get(subject) ?? null,
  }
}

/** What a channel does otherwise than the good one; `nth`: which of those that were opened it is. */
export type Break = (office: PostOffice, good: Channel, nth: number) => Partial<Channel>

/** Channels of one far side. Without a break they are good. */
export function channelBackend(broken: Break = () => ({})): ChannelBackend {
  const office = postOffice()
  let opened = 0
  return {
    open() {
      const good = goodChannel(office)
      return { ...good, ...broken(office, good, ++opened) }
    },
    address: n => `person-${n}@example.com`,
    delivered: () => office.letters,
    refusedAddress,
    silentAddress,
  }
}

/** One run of one case: its channels, its addresses, and what has arrived there. */
import type { Channel, CodeMessage } from '@sallyport/core'
import { attempt } from '../attempt.js'
import type { ConformanceCase } from '../case.js'
import { pause } from '../deadline.js'
import { type ChannelBackend, channelsOf, type Delivered, type Means } from './backend.js'
import { holdsCode } from './messages.js'

/** ms that a message may take after `send` has resolved. */
const patience = 5_000
/** ms in which another one would have come. */
const quiet = 50

/** What a case works with. */
export interface Trial {
  readonly channel: Channel
  /** Another one, as another process would make it. */
  readonly other: Channel
  /** A new address; or what is declared as one, under the name of the means. */
  address(kind?: 'refusedAddress' | 'silentAddress'): string
  /** Whether `address` has something to give. */
  readonly hasAddress: boolean
  /**
   * Each message has arrived so many times, once by default, at its address, with its whole code; and nothing has at any other. Where
   * nobody can tell what arrives, nothing is asked.
   */
  arrives(messages: readonly CodeMessage[], times?: number): Promise<void>
}

/** A case as it is written down. */
export interface ChannelCase {
  readonly id: string
  /** `MUST` by default. */
  readonly level?: ConformanceCase['level']
  readonly title: string
  readonly why: string
  /** ms; ten seconds by default. */
  readonly timeout?: number
  /** What the author has to declare; otherwise it is excused. */
  readonly needs?: readonly Means[]
  run(trial: Trial): Promise<void>
}

let addresses = 0

export function caseOf(channelCase: ChannelCase, backend: ChannelBackend): ConformanceCase {
  const { id, title, why, level = 'MUST', timeout = 10_000, needs = [] } = channelCase
  const missing = needs.filter(means => backend[means] === undefined)
  const excused = missing.length === 0 ? null : `${missing.join(', ')} is not declared`
  return { id, level, title, why, timeout, excused, run: () => run(channelCase, backend, timeout) }
}

async function run(channelCase: ChannelCase, backend: ChannelBackend, timeout: number): Promise<void> {
  const clients = channelsOf(backend)
  const work = async () => {
    await clients.open(2)
    const [channel, other] = clients.all as readonly [Channel, Channel]
    await channelCase.run({
      channel,
      other,
      hasAddress: backend.address !== undefined,
      address: kind => addressOf(backend, kind),
      async arrives(messages, times = 1) {
        if (backend.delivered === undefined) return
        await arrive(async () => (await backend.delivered?.(channel)) ?? [], messages, times)
      },
    })
  }
  await attempt(work, { clients, timeout, suspect: 'a call of the channel' })
}

function addressOf(backend: ChannelBackend, kind?: 'refusedAddress' | 'silentAddress'): string {
  const given: unknown = kind === undefined ? backend.address?.(++addresses) : backend[kind]
  if (typeof given !== 'string' || given === '') throw new TypeError(`${kind ?? 'address()'} gave no address`)
  return given
}

async function arrive(
  look: () => Promise<readonly Delivered[]>,
  messages: readonly CodeMessage[],
  times: number,
): Promise<void> {
  const at = (all: readonly Delivered[], message: CodeMessage) =>
    all.filter(({ to, text }) => to === message.to && holdsCode(text, message.code)).length
  const until = performance.now() + patience
  let all = await look()
  while (messages.some(message => at(all, message) < times) && performance.now() < until) {
    await pause(10)
    all = await look()
  }
  await pause(quiet)
  all = await look()
  for (const message of messages) {
    const count = at(all, message)
    const strayed = all.some(({ to, text }) => to !== message.to && holdsCode(text, message.code))
    if (strayed) throw new Error('the code arrived at an address that it was not for')
    if (count !== times)
      throw new Error(`the code arrived ${count} times; ${times} was due${hint(all, message, count)}`)
  }
}

function hint(all: readonly Delivered[], { to }: CodeMessage, count: number): string {
  return count === 0 && all.some(one => one.to === to) ? '. A message came, without the whole code' : ''
}

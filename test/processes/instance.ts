/** What runs in a process of {@link startProcess}. */
import { type Channel, createTwoFactor, SallyportError, type Store } from '@sallyport/core'
import { connect } from '../backends/index.js'
import { addressOf } from './addresses.js'
import { patience } from './patience.js'
import type { Call, Instance, Outcome } from './process.js'

const { place, keys, stopsAt } = JSON.parse(process.argv[2] ?? '') as Instance
const client = await connect(place)
const store: Store = {
  ...client.store,
  async put(...write) {
    if (stopsAt === 'before the write') await standStill()
    const landed = await client.store.put(...write)
    if (stopsAt === 'after the write') await standStill()
    return landed
  },
}

function standStill(): Promise<never> {
  process.send?.(stopsAt)
  return new Promise(() => {})
}

let now = 0
/** What each call had sent, told apart by the request that it names. */
const sent = new Map<unknown, string>()
const email: Channel = {
  id: 'email',
  send: async ({ code, request }) => void sent.set(request, code),
  addressOf: async subject => addressOf(subject),
}
const twoFactor = createTwoFactor({
  issuer: 'Acme',
  keys,
  store,
  clock: () => now,
  channels: [email],
  deadline: patience,
})

process.on('message', async (calls: readonly Call[]) => {
  process.send?.(await Promise.all(calls.map(outcomeOf)))
})
process.on('disconnect', async () => {
  await client.close()
  process.exit(0)
})
process.send?.('connected')

async function outcomeOf(call: Call): Promise<Outcome> {
  now = call.now
  try {
    const value = await verbAt(call.verb)(...call.args)
    const request = call.args.map(arg => (arg as { request?: unknown } | null)?.request).find(one => one !== undefined)
    const mailed = sent.get(request) ?? null
    return { code: 'ok', value: value === undefined ? null : JSON.parse(JSON.stringify(value)), mailed }
  } catch (error) {
    // A mistake of the test's, or of ours, is no outcome: it ends the process, and so the test.
    if (!(error instanceof SallyportError) || error.kind === 'usage') throw error
    return { code: error.code }
  }
}

function verbAt(path: string): (...args: readonly unknown[]) => Promise<unknown> {
  const found = path.split('.').reduce<unknown>((at, name) => (at as Record<string, unknown>)[name], twoFactor)
  if (typeof found !== 'function') throw new Error(`no such verb: ${path}`)
  return found as (...args: readonly unknown[]) => Promise<unknown>
}

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
    const writing = client.store.put(...write)
    if (stopsAt === 'within the write') await standStill()
    const landed = await writing
    if (stopsAt === 'after the write') await standStill()
    return landed
  },
}

let running = 0
let standing = 0

function standStill(): Promise<never> {
  if (++standing === running) process.send?.(stopsAt)
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
const settings = { issuer: 'Acme', keys, clock: () => now, channels: [email], deadline: patience }
const twoFactor = createTwoFactor({ ...settings, store })
/** The same application, on a store whose replies do not come as they should. */
const withReplies = {
  lost: createTwoFactor({
    ...settings,
    store: {
      ...store,
      async put(...write) {
        await store.put(...write)
        throw new Error('the reply was lost')
      },
    },
  }),
  'of the second write': createTwoFactor({
    ...settings,
    store: {
      ...store,
      async put(...write) {
        await store.put(...write)
        return false
      },
    },
  }),
}

process.on('message', async (calls: readonly Call[]) => {
  running = calls.length
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
    const value = await verbOf(call)(...call.args)
    const request = call.args.map(arg => (arg as { request?: unknown } | null)?.request).find(one => one !== undefined)
    const mailed = sent.get(request) ?? null
    return { code: 'ok', value: value === undefined ? null : JSON.parse(JSON.stringify(value)), mailed }
  } catch (error) {
    // A mistake of the test's, or of ours, is no outcome: it ends the process, and so the test.
    if (!(error instanceof SallyportError) || error.kind === 'usage') throw error
    return { code: error.code }
  }
}

function verbOf({ verb, replies }: Call): (...args: readonly unknown[]) => Promise<unknown> {
  const application: unknown = replies === undefined ? twoFactor : withReplies[replies]
  const found = verb.split('.').reduce((at, name) => (at as Record<string, unknown>)[name], application)
  if (typeof found !== 'function') throw new Error(`no such verb: ${verb}`)
  return found as (...args: readonly unknown[]) => Promise<unknown>
}

/** What runs in a process of {@link startProcess}. */
import { createTwoFactor, SallyportError, type Store } from '@sallyport/core'
import { connect } from '../backends/index.js'
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
const twoFactor = createTwoFactor({ issuer: 'Acme', keys, store, clock: () => now })

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
    return { code: 'ok', value: value === undefined ? null : JSON.parse(JSON.stringify(value)) }
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

import type { Store } from '@sallyport/core'
import { memoryStore } from '@sallyport/memory'
import { describe, expect, it } from 'vitest'
import { record, violationOf } from '../../src/store/history.js'
import { largestSeed } from '../../src/store/random.js'

/** The calls of each client on a store: their names and keys, in the order of that client. */
async function callsOf(seed: number, make: () => Store): Promise<string[][]> {
  const store = make()
  const calls: string[][] = []
  const clients = Array.from({ length: 3 }, () => {
    const own: string[] = []
    calls.push(own)
    const noted = <T extends unknown[], R>(name: string, call: (key: string, ...rest: T) => R) => {
      return (key: string, ...rest: T) => {
        own.push(`${name} ${key}`)
        return call(key, ...rest)
      }
    }
    return { get: noted('get', store.get), put: noted('put', store.put), delete: noted('delete', store.delete) }
  })
  await record(clients, ['x', 'y'], seed)
  return calls
}

const changes = (calls: string[][]) => calls.map(own => own.filter(call => !call.startsWith('get')))

/** No put is refused, so none is followed by a second read: what is called is the plan, however the clients meet. */
const agreeing = () => ({ ...memoryStore(), put: async () => true })

describe('record', () => {
  it('plans the same calls from the same seed, and others from another', async () => {
    const first = await callsOf(11, agreeing)
    expect(await callsOf(11, agreeing)).toEqual(first)
    expect(await callsOf(12, agreeing)).not.toEqual(first)
    expect((await callsOf(largestSeed, agreeing)).flat()).toHaveLength(3 * 14 + 3 * 2)
  })

  it('does not let the plan hang on the answers', async () => {
    const refusing = () => ({ ...memoryStore(), put: async () => false })
    expect(changes(await callsOf(11, refusing))).toEqual(changes(await callsOf(11, memoryStore)))
  })

  it('R47: takes a call that failed for one that may have taken effect at any time since', async () => {
    const flaky = (): Store & { honest: Store } => {
      const store = memoryStore()
      let calls = 0
      const lying: Store = {
        ...store,
        async put(...call) {
          const fails = ++calls % 6
          if (fails === 1) throw new Error('before')
          const landed = await store.put(...call)
          if (fails === 2) throw new Error('after')
          return landed
        },
        async delete(key) {
          if (++calls % 2 === 0) await store.delete(key)
          if (calls % 3 === 0) throw new Error('perhaps')
        },
      }
      return { ...lying, honest: { ...lying, delete: store.delete } }
    }
    // A delete that does nothing and says that it did is wrong; those that failed may do either.
    const { honest } = flaky()
    const recording = await record([honest, honest, honest, honest], ['x'], 5)
    expect(recording.failures.length).toBeGreaterThan(4)
    expect(violationOf(recording)).toBeNull()
    // One client alone: its calls meet nobody's, so the plan decides what it sees.
    const dishonest = await record([flaky()], ['x'], 13)
    expect(dishonest.failures.length).toBeGreaterThan(2)
    expect(violationOf(dishonest)).toMatch(/^no order of these calls gives these answers:\n {2}\d+–/)
  })

  it('tells a body that belongs to another version, and an answer that is none', async () => {
    const mixed = { ...memoryStore(), get: async () => ({ version: '0'.repeat(32), body: Uint8Array.of(1) }) }
    expect(violationOf(await record([mixed], ['x'], 1))).toMatch(/a body that is not its own: 1 bytes for 48/)
    const silent = { ...memoryStore(), put: async () => undefined as unknown as boolean }
    expect(violationOf(await record([silent], ['x'], 1))).toBe('put gave undefined')
  })
})

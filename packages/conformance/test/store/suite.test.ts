import { type StoreBackend, storeSuite } from '@sallyport/conformance'
import type { Store } from '@sallyport/core'
import { memoryStore } from '@sallyport/memory'
import { afterEach, describe, expect, it, vi } from 'vitest'
import { caseOf } from '../support/suite.js'

const pause = (ms: number) => new Promise(resolve => setTimeout(resolve, ms))

afterEach(() => void vi.useRealTimers())

/** A backend on one store that counts its clients, and what is left in it. */
function watched(store: Store = memoryStore(), changes: Partial<Store> = {}) {
  const keys = new Set<string>()
  const clients = { opened: 0, closed: 0 }
  const backend: StoreBackend = {
    open() {
      clients.opened++
      const put: Store['put'] = (key, ...call) => store.put(keys.add(key) && key, ...call)
      return { ...store, put, ...changes }
    },
    close: () => void clients.closed++,
  }
  const left = async () =>
    (await Promise.all([...keys].map(key => store.get(key)))).filter(each => each !== null).length
  return { backend, clients, keys, left }
}

describe('storeSuite', () => {
  it('gives cases whose ids are their own, with a title, a reason and a time', () => {
    const cases = storeSuite({ open: memoryStore })
    expect(new Set(cases.map(({ id }) => id)).size).toBe(cases.length)
    for (const { id, level, title, why, timeout } of cases) {
      expect(id).toMatch(/^[a-z]+\/[a-z-]+$/)
      expect(['MUST', 'SHOULD']).toContain(level)
      expect(title).toMatch(/^\S.*[^.\s]$/)
      expect(why).toMatch(/^[A-Z].*[.?]$/)
      expect(timeout).toBeGreaterThanOrEqual(1_000)
    }
  })

  it('excuses from the precision of expiry unless it is declared, from errors unless a broken client is given, and from nothing else', () => {
    const excused = (backend: Omit<StoreBackend, 'open'>) =>
      storeSuite({ open: memoryStore, ...backend }).filter(each => each.excused !== null)
    const broken = memoryStore
    expect(excused({})).toMatchObject([
      { id: 'expiry/dropped', level: 'SHOULD', excused: 'ttl is not declared' },
      { id: 'failure/thrown', level: 'MUST', excused: 'broken is not given' },
    ])
    expect(excused({ broken, capabilities: { ttl: 'late' } })).toMatchObject([
      { id: 'expiry/dropped', excused: "ttl is 'late'" },
    ])
    expect(excused({ broken, capabilities: { ttl: 'exact' } })).toEqual([])
  })

  it('R41: passes a store that throws what its driver throws, though its broken client does not close', async () => {
    const refused = () => Promise.reject(new Error('connection refused'))
    const broken = { get: refused, put: refused, delete: refused }
    const closed: Store[] = []
    const close = (store: Store) => {
      closed.push(store)
      return store === broken ? refused() : undefined
    }
    await caseOf('failure/thrown', { open: memoryStore, broken: () => broken, close }).run()
    expect(closed).toContain(broken)
    await expect(caseOf('failure/thrown', { open: memoryStore, broken: memoryStore }).run()).rejects.toThrow(
      'get of a client that cannot reach its backend gave null; an error was due',
    )
  })

  it('asks a store that declares it for the precision of expiry', { timeout: 60_000 }, async () => {
    const store = memoryStore()
    const dropping: Store = {
      ...store,
      async put(key, write, ifVersion) {
        const landed = await store.put(key, write, ifVersion)
        if (landed && write.expiresAt !== null) setTimeout(() => store.delete(key), write.expiresAt - Date.now())
        return landed
      },
    }
    const run = (one: Store) => caseOf('expiry/dropped', { open: () => one, capabilities: { ttl: 'exact' } }).run()
    await Promise.all([
      run(dropping),
      expect(run(store)).rejects.toThrow(/five seconds after it expired; there is no record/),
    ])
  })

  it('gives a store that fails only where it had to wait another try, and one that fails at once none', async () => {
    const failing = (ms: number, times: number) => {
      const store = memoryStore()
      let puts = 0
      const put: Store['put'] = async (...call) => {
        // The first is the one to be written over; of the others one in fifty.
        if (puts++ % 51 !== 7 || puts / 51 > times) return store.put(...call)
        await pause(ms)
        throw new Error('database is locked')
      }
      const one = { ...store, put }
      return caseOf('race/answers', { open: () => one }).run()
    }
    await Promise.all([
      failing(1_200, 2),
      expect(failing(1_200, 3)).rejects.toThrow('1 of 50 updates at once failed'),
      expect(failing(0, 1)).rejects.toThrow('1 of 50 updates at once failed'),
    ])
  })

  it('runs beside itself on one backend, closes its clients and deletes what it made', {
    timeout: 90_000,
  }, async () => {
    const { backend, clients, keys, left } = watched()
    const cases = [...storeSuite(backend), ...storeSuite(backend)].filter(({ excused }) => excused === null)
    await Promise.all(cases.map(each => each.run()))
    expect(keys.size).toBeGreaterThan(400)
    expect(await left()).toBe(0)
    expect(clients.closed).toBe(clients.opened)
  })

  it('does so where a case fails, too', async () => {
    const store = memoryStore()
    const { backend, clients, keys, left } = watched(store, { get: async () => null })
    await expect(caseOf('put/insert', backend).run()).rejects.toThrow(/^get gave null/)
    expect(keys.size).toBe(1)
    expect(await left()).toBe(0)
    expect(clients).toEqual({ opened: 2, closed: 2 })
  })

  it('ends a case whose store hangs, and closes its clients', async () => {
    vi.useFakeTimers()
    const hanging = () => new Promise<never>(() => {})
    const { backend, clients } = watched(memoryStore(), { put: hanging, delete: hanging })
    const failed = expect(caseOf('put/insert', backend).run()).rejects.toThrow(
      'not done after 30000 ms: a call of the store hangs',
    )
    await vi.advanceTimersByTimeAsync(40_000)
    await failed
    expect(clients).toEqual({ opened: 2, closed: 2 })
  })

  it('fails where a client does not open, is no store, or does not close', async () => {
    const run = (backend: StoreBackend) => caseOf('put/insert', backend).run()
    const down = () => Promise.reject(new Error('connection refused'))
    await expect(run({ open: down })).rejects.toThrow('connection refused')
    await expect(run({ open: () => ({}) as Store })).rejects.toThrow('open() gave no store: get is no function')
    await expect(run({ open: memoryStore, close: down })).rejects.toThrow('connection refused')
    const broken = { ...memoryStore(), put: () => Promise.reject(new Error('read-only')) }
    await expect(run({ open: () => broken, close: down })).rejects.toThrow('read-only')
  })

  it('says which argument is not as it must be', () => {
    const suite = (backend: unknown, seed?: number) => () => storeSuite(backend as StoreBackend, { seed })
    expect(suite(null)).toThrow('backend.open must be a function')
    expect(suite(memoryStore())).toThrow('backend.open must be a function')
    expect(suite({ open: memoryStore, close: true })).toThrow('backend.close must be a function')
    expect(suite({ open: memoryStore, capabilities: { ttl: 'never' } })).toThrow(
      "backend.capabilities.ttl must be 'exact' or 'late'",
    )
    expect(suite({ open: memoryStore, broken: memoryStore() })).toThrow('backend.broken must be a function')
    for (const seed of [-1, 0.5, 2 ** 32, Number.NaN]) {
      expect(suite({ open: memoryStore }, seed)).toThrow('options.seed must be an integer from 0 to 4294967295')
    }
  })
})

/** One run of one case: its clients, its keys, and the tidying up. */
import type { Store } from '@sallyport/core'
import { attempt } from '../attempt.js'
import type { ConformanceCase } from '../case.js'
import type { Clients } from '../clients.js'
import { type StoreBackend, storesOf } from './backend.js'
import { newKey, newToken } from './writes.js'

/** What a case works with. */
export interface Trial {
  /** A client. */
  readonly store: Store
  /** Another client. */
  readonly other: Store
  /** All clients, those two among them. */
  readonly stores: readonly Store[]
  /** A client that cannot reach its backend. */
  broken(): Promise<Store>
  /** What random plans are made from. */
  readonly seed: number
  /** A key that is nobody else's. */
  key(): string
  /** Keys that begin alike, are nobody else's, and end as told: 15 UTF-16 units at most. */
  keys(...endings: readonly string[]): readonly string[]
}

/** A case as it is written down. */
export interface StoreCase {
  readonly id: string
  /** `MUST` by default. */
  readonly level?: ConformanceCase['level']
  readonly title: string
  readonly why: string
  /** Two by default. */
  readonly clients?: number
  /** ms; thirty seconds by default: it is to find what hangs, not what is slow. */
  readonly timeout?: number
  readonly excuse?: (backend: StoreBackend) => string | null
  run(trial: Trial): Promise<void>
}

export function caseOf(storeCase: StoreCase, backend: StoreBackend, seed: number): ConformanceCase {
  const { id, title, why, level = 'MUST', timeout = 30_000 } = storeCase
  return {
    id,
    level,
    title,
    why,
    timeout,
    excused: storeCase.excuse?.(backend) ?? null,
    run: () => run(storeCase, storesOf(backend), seed, timeout),
  }
}

async function run(storeCase: StoreCase, clients: Clients<Store>, seed: number, timeout: number): Promise<void> {
  const made: string[] = []
  const remember = (key: string) => {
    made.push(key)
    return key
  }
  const work = async () => {
    await clients.open(storeCase.clients ?? 2)
    const [store, other] = clients.all as readonly [Store, Store]
    await storeCase.run({
      store,
      other,
      stores: clients.all,
      broken: clients.broken,
      seed,
      key: () => remember(newKey()),
      keys: (...endings) => {
        const token = newToken()
        return endings.map(ending => remember(`${token}${ending}`))
      },
    })
  }
  const sweep = async () => {
    const [store] = clients.all
    if (store !== undefined) await Promise.allSettled(made.map(async key => store.delete(key)))
  }
  await attempt(work, { clients, timeout, suspect: 'a call of the store', sweep })
}

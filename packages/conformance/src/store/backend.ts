import type { Store } from '@sallyport/core'

/**
 * What is to be proven: one backend, and how to connect to it. The records of the cases have random keys, and a case deletes
 * what it made, so a backend may be shared by runs, also by several at once; keep it apart from real ones all the same.
 *
 * @example
 * ```ts
 * import type { StoreBackend } from '@sallyport/conformance'
 * import { memoryStore } from '@sallyport/memory'
 *
 * const store = memoryStore()
 *
 * export const backend: StoreBackend = {
 *   open: () => store, // its clients are one process; those of a database are connections
 *   capabilities: { ttl: 'late' },
 * }
 * ```
 */
export interface StoreBackend<Client extends Store = Store> {
  /**
   * One more client of the backend, as another process of the application would be: with a connection, or a pool, of its own,
   * so that what one client remembers cannot answer for another.
   */
  open(): Client | Promise<Client>
  /** Ends what `open` began, or `broken`. */
  close?(store: Client): void | Promise<void>
  /**
   * A client that cannot reach its backend, as one of a port where nobody listens: its calls must reject, and within seconds.
   * Without it, the case that asks for that is excused.
   */
  broken?(): Client | Promise<Client>
  /** What the backend promises beyond the contract. */
  readonly capabilities?: {
    /**
     * `exact`: a record is gone within five seconds of its `expiresAt`. `late`, and the default: some time after, or never;
     * core judges what has expired, so that is safe, and the case that would ask for more is excused.
     */
    readonly ttl?: 'exact' | 'late'
  }
}

/** Several clients of one backend. */
export interface Clients {
  readonly stores: readonly Store[]
  /** Opens this many more. */
  open(count: number): Promise<void>
  /** One that cannot reach the backend. It is closed with the others, and may fail to. */
  broken(): Promise<Store>
  /** Closes all, also where one does not close; then throws what the first of them threw. */
  close(): Promise<void>
}

export function clientsOf<Client extends Store>(backend: StoreBackend<Client>): Clients {
  const stores: Client[] = []
  const brokenStores: Client[] = []
  const checked = (name: string, store: Client): Client => {
    for (const method of ['get', 'put', 'delete'] as const) {
      if (typeof store?.[method] !== 'function')
        throw new TypeError(`${name}() gave no store: ${method} is no function`)
    }
    return store
  }
  return {
    stores,
    async open(count) {
      while (stores.length < count) stores.push(checked('open', await backend.open()))
    },
    async broken() {
      if (backend.broken === undefined) throw new TypeError('backend.broken is not given')
      const store = checked('broken', await backend.broken())
      brokenStores.push(store)
      return store
    },
    async close() {
      const end = async (store: Client) => backend.close?.(store)
      const [closed] = await Promise.all([
        Promise.allSettled(stores.map(end)),
        Promise.allSettled(brokenStores.map(end)),
      ])
      for (const result of closed) if (result.status === 'rejected') throw result.reason
    },
  }
}

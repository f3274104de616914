import type { Store } from '@sallyport/core'
import { type Clients, clientsOf } from '../clients.js'

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

/** The functions of a store. */
const methods = ['get', 'put', 'delete'] as const

/** Clients of one backend, none opened yet. */
export function storesOf<Client extends Store>(backend: StoreBackend<Client>): Clients<Client> {
  return clientsOf(backend, 'store', methods)
}

/**
 * Every store of the house on a real backend. A place is a corner of a backend that nobody else uses: a prefix, or a database of its
 * own; any process that is told of it can connect to it.
 */
import type { Store } from '@sallyport/core'
import type { Report } from '@sallyport/prisma'
import { memoryBackend } from './memory.js'
import { redisBackend, redisClusterBackend } from './redis.js'
import { mariadbBackend, postgresqlBackend, sqliteBackend } from './sql.js'

export const backendNames = ['memory', 'redis', 'redis-cluster', 'sqlite', 'postgresql', 'mariadb'] as const
export type BackendName = (typeof backendNames)[number]

/** The backends that several processes can share. */
export const sharedBackendNames = backendNames.filter(name => name !== 'memory')

/** Those with plain columns beside the ciphertext. */
export const sqlBackendNames = ['sqlite', 'postgresql', 'mariadb'] as const

/** One more client of a place. */
export interface Client {
  store: Store
  close(): Promise<void>
}

/** What a backend has to offer. `at`: a prefix, or a URL. */
export interface Backend {
  make(): Promise<string>
  /** `report`: what a database is to keep readable, by default all that there is a column for. */
  connect(at: string, report?: Report): Promise<Client>
  /** A client as `connect` gives them, at a port where nobody listens; memory cannot be out of reach. */
  unreachable?(): Promise<Client>
  drop(at: string): Promise<void>
  /** Every value that the backend keeps of a place, as it lies there. */
  dump(at: string): Promise<readonly unknown[]>
}

/** Plain data: a process may hand it to another. */
export interface Place {
  backend: BackendName
  at: string
}

const backends: Record<BackendName, Backend> = {
  memory: memoryBackend,
  redis: redisBackend,
  'redis-cluster': redisClusterBackend,
  sqlite: sqliteBackend,
  postgresql: postgresqlBackend,
  mariadb: mariadbBackend,
}

export async function makePlace(backend: BackendName): Promise<Place> {
  return { backend, at: await backends[backend].make() }
}

export function connect({ backend, at }: Place, report?: Report): Promise<Client> {
  return backends[backend].connect(at, report)
}

export function dropPlace({ backend, at }: Place): Promise<void> {
  return backends[backend].drop(at)
}

/** Every value that the backend keeps of a place, as it lies there. */
export function dumpPlace({ backend, at }: Place): Promise<readonly unknown[]> {
  return backends[backend].dump(at)
}

/** A place as the conformance kit takes it: every `open` is one more client. */
export async function openBackend(name: BackendName) {
  const place = await makePlace(name)
  const clients = new Map<Store, Client>()
  const opened = (client: Client): Store => {
    clients.set(client.store, client)
    return client.store
  }
  const { unreachable } = backends[name]
  // Redis drops what has expired by itself.
  const capabilities = name.startsWith('redis') ? ({ ttl: 'exact' } as const) : {}
  return {
    backend: {
      capabilities,
      open: async () => opened(await connect(place)),
      ...(unreachable && { broken: async () => opened(await unreachable()) }),
      async close(store: Store): Promise<void> {
        await clients.get(store)?.close()
        clients.delete(store)
      },
    },
    async close(): Promise<void> {
      await Promise.all([...clients.values()].map(client => client.close()))
      await dropPlace(place)
    },
  }
}

/**
 * The store that a test gets: one in memory, or a corner of the backend that `SALLYPORT_TEST_STORE` names, so that the same tests show
 * the same on every store.
 */
import { createHash, randomUUID } from 'node:crypto'
import type { Store } from '@sallyport/core'
import { memoryStore } from '@sallyport/memory'
import { afterAll } from 'vitest'
import { type BackendName, type Client, connect, dropPlace, makePlace } from '../../../../test/backends/index.js'

const backend = process.env['SALLYPORT_TEST_STORE'] as BackendName | undefined

/** Whether a call of the store leaves this process. */
export const storeIsRemote = backend !== undefined

/** Clients that share a backend: calls go to one after the other, so what one writes another has to see. */
const clientCount = 4
const clients: Client[] = []
let turn = 0

if (backend !== undefined) {
  const place = await makePlace(backend)
  for (let count = 0; count < clientCount; count++) clients.push(await connect(place))
  // Some connect at the first call: that is not to count against the deadline of a test.
  await Promise.all(clients.map(({ store }) => store.get('0'.repeat(64))))
  afterAll(async () => {
    await Promise.all(clients.map(client => client.close()))
    await dropPlace(place)
  })
}

/** An empty store that nobody else has. */
export function newStore(): Store {
  if (backend === undefined) return memoryStore()
  const scope = randomUUID()
  const within = (key: string) => createHash('sha256').update(`${scope} ${key}`).digest('hex')
  const next = () => clients[turn++ % clientCount]?.store as Store
  return {
    get: key => next().get(within(key)),
    put: (key, record, ifVersion) => next().put(within(key), record, ifVersion),
    delete: key => next().delete(within(key)),
  }
}

import { randomBytes, randomUUID } from 'node:crypto'
import type { Store, Write } from '@sallyport/core'

export const newVersion = () => randomBytes(16).toString('hex')

/** A key as core makes them. */
export const newKey = () => randomBytes(32).toString('hex')

/** A prefix that no other test uses: the servers are shared. */
export const newPrefix = () => `test:${randomUUID()}:`

/** The options of an application over a store: what is slow, as a fail-over on a busy machine, has not failed. */
export const waitingFor = (store: Store) => ({ store, deadline: { store: 30_000 } })

export function newRecord(fields: Partial<Write> = {}): Write {
  return { version: newVersion(), body: randomBytes(40).slice(), expiresAt: null, summary: null, ...fields }
}

/** How many of as many writers as asked for win, when they write over the same version at once. */
export async function race(stores: readonly Store[], key: string, over: string | null, writers = 50): Promise<number> {
  const puts = Array.from({ length: writers }, (_, index) => {
    const store = stores[index % stores.length]
    if (store === undefined) throw new Error('nobody writes')
    return store.put(key, newRecord(), over)
  })
  return (await Promise.all(puts)).filter(written => written).length
}

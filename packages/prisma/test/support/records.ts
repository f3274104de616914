import { randomBytes } from 'node:crypto'
import type { Store, Write } from '@sallyport/core'
import { prismaStore } from '@sallyport/prisma'
import type { PrismaClient } from './client.js'
import type { ClientOptions, Place } from './place.js'

export const newKey = () => randomBytes(32).toString('hex')
export const newVersion = () => randomBytes(16).toString('hex')

/** A record to write, new but for what is given. */
export function newRecord(given: Partial<Write> = {}): Write {
  return { version: newVersion(), body: new Uint8Array(randomBytes(64)), expiresAt: null, summary: null, ...given }
}

/** `count` stores, each over a client of its own. */
export async function openStores(place: Place, count: number, options?: ClientOptions): Promise<Store[]> {
  const clients = await Promise.all(Array.from({ length: count }, () => place.client(options)))
  return clients.map(client => prismaStore(client))
}

/** What came of parallel calls, counted: how many were true, false, or thrown. */
export async function outcomes(calls: readonly Promise<boolean>[]) {
  const settled = await Promise.allSettled(calls)
  const thrown = settled.flatMap(one => (one.status === 'rejected' ? [one.reason as unknown] : []))
  const count = (value: boolean) => settled.filter(one => one.status === 'fulfilled' && one.value === value).length
  return { landed: count(true), refused: count(false), thrown }
}

/** The client with extensions of three kinds, none of which concerns the records. */
export function extended(client: PrismaClient): PrismaClient {
  return client
    .$extends({ client: { $hello: () => 'hello' } })
    .$extends({ model: { twoFactorRecord: { isThere: () => true } } })
    .$extends({ query: { $allModels: { $allOperations: ({ args, query }: Operation) => query(args) } } })
}

interface Operation {
  args: unknown
  query(args: unknown): Promise<unknown>
}

/** Where second factors are kept: in the application's own file, or where `TWO_FACTOR_STORE` says. */
import { PrismaPg } from '@prisma/adapter-pg'
import { SallyportError, type Store } from '@sallyport/core'
import { prismaStore } from '@sallyport/prisma'
import { nodeRedis, redisStore } from '@sallyport/redis'
import { createClient } from 'redis'
import { type Database, recordTable } from './database.js'
import { PrismaClient } from './generated/postgresql/client.js'
import { reasonOf, StartFailure } from './start-failure.js'

export interface OpenStore {
  store: Store
  close(): Promise<void>
}

/** ms to wait for a server at the start. */
const connectTimeout = 5_000

/** Opens the store and tries it: a server that is down or a table that does not fit is found here, and not at the first login. */
export async function openStore(address: string | undefined, database: Database): Promise<OpenStore> {
  const open = openerOf(address, database)
  try {
    return await open()
  } catch (error) {
    throw new StartFailure(`the store ${withoutPassword(address)} cannot be used: ${reasonOf(error)}`)
  }
}

function openerOf(address: string | undefined, database: Database): () => Promise<OpenStore> {
  if (address === undefined) return () => onSqlite(database)
  if (URL.canParse(address)) {
    if (/^rediss?:/.test(address)) return () => onRedis(address)
    if (/^postgres(ql)?:/.test(address)) return () => onPostgresql(address)
  }
  throw new StartFailure(
    'TWO_FACTOR_STORE must be the address of a Redis (redis://…) or a PostgreSQL (postgresql://…), or not be set, for SQLite',
  )
}

async function onSqlite(database: Database): Promise<OpenStore> {
  const store = prismaStore(database)
  await store.check()
  return { store, close: async () => {} }
}

async function onPostgresql(address: string): Promise<OpenStore> {
  const adapter = new PrismaPg({ connectionString: address, connectionTimeoutMillis: connectTimeout })
  const prisma = new PrismaClient({ adapter })
  const store = prismaStore(prisma)
  try {
    await store.check()
  } catch (error) {
    if (!isMissingTable(error)) throw error
    for (const statement of recordTable('postgresql')) await prisma.$executeRawUnsafe(statement)
    await store.check()
  }
  return { store, close: () => prisma.$disconnect() }
}

async function onRedis(address: string): Promise<OpenStore> {
  let met = false
  const client = createClient({
    url: address,
    // Whoever logs in while Redis is away is told so at once, and not when the patience for a queued command is over.
    disableOfflineQueue: true,
    socket: { connectTimeout, reconnectStrategy: (retries, cause) => (met ? Math.min(100 * retries, 2_000) : cause) },
  })
  client.on('error', error => met && console.error(`Redis: ${reasonOf(error)}`))
  await client.connect()
  met = true
  const store = redisStore(nodeRedis(client))
  for (const { message } of await store.check()) console.warn(`Redis: ${message}`)
  return { store, close: async () => client.destroy() }
}

function isMissingTable(error: unknown): boolean {
  const cause = error instanceof SallyportError ? error.cause : undefined
  return (cause as { code?: unknown } | undefined)?.code === 'P2021'
}

function withoutPassword(address: string | undefined): string {
  if (address === undefined) return 'in the data folder'
  const { protocol, host, pathname } = new URL(address)
  return `at ${protocol}//${host}${pathname}`
}

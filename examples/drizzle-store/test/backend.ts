/** A database of its own on the server of the tests, and the backend that the kit is run on. */
import { randomBytes } from 'node:crypto'
import { readFileSync } from 'node:fs'
import type { StoreBackend } from '@sallyport/conformance'
import type { Store } from '@sallyport/core'
import { drizzle } from 'drizzle-orm/node-postgres'
import { Client, Pool } from 'pg'
import { drizzleStore } from '../src/drizzle-store.js'

export interface Database {
  readonly url: string
  drop(): Promise<void>
}

export async function createDatabase(): Promise<Database> {
  const server = process.env['SALLYPORT_TEST_POSTGRES_URL']
  if (!server) throw new Error('SALLYPORT_TEST_POSTGRES_URL is not set')
  const name = `sallyport_drizzle_${randomBytes(6).toString('hex')}`
  const url = Object.assign(new URL(server), { pathname: `/${name}` }).href
  await query(server, `CREATE DATABASE ${name}`)
  await query(url, readFileSync(new URL('../table.sql', import.meta.url), 'utf8'))
  return { url, drop: () => query(server, `DROP DATABASE ${name} WITH (FORCE)`) }
}

async function query(url: string, text: string): Promise<void> {
  const client = new Client(url)
  await client.connect()
  try {
    await client.query(text)
  } finally {
    await client.end()
  }
}

// #region backend
/** Every client has a pool of its own, as another process would. */
export function drizzleBackend(url: string): StoreBackend<Store & { pool: Pool }> {
  const open = (connectionString: string) => {
    const pool = new Pool({ connectionString, max: 4 })
    return { ...drizzleStore(drizzle(pool)), pool }
  }
  return {
    open: () => open(url),
    close: ({ pool }) => pool.end(),
    // Nobody listens there.
    broken: () => open(Object.assign(new URL(url), { port: '1' }).href),
  }
}
// #endregion backend

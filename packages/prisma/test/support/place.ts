/** A database of its own, with the table as the package ships it, and clients that connect to it. */
import { randomBytes } from 'node:crypto'
import { readFileSync, rmSync } from 'node:fs'
import { mkdtemp } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createPool } from 'mariadb'
import pg from 'pg'
import type { PrismaClient, Row } from './client.js'
import { type Database, generated, type Major, packageOf, type Wanted } from './generated.js'

export const databases = ['sqlite', 'postgresql', 'mysql'] as const

/** Prisma in all its forms that an application may have. */
export const forms = [
  { major: 7, generator: 'prisma-client', extended: false },
  { major: 7, generator: 'prisma-client', extended: true },
  { major: 7, generator: 'prisma-client-js', extended: false },
  { major: 6, generator: 'prisma-client', extended: false },
  { major: 6, generator: 'prisma-client-js', extended: true },
] as const

/** What a client may be given. `adapter`: options of the driver. */
export interface ClientOptions extends Omit<Wanted, 'database'> {
  adapter?: object
  /** Stands between the client and the adapter. */
  wrap?: (adapter: unknown) => unknown
}

export interface Place {
  database: Database
  /** Statements by a connection beside Prisma. */
  run(sql: string): Promise<Row[]>
  client(options?: ClientOptions): Promise<PrismaClient>
  /** What a client of another user, or of another program, is given. */
  address: { host: string; port: number; user: string; password: string; database: string } | { url: string }
  close(): Promise<void>
}

export function sqlOf(database: Database): string {
  return readFileSync(new URL(`../../sql/${database}.sql`, import.meta.url), 'utf8')
}

/** @param sql instead of that of the package; `''`: no table */
export async function makePlace(
  database: Database,
  { sql = sqlOf(database), major = 7 }: { sql?: string; major?: Major } = {},
): Promise<Place> {
  const { run, address, drop } = await makers[database](major)
  if (sql !== '') await run(sql)
  const clients: PrismaClient[] = []
  return {
    database,
    run,
    address,
    async client({ adapter = {}, wrap = (made: unknown) => made, ...wanted } = {}) {
      const settings = { ...address, ...patience[database], ...adapter }
      const made = wrap(await adapterOf(database, wanted.major ?? major, settings))
      const PrismaClient = await generated({ major, database, ...wanted })
      const client = new PrismaClient({ adapter: made, transactionOptions })
      clients.push(client)
      return client
    },
    async close() {
      await Promise.all(clients.map(client => client.$disconnect()))
      await drop()
    },
  }
}

async function adapterOf(database: Database, major: Major, settings: object): Promise<unknown> {
  const name = { sqlite: 'libsql', postgresql: 'pg', mysql: 'mariadb' }[database]
  const exported = Object.entries(await packageOf(major, `@prisma/adapter-${name}`))
  // Prisma 6 spells one of them otherwise.
  const [, Adapter] = exported.find(([name]) => name.startsWith('Prisma')) as [
    string,
    new (settings: object) => unknown,
  ]
  return new Adapter(settings)
}

/** On a busy machine nothing of the tests is to fail for want of time, in ms. */
const transactionOptions = { maxWait: 30_000, timeout: 30_000 }
const patience = {
  sqlite: { timeout: 10_000 },
  postgresql: { max: 5 },
  mysql: { connectionLimit: 5, minimumIdle: 1, connectTimeout: 20_000, acquireTimeout: 30_000 },
}

interface Made {
  run: Place['run']
  address: Place['address']
  drop(): Promise<void>
}

const newName = () => `sallyport_${randomBytes(6).toString('hex')}`

const makers: Record<Database, (major: Major) => Promise<Made>> = {
  async sqlite(major) {
    const folder = await mkdtemp(join(tmpdir(), 'sallyport-sqlite-'))
    const url = `file:${join(folder, 'records.db')}`
    // Of the same build as the client under test: two builds in one process do not see each other's locks.
    const { createClient } = (await packageOf(major, '@libsql/client')) as unknown as Libsql
    const connection = createClient({ url, timeout: 5_000 })
    await connection.execute('PRAGMA journal_mode = WAL')
    return {
      async run(sql) {
        if (/;\s*\S/.test(sql)) {
          await connection.executeMultiple(sql)
          return []
        }
        return (await connection.execute(sql)).rows
      },
      address: { url },
      async drop() {
        connection.close()
        rmSync(folder, { recursive: true, force: true })
      },
    }
  },

  async postgresql() {
    const name = newName()
    const server = new URL(setting('SALLYPORT_TEST_POSTGRES_URL'))
    const onServer = async (sql: string) => {
      const client = new pg.Client({ connectionString: server.href })
      await client.connect()
      await client.query(sql).finally(() => client.end())
    }
    await onServer(`CREATE DATABASE ${name}`)
    const address = addressOf(server, name)
    const pool = new pg.Pool({ ...address, max: 4 })
    // Its connections end with the database.
    pool.on('error', () => {})
    return {
      run: async sql => (await pool.query<Row>(sql)).rows,
      address,
      async drop() {
        await pool.end()
        await onServer(`DROP DATABASE ${name} WITH (FORCE)`)
      },
    }
  },

  async mysql() {
    const name = newName()
    const server = new URL(setting('SALLYPORT_TEST_MYSQL_URL'))
    const address = addressOf(server, name)
    const { database: _, ...settings } = address
    const own = { ...settings, ...patience.mysql, multipleStatements: true }
    const pool = createPool(own)
    await pool.query(`CREATE DATABASE ${name}`)
    const inDatabase = createPool({ ...own, database: name })
    return {
      async run(sql) {
        const rows: unknown = await inDatabase.query(sql)
        return Array.isArray(rows) ? rows : []
      },
      address,
      async drop() {
        await inDatabase.end()
        await pool.query(`DROP DATABASE ${name}`)
        await pool.end()
      },
    }
  },
}

interface Libsql {
  createClient(options: { url: string; timeout: number }): {
    execute(sql: string): Promise<{ rows: Row[] }>
    executeMultiple(sql: string): Promise<void>
    close(): void
  }
}

function addressOf({ hostname, port, username, password }: URL, database: string) {
  return {
    host: hostname,
    port: Number(port),
    user: decodeURIComponent(username),
    password: decodeURIComponent(password),
    database,
  }
}

function setting(name: string): string {
  const value = process.env[name]
  if (value === undefined) throw new Error(`${name} is not set: the global set-up of the tests sets it`)
  return value
}

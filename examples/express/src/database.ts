/** The application's own database: one SQLite file in the data folder. */
import { mkdirSync, readFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { dirname, join } from 'node:path'
import { setTimeout as pause } from 'node:timers/promises'
import { fileURLToPath, pathToFileURL } from 'node:url'
import { PrismaLibSql } from '@prisma/adapter-libsql'
import { PrismaClient } from './generated/application/client.js'
import { reasonOf, StartFailure } from './start-failure.js'

export type Database = PrismaClient

/** ms to wait for a lock that another process holds. */
const busyTimeout = 5_000

const tables = fileURLToPath(new URL('../prisma/application/tables.sql', import.meta.url))

/** Opens the file, and makes it where there is none. Several processes may have it open at once. */
export async function openDatabase(folder: string): Promise<Database> {
  const url = pathToFileURL(join(folder, 'acme.db')).href
  const database = new PrismaClient({ adapter: new PrismaLibSql({ url, timeout: busyTimeout }) })
  try {
    mkdirSync(folder, { recursive: true, mode: 0o700 })
    await writeAhead(database)
    for (const statement of [...statementsIn(tables), ...recordTable('sqlite')]) {
      await database.$executeRawUnsafe(statement)
    }
    await addRoles(database)
  } catch (error) {
    throw new StartFailure(`the data folder ${folder} cannot be used: ${reasonOf(error)}`)
  }
  return database
}

/**
 * Lets readers and a writer go on beside each other; the file remembers it. Where several processes make the file at once SQLite
 * tells all but one that it is locked, without waiting.
 */
async function writeAhead(database: Database): Promise<void> {
  for (const deadline = Date.now() + busyTimeout; ; await pause(50)) {
    try {
      await database.$queryRawUnsafe('PRAGMA journal_mode = WAL')
      return
    } catch (error) {
      if (!/SQLITE_(BUSY|LOCKED|PROTOCOL)/.test(reasonOf(error)) || Date.now() >= deadline) throw error
    }
  }
}

/** A file of before there were roles gets them: its first account is an admin's. */
async function addRoles(database: Database): Promise<void> {
  const columns = await database.$queryRaw<{ name: string }[]>`SELECT name FROM pragma_table_info('user')`
  if (columns.some(({ name }) => name === 'role')) return
  await database.$transaction([
    database.$executeRaw`
      ALTER TABLE "user" ADD COLUMN "role" TEXT NOT NULL DEFAULT 'editor' CHECK ("role" IN ('admin', 'editor'))`,
    database.$executeRaw`UPDATE "user" SET "role" = 'admin' WHERE "number" = 1`,
  ])
}

/** The SQL that `@sallyport/prisma` ships, changing nothing where the table is there. A real application has it in a migration. */
export function recordTable(provider: 'sqlite' | 'postgresql'): string[] {
  const manifest = createRequire(import.meta.url).resolve('@sallyport/prisma/package.json')
  return statementsIn(join(dirname(manifest), 'sql', `${provider}.sql`)).map(statement =>
    statement.replace(/^CREATE (TABLE|INDEX)/, 'CREATE $1 IF NOT EXISTS'),
  )
}

/** One by one, since SQLite takes no more at once. */
function statementsIn(file: string): string[] {
  const statements = readFileSync(file, 'utf8').split(/;\s*$/m)
  return statements.map(statement => statement.trim()).filter(statement => statement !== '')
}

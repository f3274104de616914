import { readFile } from 'node:fs/promises'
import { prismaStore } from '@sallyport/prisma'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { PrismaClient, Row } from './support/client.js'
import { type Database, modelFile } from './support/generated.js'
import { databases, makePlace, type Place, sqlOf } from './support/place.js'

/** What Prisma migrate makes of each type of a field. */
const columnTypes = {
  sqlite: { String: 'TEXT', Bytes: 'BLOB', DateTime: 'DATETIME', Boolean: 'BOOLEAN', Int: 'INTEGER' },
  postgresql: {
    String: 'text',
    Bytes: 'bytea',
    DateTime: 'timestamp(3) without time zone',
    Boolean: 'boolean',
    Int: 'integer',
  },
  mysql: { String: 'varchar(191)', Bytes: 'longblob', DateTime: 'datetime(3)', Boolean: 'tinyint(1)', Int: 'int(11)' },
}

/** A subject has up to 256 characters: longer than what Prisma gives a String there. */
const otherTypes: Partial<Record<Database, Record<string, string>>> = { mysql: { subject: 'varchar(256)' } }

/** Columns, primary key and indexes as the database has them: `name type null`, then `(columns)` of each index. */
const introspections = {
  sqlite: {
    columns: 'SELECT name, type, "notnull" AS required, pk FROM pragma_table_info(\'two_factor_record\')',
    indexes: "SELECT sql AS name FROM sqlite_master WHERE type = 'index' AND sql IS NOT NULL",
  },
  postgresql: {
    columns: `SELECT a.attname AS name, format_type(a.atttypid, a.atttypmod) AS type, a.attnotnull AS required,
      coalesce(i.indisprimary, false) AS pk FROM pg_attribute a
      LEFT JOIN pg_index i ON i.indrelid = a.attrelid AND i.indisprimary AND a.attnum = ANY(i.indkey)
      WHERE a.attrelid = 'two_factor_record'::regclass AND a.attnum > 0 ORDER BY a.attnum`,
    indexes:
      "SELECT indexdef AS name FROM pg_indexes WHERE tablename = 'two_factor_record' AND indexname NOT LIKE '%pkey'",
  },
  mysql: {
    columns: `SELECT column_name AS name, column_type AS type, is_nullable = 'NO' AS required, column_key = 'PRI' AS pk
      FROM information_schema.columns WHERE table_schema = database() ORDER BY ordinal_position`,
    indexes: `SELECT concat(index_name, '(', column_name, ')') AS name FROM information_schema.statistics
      WHERE table_schema = database() AND index_name <> 'PRIMARY'`,
  },
}

interface Field {
  name: string
  type: 'String' | 'Bytes' | 'DateTime' | 'Boolean' | 'Int'
  dbName: string
  isRequired: boolean
  isId: boolean
}

/** The fields of the .prisma file, read from its lines: generated clients do not know what is optional. */
async function fieldsOfModel(): Promise<Field[]> {
  const lines = (await readFile(modelFile, 'utf8')).split('\n')
  return lines.flatMap(line => {
    const [, name, type, optional, rest = ''] =
      line.match(/^ {2}(\w+) +(String|Bytes|DateTime|Boolean|Int)(\??)(.*)$/) ?? []
    if (name === undefined) return []
    const dbName = rest.match(/@map\("(\w+)"\)/)?.[1] ?? name
    return [
      {
        name,

        type: type as Field['type'],
        dbName,
        isRequired: optional === '',
        isId: / @id\b/.test(rest),
      },
    ]
  })
}

describe.each(databases)('the table that %s.sql makes', database => {
  let place: Place
  let client: PrismaClient
  const columns = () => place.run(introspections[database].columns)

  beforeAll(async () => {
    place = await makePlace(database)
    client = await place.client()
  })
  afterAll(() => place.close())

  it('has the columns of the model, and no other', async () => {
    const fields = await fieldsOfModel()
    expect(fields).toHaveLength(8)
    const expected = fields.map(({ dbName, type, isRequired, isId }) => ({
      name: dbName,
      type: otherTypes[database]?.[dbName] ?? columnTypes[database][type],
      required: isRequired,
      pk: isId,
    }))
    const found = (await columns()).map(({ name, type, required, pk }: Row) => ({
      name,
      type,
      required: Boolean(Number(required)),
      pk: Boolean(Number(pk)),
    }))
    expect(found).toEqual(expected)
  })

  it('has the indexes of the model, by the names that Prisma gives', async () => {
    const indexed = [...(await readFile(modelFile, 'utf8')).matchAll(/@@index\(\[(\w+)\]\)/g)].map(([, field]) => field)
    const fields = await fieldsOfModel()
    const names = (await place.run(introspections[database].indexes)).map(({ name }) => String(name))
    expect(names).toHaveLength(indexed.length)
    for (const field of indexed) {
      const column = fields.find(({ name }) => name === field)?.dbName
      const index = new RegExp(`two_factor_record_${column}_idx.*\\("?${column}"?\\)`)
      expect(names.filter(name => index.test(name))).toHaveLength(1)
    }
  })

  it('has what the generated client asks for', async () => {
    const { fields } = client.twoFactorRecord
    const asked = Object.values(fields).map(({ name, typeName }) => [name, typeName])
    expect(asked).toEqual((await fieldsOfModel()).map(({ name, type }) => [name, type]))
    await prismaStore(client, { report: true }).check()
  })

  it('goes with tools that split a script at its semicolons', async () => {
    const statements = sqlOf(database)
      .split(/;\s*\n/)
      .filter(statement => statement.trim() !== '')
    const again = await makePlace(database, { sql: '' })
    try {
      for (const statement of statements) await again.run(statement)
      await prismaStore(await again.client()).check()
    } finally {
      await again.close()
    }
  })
})

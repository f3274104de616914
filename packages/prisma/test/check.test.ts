import { readFile } from 'node:fs/promises'
import { prismaStore } from '@sallyport/prisma'
import { afterEach, describe, expect, it } from 'vitest'
import { type Database, modelFile } from './support/generated.js'
import { databases, makePlace, type Place } from './support/place.js'

const places: Place[] = []
afterEach(async () => void (await Promise.all(places.splice(0).map(place => place.close()))))

async function newPlace(database: Database, change = ''): Promise<Place> {
  const place = await makePlace(database)
  places.push(place)
  if (change !== '') await place.run(change)
  return place
}

describe('a report that check tries', () => {
  const rows = 'SELECT 1 FROM two_factor_record'
  const fit = 'the model, or a column of options.report, does not fit'

  it.each(databases)(
    'R41: names a misspelt field, or one of another type, and writes nothing, on %s',
    async database => {
      const place = await newPlace(database)
      const prisma = await place.client()
      for (const report of [() => ({ subjekt: 'x' }), () => ({ enabled: 'yes' })]) {
        await expect(prismaStore(prisma, { report }).check()).rejects.toMatchObject({
          code: 'store_failed',
          message: expect.stringContaining(fit),
        })
      }
      expect(await place.run(rows)).toEqual([])
    },
  )

  it.each(['postgresql', 'mysql'] as const)('passes where ids are numbers or UUIDs, on %s', async database => {
    const type = database === 'mysql' ? 'CHAR(36)' : 'UUID'
    const place = await newPlace(database, `ALTER TABLE two_factor_record ADD number BIGINT, ADD uuid ${type}`)
    const native = database === 'mysql' ? '@db.Char(36)' : '@db.Uuid'
    const columns = `  number BigInt?\n  uuid String? ${native}\n`
    const models = (await readFile(modelFile, 'utf8')).replace('  @@map', `${columns}$&`)
    const prisma = await place.client({ models })
    await prismaStore(prisma, { report: ({ subject }) => ({ number: BigInt(subject) }) }).check()
    await prismaStore(prisma, { report: ({ subject }) => ({ uuid: subject }) }).check()
    const prefixed = prismaStore(prisma, {
      report: ({ subject }) => ({ number: BigInt(/^user:(.*)/.exec(subject)?.[1] ?? 'none') }),
    })
    await expect(prefixed.check()).rejects.toMatchObject({ kind: 'usage' })
    await prefixed.check('user:7')
    expect(await place.run(rows)).toEqual([])
  })
})

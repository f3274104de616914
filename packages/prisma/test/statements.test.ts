import { prismaStore } from '@sallyport/prisma'
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { databases, forms, makePlace, type Place } from './support/place.js'
import { recordingTo } from './support/recorder.js'
import { extended, newKey, newRecord, newVersion } from './support/records.js'

const cases = databases.flatMap(database => forms.map(form => ({ ...form, database })))

describe.each(cases)('on $database, Prisma $major, $generator, extended: $extended', form => {
  const said: string[] = []
  let place: Place
  let store: ReturnType<typeof prismaStore>

  beforeAll(async () => {
    place = await makePlace(form.database, { major: form.major })
    const client = await place.client({ generator: form.generator, wrap: recordingTo(said) })
    store = prismaStore(form.extended ? extended(client) : client, { report: true })
    await store.get(newKey())
  })
  afterAll(() => place.close())
  beforeEach(() => {
    said.length = 0
  })

  /** What was said since the last look. Databases and versions of Prisma spell names differently. */
  function statements(): string[] {
    return said.splice(0).map(statement =>
      statement
        .replace(/["`]|(\w+["`]?\.)+|\(?1=1( AND )?\)?| AND 1=1/g, '')
        .replace(/\$\d+/g, '?')
        .replace(/, /g, ','),
    )
  }

  /** Prisma 6 puts a transaction of its own around a write, and ends it before it answers. */
  function write(end = 'COMMIT'): string | undefined {
    const [begin, statement, commit, ...more] = form.major === 6 ? statements() : ['BEGIN', ...statements(), end]
    expect([begin, commit, ...more]).toEqual(['BEGIN', end])
    return statement
  }

  const key = newKey()
  const summary = { subject: 'alice', enabled: true, methods: ['totp'], recoveryCodesLeft: 10 }
  const [first, second] = [newRecord({ summary }), newRecord({ summary })]

  it('R47: every call is one statement, and no transaction outlives it', async () => {
    await store.put(key, first, null)
    const insert = write()
    expect(insert).toMatch(/^INSERT INTO two_factor_record \((\w+,?){8}\) VALUES \(\?(,\?){7}\)$/)

    expect(await store.put(key, second, null)).toBe(false)
    expect(write('ROLLBACK')).toBe(insert)

    await store.put(key, second, first.version)
    const update = write()
    expect(update).toMatch(/^UPDATE two_factor_record SET (\w+ = \?,?){7} WHERE \(key = \? AND version = \?\)$/)
    expect(update).not.toMatch(/(SET |,)key/)

    expect(await store.put(key, newRecord({ summary }), newVersion())).toBe(false)
    expect(write()).toBe(update)

    await store.get(key)
    expect(statements()).toEqual([
      expect.stringMatching(/^SELECT key,version,body FROM two_factor_record WHERE key = \? LIMIT \? OFFSET \?$/),
    ])

    await store.delete(key)
    expect(statements()).toEqual(['DELETE FROM two_factor_record WHERE key = ?'])

    await store.purgeExpired()
    expect(statements()).toEqual(['DELETE FROM two_factor_record WHERE expires_at < ?'])
  })

  it('R47: reads of one moment are statements of their own', async () => {
    await Promise.all([store.get(key), store.get(key), store.get(newKey())])
    expect(statements()).toHaveLength(3)
  })

  it('check tries every kind of statement, and reads every column', async () => {
    await store.check()
    const verbs = statements().filter(statement => !/^(BEGIN|COMMIT|ROLLBACK)$/.test(statement))
    expect(verbs.map(statement => statement.split(' ')[0])).toEqual([
      ...['SELECT', 'DELETE', 'UPDATE', 'INSERT', 'INSERT', 'UPDATE'],
      ...['UPDATE', 'SELECT', 'SELECT', 'DELETE', 'SELECT'],
    ])
    expect(verbs[8]).toMatch(/^SELECT key,version,body,expires_at,subject,enabled,methods,recovery_codes_left FROM/)
  })
})

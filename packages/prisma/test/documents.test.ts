import { existsSync, readFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { expect, it } from 'vitest'
import { fencesIn } from '../../../scripts/lib/markdown.mjs'
import { modelFile } from './support/generated.js'
import { databases } from './support/place.js'

const read = (path: string) => readFileSync(new URL(`../../../${path}`, import.meta.url), 'utf8')

it.each(['packages/prisma/README.md', 'docs/prisma.md'])('%s shows the model as it is', document => {
  const models = fencesIn(read(document)).filter(({ info }) => info === 'prisma')
  expect(models.map(({ text }) => `${text}\n`)).toEqual([readFileSync(modelFile, 'utf8')])
})

it('the guide changes no column that the store needs', () => {
  const lines = (text: string) => text.split('\n').map(line => line.replace(/\s+/g, ' ').trim())
  const own = lines(readFileSync(modelFile, 'utf8')).filter(line => /^(key|version|body|expiresAt) /.test(line))
  expect(own).toHaveLength(4)
  expect(lines(read('docs/guides/who-has-2fa.md'))).toEqual(expect.arrayContaining(own))
})

it('the model and the SQL are published where the documents say', () => {
  const { files } = createRequire(import.meta.url)('../package.json') as { files: string[] }
  const folder = (path: string) => path.split('/')[0]
  for (const path of ['prisma/two-factor.prisma', ...databases.map(database => `sql/${database}.sql`)]) {
    expect(files).toContain(folder(path))
    expect(existsSync(new URL(`../${path}`, import.meta.url))).toBe(true)
    expect(read('docs/prisma.md')).toContain(path.startsWith('sql') ? `packages/prisma/${path}` : path)
  }
})

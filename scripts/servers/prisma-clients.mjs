/**
 * The Prisma clients that the tests open SQLite, PostgreSQL and MariaDB with: generated from the model that @sallyport/prisma ships, as
 * JavaScript, so that processes started by a test can load them too.
 */
import { createHash } from 'node:crypto'
import { existsSync, mkdirSync, mkdtempSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { generatePrismaClient } from '../lib/prisma.mjs'
import { root } from '../lib/root.mjs'

const cache = join(root, 'node_modules/.cache/sallyport')
const providers = ['sqlite', 'postgresql', 'mysql']

/** @returns {Promise<string>} the folder in which each has a folder of its provider's name; made anew only where the model changed */
export async function generatePrismaClients() {
  const model = readFileSync(join(root, 'packages/prisma/prisma/two-factor.prisma'), 'utf8')
  const { version } = JSON.parse(readFileSync(join(root, 'node_modules/prisma/package.json'), 'utf8'))
  const mark = createHash('sha256').update(`${version} ${model}`).digest('hex').slice(0, 16)
  const place = join(cache, `clients-of-tests-${mark}`)
  if (existsSync(place)) return place
  mkdirSync(cache, { recursive: true })
  // Made aside and moved: two runs at once do not see each other's half.
  const aside = mkdtempSync(join(cache, 'generating-'))
  await Promise.all(providers.map(provider => generate(provider, model, aside)))
  try {
    renameSync(aside, place)
  } catch (error) {
    rmSync(aside, { recursive: true, force: true })
    if (!existsSync(place)) throw error
  }
  return place
}

/**
 * @param {string} provider
 * @param {string} model
 * @param {string} folder
 */
async function generate(provider, model, folder) {
  const schema = join(folder, `${provider}.prisma`)
  const generator = `generator client {\n  provider = "prisma-client-js"\n  output   = "./${provider}"\n}`
  writeFileSync(schema, `${generator}\n\ndatasource db {\n  provider = "${provider}"\n}\n\n${model}`)
  await generatePrismaClient(schema)
}

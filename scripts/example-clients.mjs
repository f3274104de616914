/**
 * `node scripts/example-clients.mjs`: generates the Prisma clients of examples/express, where they are not what its schemas say. What
 * type-checks or starts the example calls it first, and for vitest it is a global set-up. It needs no network.
 */
import { createHash } from 'node:crypto'
import { existsSync, readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import { generatePrismaClient } from './lib/prisma.mjs'
import { root } from './lib/root.mjs'

const example = join(root, 'examples/express')

/** The folders of `prisma/` with a schema each; its client goes to the folder of that name in `src/generated/`. */
const schemas = ['application', 'postgresql']

/** Several projects of one run of vitest share this process, though not this module. */
const shared = /** @type {{ [key: symbol]: Promise<void> | undefined }} */ (/** @type {unknown} */ (globalThis))
const place = Symbol.for('sallyport: clients of the example')

export default async function generateExampleClients() {
  shared[place] ??= Promise.all(schemas.map(generate)).then(() => {})
  await shared[place]
}

/** @param {string} name */
async function generate(name) {
  const folder = join(example, 'prisma', name)
  const made = join(example, 'src/generated', name, 'made-from')
  const from = digest(folder)
  if (existsSync(made) && readFileSync(made, 'utf8') === from) return
  await generatePrismaClient(folder)
  writeFileSync(made, from)
}

/**
 * @param {string} folder
 * @returns {string} of the schema, and of the version of Prisma that reads it
 */
function digest(folder) {
  const hash = createHash('sha256').update(readFileSync(join(root, 'node_modules/prisma/package.json')))
  for (const name of readdirSync(folder).sort()) hash.update(readFileSync(join(folder, name)))
  return hash.digest('hex')
}

if (import.meta.url === pathToFileURL(process.argv[1] ?? '').href) await generateExampleClients()

/** Generated clients of Prisma 7, which the repository has, and of Prisma 6, which is installed here alone. Kept between runs. */
import { execFile } from 'node:child_process'
import { createHash, randomUUID } from 'node:crypto'
import { existsSync } from 'node:fs'
import { mkdir, readFile, rename, rm, writeFile } from 'node:fs/promises'
import { createRequire } from 'node:module'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { build } from 'esbuild'
import type { PrismaClientClass } from './client.js'

const run = promisify(execFile)
const repository = fileURLToPath(new URL('../../../..', import.meta.url))
const cache = join(repository, 'node_modules/.cache/sallyport')

const prisma6 = '6.19.3'
const adapters = ['libsql', 'pg', 'mariadb'].map(name => `@prisma/adapter-${name}@${prisma6}`)
const packages6 = [
  `prisma@${prisma6}`,
  `@prisma/client@${prisma6}`,
  ...adapters,
  '@prisma/extension-read-replicas@0.4.1',
]

export type Major = 6 | 7
export type Database = 'sqlite' | 'postgresql' | 'mysql'
export type Generator = 'prisma-client' | 'prisma-client-js'

/** A client to generate. `models`: instead of the `.prisma` file of the package. */
export interface Wanted {
  major?: Major
  database: Database
  generator?: Generator
  models?: string
}

/** The model as the package ships it. */
export const modelFile = fileURLToPath(new URL('../../prisma/two-factor.prisma', import.meta.url))

/** The folder whose `node_modules` has that Prisma. */
export async function folderOf(major: Major): Promise<string> {
  if (major === 7) return repository
  const folder = join(cache, `prisma-${prisma6}`)
  await madeOnce(folder, async made => {
    const quietly = ['--ignore-scripts', '--prefer-offline', '--no-audit', '--no-fund', '--legacy-peer-deps']
    await run('npm', ['install', '--prefix', made, ...quietly, ...packages6], { cwd: made })
  })
  return folder
}

/** Imports a package of that Prisma's. */
export async function packageOf(major: Major, name: string): Promise<Record<string, unknown>> {
  return createRequire(join(await folderOf(major), 'package.json'))(name)
}

/** The folder of the generated sources, in `client`, and of what they are imported by, `client.mjs` or `client`. */
export async function generate({ major = 7, database, generator = 'prisma-client', models }: Wanted): Promise<string> {
  const home = await folderOf(major)
  const schema = [
    // Without it Prisma 6 would download an engine.
    `generator client {\n  provider = "${generator}"\n  output = "./client"\n${major === 6 ? '  engineType = "client"\n' : ''}}`,
    `datasource db {\n  provider = "${database}"\n${major === 6 ? '  url = env("SALLYPORT_NOWHERE")\n' : ''}}`,
    models ?? (await readFile(modelFile, 'utf8')),
  ].join('\n\n')
  const { version } = (await packageOf(major, 'prisma/package.json')) as { version: string }
  const name = createHash('sha256').update(`${version}\n${schema}`).digest('hex').slice(0, 16)
  const place = major === 6 ? join(home, 'generated') : join(cache, 'prisma')
  const folder = join(place, `${database}-${generator}-${name}`)
  await madeOnce(folder, async made => {
    await writeFile(join(made, 'schema.prisma'), schema)
    const cli = join(home, 'node_modules/prisma/build/index.js')
    // Any file will do for the engines: they are looked for, and not used.
    const engine = process.execPath
    const env = { ...process.env, PRISMA_SCHEMA_ENGINE_BINARY: engine, PRISMA_QUERY_ENGINE_LIBRARY: engine }
    const args = [cli, 'generate', '--no-hints', '--schema', join(made, 'schema.prisma')]
    await run(process.execPath, args, { cwd: home, env: { ...env, CHECKPOINT_DISABLE: '1' } })
    if (generator === 'prisma-client') await bundle(made)
  })
  return folder
}

/** The class of the generated client. */
export async function generated(wanted: Wanted): Promise<PrismaClientClass> {
  const folder = await generate(wanted)
  const file = wanted.generator === 'prisma-client-js' ? 'client/index.js' : 'client.mjs'
  const module = (await import(join(folder, file))) as { PrismaClient: PrismaClientClass }
  return module.PrismaClient
}

/** That generator writes TypeScript. */
async function bundle(folder: string): Promise<void> {
  await build({
    entryPoints: [join(folder, 'client/client.ts')],
    outfile: join(folder, 'client.mjs'),
    bundle: true,
    packages: 'external',
    platform: 'node',
    format: 'esm',
    target: 'es2022',
    logLevel: 'error',
  })
}

/** Several workers may want one folder at once: each makes its own, and the first to be ready gives the name. */
async function madeOnce(folder: string, make: (made: string) => Promise<void>): Promise<void> {
  if (existsSync(folder)) return
  const made = `${folder}.${randomUUID()}`
  await mkdir(made, { recursive: true })
  try {
    await make(made)
    await rename(made, folder).catch(error => {
      if (!existsSync(folder)) throw error
    })
  } finally {
    await rm(made, { recursive: true, force: true })
  }
}

/** The last and the first release of the major before, of both clients, installed when first asked for: a contributor's install stays small. */
import { execFile } from 'node:child_process'
import { existsSync, mkdirSync, mkdtempSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import type * as ioredis from 'ioredis'
import type * as redis from 'redis'

const cache = fileURLToPath(new URL('../../../../node_modules/.cache/sallyport', import.meta.url))
const dependencies = {
  'redis-5': 'npm:redis@5',
  'redis-5.0': 'npm:redis@5.0.0',
  'ioredis-5': 'npm:ioredis@5',
  'ioredis-5.0': 'npm:ioredis@5.0.0',
}

/** @returns the folder that has them in its node_modules */
export async function installOldClients(): Promise<string> {
  const place = join(cache, 'older-clients')
  if (existsSync(place)) return place
  mkdirSync(cache, { recursive: true })
  // Made aside and moved: workers that ask at once do not see each other's half.
  const aside = mkdtempSync(join(cache, 'installing-'))
  writeFileSync(join(aside, 'package.json'), JSON.stringify({ private: true, dependencies }))
  const options = ['--prefer-offline', '--no-audit', '--no-fund', '--ignore-scripts']
  await promisify(execFile)('npm', ['install', ...options], { cwd: aside })
  try {
    renameSync(aside, place)
  } catch (error) {
    rmSync(aside, { recursive: true, force: true })
    if (!existsSync(place)) throw error
  }
  return place
}

const require = createRequire(join(await installOldClients(), 'package.json'))

/** With the types of the present major: what differs is not used here. */
export const redis5 = require('redis-5') as typeof redis
export const redis50 = require('redis-5.0') as typeof redis
export const ioredis5 = require('ioredis-5') as typeof ioredis
const first = require('ioredis-5.0') as { default: typeof ioredis.Redis; Cluster: typeof ioredis.Cluster }
/** It does not name `Redis` yet. */
export const ioredis50 = { Cluster: first.Cluster, Redis: first.default }

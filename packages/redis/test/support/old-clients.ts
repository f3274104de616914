/** The last and the first release of the major before, of both clients, installed when first asked for: a contributor's install stays small. */
import { createRequire } from 'node:module'
import { join } from 'node:path'
import type * as ioredis from 'ioredis'
import type * as redis from 'redis'
import { installAside } from '../../../../test/older-packages.js'

const dependencies = {
  'redis-5': 'npm:redis@5',
  'redis-5.0': 'npm:redis@5.0.0',
  'ioredis-5': 'npm:ioredis@5',
  'ioredis-5.0': 'npm:ioredis@5.0.0',
}

/** @returns the folder that has them in its node_modules */
export const installOldClients = (): Promise<string> => installAside('older-clients', dependencies)

const require = createRequire(join(await installOldClients(), 'package.json'))

/** With the types of the present major: what differs is not used here. */
export const redis5 = require('redis-5') as typeof redis
export const redis50 = require('redis-5.0') as typeof redis
export const ioredis5 = require('ioredis-5') as typeof ioredis
const first = require('ioredis-5.0') as { default: typeof ioredis.Redis; Cluster: typeof ioredis.Cluster }
/** It does not name `Redis` yet. */
export const ioredis50 = { Cluster: first.Cluster, Redis: first.default }

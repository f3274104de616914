import { randomUUID } from 'node:crypto'
import { ioredis, nodeRedis, redisStore } from '@sallyport/redis'
import { Cluster } from 'ioredis'
import { createClient } from 'redis'
import type { Backend } from './index.js'
import { setting } from './settings.js'

const nowhere = 'redis://127.0.0.1:1'

/** Keys and values of a prefix on every node. */
async function dumpNodes(urls: readonly string[], prefix: string): Promise<string[]> {
  const found: string[] = []
  for (const url of urls) {
    const client = await createClient({ url }).connect()
    for await (const keys of client.scanIterator({ MATCH: `${prefix}*` })) {
      for (const key of keys) found.push(key, (await client.get(key)) ?? '')
    }
    await client.close()
  }
  return found
}

/** By the package `redis`. A place is a prefix; what is left in it goes with the server. */
export const redisBackend: Backend = {
  async make() {
    return `test:${randomUUID()}:`
  },
  async connect(prefix) {
    const client = createClient({ url: setting('SALLYPORT_TEST_REDIS_URL') })
    client.on('error', () => {})
    await client.connect()
    return { store: redisStore(nodeRedis(client), { prefix }), close: () => client.close() }
  },
  async unreachable() {
    const client = createClient({ url: nowhere, disableOfflineQueue: true })
    client.on('error', () => {})
    // It tries for ever; what is asked of it meanwhile fails.
    client.connect().catch(() => {})
    return { store: redisStore(nodeRedis(client)), close: async () => client.destroy() }
  },
  async drop() {},
  dump: prefix => dumpNodes([setting('SALLYPORT_TEST_REDIS_URL')], prefix),
}

/** By the package `ioredis`, which may read from replicas as far as it knows. */
export const redisClusterBackend: Backend = {
  make: redisBackend.make,
  async connect(prefix) {
    const nodes = setting('SALLYPORT_TEST_REDIS_CLUSTER_URL').split(',')
    const cluster = new Cluster(nodes, { scaleReads: 'slave' })
    cluster.on('error', () => {})
    return { store: redisStore(ioredis(cluster), { prefix }), close: async () => void (await cluster.quit()) }
  },
  async unreachable() {
    const cluster = new Cluster([nowhere], { clusterRetryStrategy: () => null, lazyConnect: true })
    cluster.on('error', () => {})
    return { store: redisStore(ioredis(cluster)), close: async () => cluster.disconnect() }
  },
  async drop() {},
  dump: prefix => dumpNodes(setting('SALLYPORT_TEST_REDIS_CLUSTER_URL').split(','), prefix),
}

/** Every client that the package has a maker for, in the settings that matter to it. */
import {
  type IoredisClient,
  ioredis,
  type NodeRedisClient,
  type NodeRedisCluster,
  type NodeRedisSentinel,
  nodeRedis,
  nodeRedisCluster,
  nodeRedisSentinel,
  type RedisPort,
} from '@sallyport/redis'
import * as ioredis6 from 'ioredis'
import * as redis6 from 'redis'
import { ioredis5, ioredis50, redis5, redis50 } from './old-clients.js'

/** An open client. */
export interface Connection {
  port: RedisPort
  close(): void
}

/** A kind of client. `Place`: what it is led to a server by. `keyPrefix`: what it puts before every key. */
export interface Client<Place extends unknown[]> {
  name: string
  keyPrefix: string
  connect(...place: Place): Promise<Connection>
}

/** `through`: ports to take instead of those that the nodes of a cluster tell of. */
export type ClusterPlace = [urls: readonly string[], through?: ReadonlyMap<number, number>]

interface Emitter {
  on(event: 'error', listener: () => void): unknown
}
interface NodeRedisLife extends Emitter {
  connect(): Promise<unknown>
  destroy(): unknown
}
interface IoredisLife extends Emitter {
  disconnect(): void
}

const host = '127.0.0.1'

function byRedis<Place extends unknown[], Made extends NodeRedisLife>(
  name: string,
  wrap: (client: Made) => RedisPort,
  make: (...place: Place) => Made,
  keyPrefix = '',
): Client<Place> {
  return {
    name,
    keyPrefix,
    async connect(...place) {
      const client = make(...place)
      client.on('error', () => {})
      await client.connect()
      return { port: wrap(client), close: () => void client.destroy() }
    },
  }
}

function byIoredis<Place extends unknown[]>(
  name: string,
  make: (...place: Place) => IoredisLife & IoredisClient,
  keyPrefix = '',
): Client<Place> {
  return {
    name,
    keyPrefix,
    async connect(...place) {
      const client = make(...place)
      client.on('error', () => {})
      return { port: ioredis(client), close: () => client.disconnect() }
    },
  }
}

/** How either client is told of {@link ClusterPlace}'s `through`. */
function addresses(through: ClusterPlace[1] = new Map()): Record<string, { host: string; port: number }> {
  return Object.fromEntries([...through].map(([from, port]) => [`${host}:${from}`, { host, port }]))
}

const client = (name: string, make: (url: string) => NodeRedisLife & NodeRedisClient, keyPrefix?: string) =>
  byRedis(name, nodeRedis, make, keyPrefix)

function cluster(name: string, redis: typeof redis6, options: object = {}, keyPrefix?: string): Client<ClusterPlace> {
  const make = (...[urls, through]: ClusterPlace): NodeRedisLife & NodeRedisCluster =>
    redis.createCluster({
      rootNodes: urls.map(url => ({ url })),
      nodeAddressMap: addresses(through),
      ...options,
    })
  return byRedis(name, nodeRedisCluster, make, keyPrefix)
}

function ioredisCluster(
  name: string,
  module: Pick<typeof ioredis6, 'Cluster'>,
  options: object = {},
  keyPrefix?: string,
) {
  const make = (...[urls, through]: ClusterPlace) =>
    new module.Cluster([...urls], { natMap: addresses(through), ...options })
  return byIoredis(name, make, keyPrefix)
}

const pooled = { minimum: 2, maximum: 4 }
const bytesForStrings = { typeMapping: { [redis6.RESP_TYPES.BLOB_STRING]: Buffer, [redis6.RESP_TYPES.NUMBER]: String } }

/** As an application gets them that sets nothing. */
export const defaultClients = [
  client('redis 6', url => redis6.createClient({ url })),
  client('redis 6, pool', url => redis6.createClientPool({ url }, pooled)),
  client('redis 5', url => redis5.createClient({ url })),
  client('redis 5, pool', url => redis5.createClientPool({ url }, pooled)),
  byIoredis('ioredis 6', (url: string) => new ioredis6.Redis(url)),
  byIoredis('ioredis 5', (url: string) => new ioredis5.Redis(url)),
]

export const singleClients = [
  ...defaultClients,
  client('redis 6, RESP 2', url => redis6.createClient({ url, RESP: 2 })),
  client('redis 6, keyPrefix', url => redis6.createClient({ url, keyPrefix: 'app:' }), 'app:'),
  client('redis 6, pool, keyPrefix', url => redis6.createClientPool({ url, keyPrefix: 'app:' }, pooled), 'app:'),
  client('redis 6, bytes for strings', url => redis6.createClient({ url, commandOptions: bytesForStrings })),
  client('redis 5, RESP 3', url => redis5.createClient({ url, RESP: 3 })),
  client('redis 5.0', url => redis50.createClient({ url })),
  byIoredis('ioredis 6, RESP 2', (url: string) => new ioredis6.Redis(url, { protocol: 2 })),
  byIoredis('ioredis 6, keyPrefix', (url: string) => new ioredis6.Redis(url, { keyPrefix: 'app:' }), 'app:'),
  byIoredis('ioredis 6, strings for numbers', (url: string) => new ioredis6.Redis(url, { stringNumbers: true })),
  byIoredis('ioredis 6, pipelines', (url: string) => new ioredis6.Redis(url, { enableAutoPipelining: true })),
  byIoredis('ioredis 5, keyPrefix', (url: string) => new ioredis5.Redis(url, { keyPrefix: 'app:' }), 'app:'),
  byIoredis('ioredis 5, pipelines', (url: string) => new ioredis5.Redis(url, { enableAutoPipelining: true })),
  byIoredis('ioredis 5.0', (url: string) => new ioredis50.Redis(url)),
  byIoredis('ioredis 5.0, keyPrefix', (url: string) => new ioredis50.Redis(url, { keyPrefix: 'app:' }), 'app:'),
]

/** As an application gets them that sets nothing. */
export const defaultClusterClients = [
  cluster('redis 6, cluster', redis6),
  cluster('redis 5, cluster', redis5),
  ioredisCluster('ioredis 6, cluster', ioredis6),
  ioredisCluster('ioredis 5, cluster', ioredis5),
]

export const clusterClients = [
  ...defaultClusterClients,
  cluster('redis 6, cluster, RESP 2', redis6, { RESP: 2 }),
  cluster('redis 6, cluster, keyPrefix', redis6, { keyPrefix: 'app:' }, 'app:'),
  cluster('redis 6, cluster, replicas', redis6, { useReplicas: true }),
  cluster('redis 5, cluster, RESP 3', redis5, { RESP: 3 }),
  cluster('redis 5.0, cluster', redis50),
  ioredisCluster('ioredis 6, cluster, RESP 2', ioredis6, { redisOptions: { protocol: 2 } }),
  ioredisCluster('ioredis 6, cluster, keyPrefix', ioredis6, { keyPrefix: 'app:' }, 'app:'),
  ioredisCluster('ioredis 6, cluster, pipelines', ioredis6, { enableAutoPipelining: true }),
  ioredisCluster('ioredis 6, cluster, replicas', ioredis6, { scaleReads: 'slave' }),
  ioredisCluster('ioredis 5, cluster, replicas', ioredis5, { scaleReads: 'all' }),
  ioredisCluster('ioredis 5, cluster, keyPrefix', ioredis5, { keyPrefix: 'app:' }, 'app:'),
  ioredisCluster('ioredis 5, cluster, pipelines', ioredis5, { enableAutoPipelining: true }),
  ioredisCluster('ioredis 5.0, cluster, replicas', ioredis50, { scaleReads: 'slave' }),
  ioredisCluster('ioredis 5.0, cluster, keyPrefix', ioredis50, { keyPrefix: 'app:' }, 'app:'),
]

const sentinelsAt = (port: number) => ({ name: 'main', sentinelRootNodes: [{ host, port }] })
const sentinel = (name: string, make: (port: number) => NodeRedisLife & NodeRedisSentinel, keyPrefix?: string) =>
  byRedis(name, nodeRedisSentinel, make, keyPrefix)

/** Led to a server by a Sentinel that calls it `main`. */
export const sentinelClients = [
  sentinel('redis 6, Sentinel', port => redis6.createSentinel(sentinelsAt(port))),
  sentinel(
    'redis 6, Sentinel, keyPrefix',
    port => redis6.createSentinel({ ...sentinelsAt(port), keyPrefix: 'app:' }),
    'app:',
  ),
  sentinel('redis 5, Sentinel', port => redis5.createSentinel(sentinelsAt(port))),
  byIoredis('ioredis 6, Sentinel', (port: number) => new ioredis6.Redis({ name: 'main', sentinels: [{ host, port }] })),
  byIoredis('ioredis 5, Sentinel', (port: number) => new ioredis5.Redis({ name: 'main', sentinels: [{ host, port }] })),
]

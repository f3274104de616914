/** One-line makers of the port, for the clients that most applications have. Typed by what is used, so that no client is imported. */
import { usage } from './failures.js'
import type { RedisPort } from './port.js'

/** A client of the package `redis` (5 or 6), or a pool of them, as far as it is used here. */
export interface NodeRedisClient {
  sendCommand(args: string[]): Promise<unknown>
}

/** A cluster client of the package `redis` (5 or 6), as far as it is used here. */
export interface NodeRedisCluster {
  sendCommand(firstKey: string, isReadonly: boolean, args: string[]): Promise<unknown>
}

/** A Sentinel client of the package `redis` (5 or 6), as far as it is used here. */
export interface NodeRedisSentinel {
  sendCommand(isReadonly: boolean, args: string[]): Promise<unknown>
}

/** A client or a cluster client of the package `ioredis` (5 or 6), as far as it is used here. */
export interface IoredisClient {
  call(command: string, ...args: string[]): Promise<unknown>
}

/**
 * The port of a client made by `createClient` or `createClientPool` of the package `redis`. A `keyPrefix` of the client is kept,
 * here and in the other makers.
 *
 * @param client connected by the application, which also listens to its errors
 * @returns the port for `redisStore`
 * @throws SallyportError `usage` where it is no such client
 *
 * @example
 * ```ts
 * import { nodeRedis, redisStore } from '@sallyport/redis'
 * import { createClient } from 'redis'
 *
 * const client = createClient({ url: process.env['REDIS_URL'] ?? 'redis://localhost:6379' })
 * client.on('error', error => console.error('Redis:', error))
 * await client.connect()
 * const store = redisStore(nodeRedis(client))
 * ```
 */
export function nodeRedis(client: NodeRedisClient): RedisPort {
  requireClient('client', client, 'nodeRedis', 'sendCommand')
  return { send: args => client.sendCommand([...args]), keyPrefix: keyPrefixOf(client) }
}

/**
 * The port of a client made by `createCluster` of the package `redis`. Everything goes to the masters, also where the cluster
 * client reads from replicas otherwise.
 *
 * @param cluster connected by the application, which also listens to its errors
 * @returns the port for `redisStore`
 * @throws SallyportError `usage` where it is no such client
 *
 * @example
 * ```ts
 * import { nodeRedisCluster, redisStore } from '@sallyport/redis'
 * import { createCluster } from 'redis'
 *
 * const cluster = createCluster({ rootNodes: [{ url: 'redis://localhost:7000' }, { url: 'redis://localhost:7001' }] })
 * cluster.on('error', error => console.error('Redis:', error))
 * await cluster.connect()
 * const store = redisStore(nodeRedisCluster(cluster))
 * ```
 */
export function nodeRedisCluster(cluster: NodeRedisCluster): RedisPort {
  requireClient('cluster', cluster, 'nodeRedisCluster', 'sendCommand')
  return {
    send: (args, { key }) => cluster.sendCommand(key, false, [...args]),
    keyPrefix: keyPrefixOf(cluster),
  }
}

/**
 * The port of a client made by `createSentinel` of the package `redis`: everything goes to the master.
 *
 * @param sentinel connected by the application, which also listens to its errors
 * @returns the port for `redisStore`
 * @throws SallyportError `usage` where it is no such client
 *
 * @example
 * ```ts
 * import { nodeRedisSentinel, redisStore } from '@sallyport/redis'
 * import { createSentinel } from 'redis'
 *
 * const sentinel = createSentinel({ name: 'main', sentinelRootNodes: [{ host: 'localhost', port: 26379 }] })
 * sentinel.on('error', error => console.error('Redis:', error))
 * await sentinel.connect()
 * const store = redisStore(nodeRedisSentinel(sentinel))
 * ```
 */
export function nodeRedisSentinel(sentinel: NodeRedisSentinel): RedisPort {
  requireClient('sentinel', sentinel, 'nodeRedisSentinel', 'sendCommand')
  return { send: args => sentinel.sendCommand(false, [...args]), keyPrefix: keyPrefixOf(sentinel) }
}

/**
 * The port of a client of the package `ioredis`: `new Redis(…)`, `new Cluster(…)`, with Sentinels or without. Everything goes to
 * the masters, whatever `scaleReads` says.
 *
 * @param client made by the application, which also listens to its errors
 * @returns the port for `redisStore`
 * @throws SallyportError `usage` where it is no such client
 *
 * @example
 * ```ts
 * import { ioredis, redisStore } from '@sallyport/redis'
 * import { Redis } from 'ioredis'
 *
 * const client = new Redis(process.env['REDIS_URL'] ?? 'redis://localhost:6379')
 * client.on('error', error => console.error('Redis:', error))
 * const store = redisStore(ioredis(client))
 * ```
 */
export function ioredis(client: IoredisClient): RedisPort {
  requireClient('client', client, 'ioredis', 'call')
  // Before 5.9 it knows a command, and with it the keys that a prefix and a slot belong to, by its name in lower case alone.
  return { send: ([command = '', ...args]) => client.call(command.toLowerCase(), ...args) }
}

type Maker = 'ioredis' | 'nodeRedis' | 'nodeRedisCluster' | 'nodeRedisSentinel'

/** By what the clients are told apart, the particular before the general. Null: nothing that answers a command. */
const marks: readonly [property: string, maker: Maker | null][] = [
  ['isPipeline', null],
  ['call', 'ioredis'],
  ['getRandomNode', 'nodeRedisCluster'],
  ['getSentinelNode', 'nodeRedisSentinel'],
  ['isOpen', 'nodeRedis'],
  ['exec', null],
]

/** Refuses what is known to be another client. What is not known may be a wrapper, which has the method and perhaps no more. */
function requireClient(argument: string, client: unknown, maker: Maker, method: string): void {
  // A class is no client, though every function has a method `call`.
  const given = (typeof client === 'object' && client !== null ? client : {}) as Record<string, unknown>
  const [, found = maker] = marks.find(([property]) => property in given) ?? []
  if (found === null) throw usage(argument, 'must be a client: a pipeline or transaction answers no command (R47)')
  if (found !== maker) throw usage(argument, `must be given to ${found} instead`)
  if (typeof given[method] === 'function') return
  const hint = 'then' in given ? 'a promise has to be awaited' : `it has no function ${method}`
  throw usage(argument, `must be a client that ${maker} is for: ${hint}`)
}

/** `redis` 6 puts a `keyPrefix` before the keys of its own methods, and not before those of commands that are sent as they are. */
function keyPrefixOf(client: object): string | undefined {
  type Prefix = string | Uint8Array | undefined
  const { _keyPrefix, options } = client as { _keyPrefix?: Prefix; options?: { keyPrefix?: Prefix } | undefined }
  // What all of its classes have is no part of its interface; the options of a client are.
  const prefix = _keyPrefix ?? options?.keyPrefix
  return typeof prefix === 'object' ? new TextDecoder().decode(prefix) : prefix
}

/** `@sallyport/redis`: a store in Redis, Redis Cluster, or what speaks their language. */

export type { RedisWarning } from './check.js'
export {
  type IoredisClient,
  ioredis,
  type NodeRedisClient,
  type NodeRedisCluster,
  type NodeRedisSentinel,
  nodeRedis,
  nodeRedisCluster,
  nodeRedisSentinel,
} from './clients.js'
export type { RedisPort } from './port.js'
export { type RedisStore, type RedisStoreOptions, redisStore } from './store.js'

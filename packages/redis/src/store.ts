/** A store over the narrow port: one key per record, one script to write it. */
import type { Store } from '@sallyport/core'
import { checkServers, type RedisWarning } from './check.js'
import { clientFailure, failure, isNoScript, usage } from './failures.js'
import type { RedisPort } from './port.js'
import { decodeRecord, encodeRecord } from './record.js'
import { textOf } from './replies.js'
import { putScript, putScriptSha1 } from './script.js'

/** The options of {@link redisStore}. */
export interface RedisStoreOptions {
  /** Stands before every key, after what the client itself puts there. Default `sallyport:`. */
  prefix?: string | undefined
}

/** A store in Redis. */
export interface RedisStore extends Store {
  /**
   * Looks at the settings of the server, or of the nodes of a cluster, for what could lose records: call it at start-up and log what
   * it says. Needs the right to `EVAL` and `INFO`, and for a cluster to `CLUSTER INFO`.
   *
   * @returns warnings; none is good
   * @throws SallyportError `store_failed` where the server cannot be asked; `cause` is what the client threw
   */
  check(): Promise<readonly RedisWarning[]>
}

/**
 * A store in Redis 6.2 or later, alone, behind Sentinels, or as a cluster. One key per record, so a cluster needs no hash tags; the
 * conditional write is one script; reads are by `GETEX`, which counts as a write, so that no client sends it to a replica, and no
 * replica answers it that is read-only, as they are by default (R47).
 *
 * @param port made by `nodeRedis`, `nodeRedisCluster`, `nodeRedisSentinel` or `ioredis`, or by hand for another client
 * @param options see {@link RedisStoreOptions}
 * @returns the store, which keeps nothing in memory. What Redis or the client refuses is thrown as a `SallyportError` of kind
 *   `store`; `cause` is what the client threw, without the arguments of the command that ioredis adds to it (R40, R41)
 * @throws SallyportError `usage`, naming the argument
 *
 * @example
 * ```ts
 * import { createTwoFactor } from '@sallyport/core'
 * import { ioredis, redisStore } from '@sallyport/redis'
 * import { Redis } from 'ioredis'
 *
 * const store = redisStore(ioredis(new Redis('redis://localhost:6379')))
 * for (const { message } of await store.check()) console.warn('Redis:', message)
 * const twoFactor = createTwoFactor({ issuer: 'Acme', keys: [process.env['SALLYPORT_KEY']], store })
 * ```
 */
export function redisStore(port: RedisPort, options: RedisStoreOptions = {}): RedisStore {
  if (typeof (port as Partial<RedisPort> | null | undefined)?.send !== 'function') {
    throw usage(
      'port',
      'must have a function send: wrap the client in nodeRedis, nodeRedisCluster, nodeRedisSentinel or ioredis',
    )
  }
  const { prefix = 'sallyport:' } = options
  if (typeof prefix !== 'string') throw usage('options.prefix', 'must be a string')
  const { keyPrefix = '' } = port
  if (typeof keyPrefix !== 'string') throw usage('port.keyPrefix', 'must be a string')
  const keyOf = (key: string) => `${keyPrefix}${prefix}${key}`

  async function ask(args: readonly string[], key: string): Promise<string | null> {
    let reply: unknown
    try {
      reply = await port.send(args, { key })
    } catch (thrown) {
      throw clientFailure(thrown)
    }
    return textOf(reply)
  }

  /** On NOSCRIPT nothing was run. After anything else it may have been: core looks again, and decides. */
  async function evaluate(script: string, sha1: string, key: string, args: readonly string[]): Promise<string | null> {
    try {
      return await ask(['EVALSHA', sha1, '1', key, ...args], key)
    } catch (error) {
      if (!isNoScript((error as Error).cause)) throw error
      return ask(['EVAL', script, '1', key, ...args], key)
    }
  }

  return {
    async get(key) {
      const at = keyOf(key)
      const value = await ask(['GETEX', at], at)
      if (value === null) return null
      const stored = decodeRecord(value)
      if (stored === null) throw failure('the key holds something that is no record')
      return stored
    },
    async put(key, record, ifVersion) {
      const expiry = record.expiresAt === null ? '' : String(Math.max(1, Math.ceil(record.expiresAt)))
      const args = [ifVersion ?? '', encodeRecord(record), expiry]
      const written = await evaluate(putScript, putScriptSha1, keyOf(key), args)
      if (written !== '1' && written !== '0')
        throw failure('the script gave neither 0 nor 1: is the port in a transaction?')
      return written === '1'
    },
    async delete(key) {
      const at = keyOf(key)
      const deleted = await ask(['DEL', at], at)
      if (deleted === null || !/^\d+$/.test(deleted)) throw failure('DEL gave no count: is the port in a transaction?')
    },
    check: () => checkServers((script, key) => ask(['EVAL', script, '1', key], key), keyOf),
  }
}

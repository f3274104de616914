import { inspect } from 'node:util'
import { createTwoFactor, type Store } from '@sallyport/core'
import { ioredis, nodeRedis, type RedisPort, redisStore } from '@sallyport/redis'
import { Redis } from 'ioredis'
import { createClient } from 'redis'
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest'
import { errorOf, makeApplication } from '../../core/test/support/harness.js'
import { type Connection, defaultClients } from './support/clients.js'
import { newKey, newPrefix, newRecord, newVersion } from './support/records.js'
import { type RedisServer, sharedServer, startRedis } from './support/servers.js'

const failed = (message: string | RegExp) => ({
  kind: 'store',
  code: 'store_failed',
  message: expect.stringMatching(message),
})

let server: RedisServer
beforeAll(async () => {
  server = await startRedis()
})
afterAll(() => server.stop())

/** Every read and write is refused so. */
async function expectRefused(store: Store, message: RegExp, key = newKey()): Promise<void> {
  expect(await errorOf(store.get(key))).toMatchObject(failed(message))
  for (const over of [null, newVersion()]) {
    expect(await errorOf(store.put(key, newRecord(), over))).toMatchObject(failed(message))
  }
}

describe.each(defaultClients)('by $name', ({ connect }) => {
  let connection: Connection
  const prefix = newPrefix()
  const storeOf = ({ port }: Connection) => redisStore(port, { prefix })
  beforeAll(async () => {
    connection = await connect(server.url)
  })
  afterAll(() => connection.close())
  afterEach(async () => {
    await server.operator.run('CONFIG', 'SET', 'maxmemory', '0', 'min-replicas-to-write', '0')
  })

  it('R41: a key that holds something else is named as such, and left alone', async () => {
    const store = storeOf(connection)
    for (const value of ['', 'text', `${newVersion()}`, `${newVersion()}:%%%`, `:${'A'.repeat(40)}`]) {
      const key = newKey()
      await server.operator.run('SET', `${prefix}${key}`, value)
      expect(await errorOf(store.get(key))).toMatchObject(failed(/^the key holds something that is no record$/))
      expect(await store.put(key, newRecord(), null)).toBe(false)
      expect(await server.operator.run('GET', `${prefix}${key}`)).toBe(value)
    }
    const key = newKey()
    await server.operator.run('LPUSH', `${prefix}${key}`, 'text')
    await expectRefused(store, /^the key holds something that is no record$/, key)
    expect(await server.operator.run('LRANGE', `${prefix}${key}`, '0', '-1')).toEqual(['text'])
  })

  it('R41: a server whose memory is full says so, still reads, and has written nothing', async () => {
    const store = storeOf(connection)
    const [key, record] = [newKey(), newRecord()]
    await store.put(key, record, null)
    await server.operator.run('CONFIG', 'SET', 'maxmemory', '1')
    expect(await errorOf(store.put(key, newRecord(), record.version))).toMatchObject(failed(/its memory is full$/))
    expect((await store.get(key))?.version).toBe(record.version)
  })

  it('R47: a server that has lost the replicas it must have refuses reads as well: they could be stale', async () => {
    await server.operator.run('CONFIG', 'SET', 'min-replicas-to-write', '1')
    await expectRefused(storeOf(connection), /^Redis refuses: it has fewer replicas than it is told to have$/)
  })

  it('R41: a user without the rights is told which the store needs, and nothing is half written', async () => {
    const users = {
      reads: ['~*', '+@read'],
      evaluates: ['~*', '+getex', '+evalsha', '+eval', '+get'],
      elsewhere: ['~a:*', '+@all'],
    }
    for (const [user, rights] of Object.entries(users)) {
      await server.operator.run(
        'ACL',
        'SETUSER',
        user,
        'reset',
        'on',
        '>password',
        '+client',
        '+hello',
        '+ping',
        '+info',
        ...rights,
      )
      const limited = await connect(server.url.replace('//', `//${user}:password@`))
      const key = newKey()
      expect(await errorOf(storeOf(limited).put(key, newRecord(), null))).toMatchObject(
        failed(/^Redis refuses: this user lacks a right/),
      )
      if (user !== 'evaluates') await expectRefused(storeOf(limited), /^Redis refuses: this user lacks a right/, key)
      expect(await storeOf(connection).get(key)).toBeNull()
      limited.close()
    }
  })
})

describe('a server that cannot be reached', () => {
  it('R41: is told as such by clients that do not wait for it', async () => {
    const nowhere = 'redis://127.0.0.1:1'
    const waitsNot = new Redis(nowhere, { maxRetriesPerRequest: 0, retryStrategy: () => 1 }).on('error', () => {})
    await expectRefused(redisStore(ioredis(waitsNot)), /^Redis cannot be reached$/)
    waitsNot.disconnect()
    const notConnected = createClient({ url: nowhere })
    await expectRefused(redisStore(nodeRedis(notConnected)), /^the client is not connected to Redis/)
  })

  it('R41: is told as such after it went away', async () => {
    const own = await startRedis()
    const offline = createClient({ url: own.url, disableOfflineQueue: true }).on('error', () => {})
    await offline.connect()
    const store = redisStore(nodeRedis(offline))
    expect(await store.get(newKey())).toBeNull()
    const lost = new Promise(resolve => offline.once('reconnecting', resolve))
    await own.stop()
    await lost
    await expectRefused(store, /^the client is not connected to Redis/)
    offline.destroy()
  })

  it.each(defaultClients)('R41: is refused by core within its deadline, by $name as it comes', async ({ connect }) => {
    const own = await startRedis()
    const connection = await connect(own.url)
    const application = makeApplication({ store: redisStore(connection.port) })
    const alice = await application.enroll('alice')
    const challenge = await application.challenge('alice')
    await own.stop()
    const hasty = createTwoFactor({ ...application.settings, deadline: { store: 300 } })
    const login = hasty.login.verify(challenge, { method: 'totp', code: alice.code() }, application.context)
    expect(await errorOf(login)).toMatchObject({ kind: 'store', code: 'store_failed' })
    connection.close()
  })
})

describe('a password that is wrong', () => {
  it('R40 R41: is told as such, and is not in the error', async () => {
    await server.operator.run('ACL', 'SETUSER', 'guarded', 'reset', 'on', '>right', '~*', '+@all')
    for (const protocol of [2, 3] as const) {
      const options = { username: 'guarded', password: 'hunter2', protocol, retryStrategy: () => null }
      const client = new Redis(server.url, options).on('error', () => {})
      const error = await errorOf(redisStore(ioredis(client)).get(newKey()))
      expect(error).toMatchObject(failed(/^Redis refuses: user or password is missing or wrong$/))
      expect(inspect(error, { depth: 10 })).not.toContain('hunter2')
      client.disconnect()
    }
    await server.operator.run('CONFIG', 'SET', 'requirepass', 'right')
    const anonymous = new Redis(server.url, { retryStrategy: () => null }).on('error', () => {})
    const error = await errorOf(redisStore(ioredis(anonymous)).get(newKey()))
    expect(error).toMatchObject(failed(/^Redis refuses: user or password is missing or wrong$/))
    anonymous.disconnect()
    await server.operator.run('CONFIG', 'SET', 'requirepass', '')
  })
})

describe('a client for one server, led to a cluster', () => {
  const [url = ''] = sharedServer('SALLYPORT_TEST_REDIS_CLUSTER_URL').split(',')
  it.each(defaultClients)('R41: is told by $name', async ({ connect }) => {
    const connection = await connect(url)
    const store = redisStore(connection.port, { prefix: newPrefix() })
    const outcomes = await Promise.allSettled(Array.from({ length: 40 }, () => store.get(newKey())))
    const [first] = outcomes.flatMap(outcome => (outcome.status === 'rejected' ? [outcome.reason] : []))
    expect(first).toMatchObject(failed(/^Redis is a cluster: use nodeRedisCluster, or the Cluster of ioredis$/))
    connection.close()
  })
})

describe('a port that is wrong', () => {
  const replies: [string, unknown, RegExp][] = [
    ['forgets to return', undefined, /^the port gave undefined/],
    ['gives objects', { result: 'OK' }, /^the port gave an object/],
    ['gives an error as a value', new Error('ERR'), /^the port gave an object/],
    ['gives arrays', ['1'], /^the port gave an array/],
    ['gives booleans', true, /^the port gave a boolean/],
  ]
  it.each(replies)(
    'R41: is refused when it %s, and never taken for an absent record',
    async (_what, reply, message) => {
      const port: RedisPort = { send: async () => reply }
      await expectRefused(redisStore(port), message)
      await expect(redisStore(port).delete(newKey())).rejects.toMatchObject(failed(message))
    },
  )

  it('R47: is refused when its connection is in a transaction, which answers QUEUED', async () => {
    const store = redisStore({ send: async () => 'QUEUED' })
    expect(await errorOf(store.get(newKey()))).toMatchObject(failed(/no record/))
    expect(await errorOf(store.put(newKey(), newRecord(), null))).toMatchObject(failed(/in a transaction\?$/))
    expect(await errorOf(store.delete(newKey()))).toMatchObject(failed(/in a transaction\?$/))
  })
})

import { join } from 'node:path'
import { ioredis, nodeRedis, nodeRedisCluster, nodeRedisSentinel, type RedisPort, redisStore } from '@sallyport/redis'
import * as ioredis6 from 'ioredis'
import * as redis6 from 'redis'
import { describe, expect, it } from 'vitest'
import { root, typeComplaints } from '../../../test/type-complaints.js'
import { installOldClients, ioredis5, ioredis50, redis5, redis50 } from './support/old-clients.js'

/** Whatever a program without types passes. */
const makers: Record<string, (client: never) => RedisPort> = { nodeRedis, nodeRedisCluster, nodeRedisSentinel, ioredis }

/** Not one of them is connected. */
const clients: [name: string, maker: string, client: object][] = [
  ...Object.entries({ '6': redis6, '5': redis5, '5.0': redis50 }).flatMap(
    ([version, redis]): [string, string, object][] => [
      [`client of redis ${version}`, 'nodeRedis', redis.createClient()],
      [`cluster of redis ${version}`, 'nodeRedisCluster', redis.createCluster({ rootNodes: [] })],
      [
        `Sentinel client of redis ${version}`,
        'nodeRedisSentinel',
        redis.createSentinel({ name: 'main', sentinelRootNodes: [] }),
      ],
    ],
  ),
  ['pool of redis 6', 'nodeRedis', redis6.createClientPool()],
  ['pool of redis 5', 'nodeRedis', redis5.createClientPool()],
  ...Object.entries({ '6': ioredis6, '5': ioredis5, '5.0': ioredis50 }).flatMap(
    ([version, { Redis, Cluster }]): [string, string, object][] => [
      [`client of ioredis ${version}`, 'ioredis', new Redis({ lazyConnect: true })],
      [`cluster of ioredis ${version}`, 'ioredis', new Cluster([], { lazyConnect: true })],
    ],
  ),
]

const usage = (message: string | RegExp) =>
  expect.objectContaining({ kind: 'usage', code: 'invalid_argument', message: expect.stringMatching(message) })

describe.each(clients)('a %s', (_name, right, client) => {
  it(`is taken by ${right} and refused by the others, which name it`, () => {
    for (const [name, maker] of Object.entries(makers)) {
      if (name === right) expect(maker(client as never)).toHaveProperty('send')
      else
        expect(() => maker(client as never)).toThrow(
          usage(`^(client|cluster|sentinel) must be given to ${right} instead$`),
        )
    }
  })

  it('is refused by redisStore without a maker', () => {
    expect(() => redisStore(client as unknown as RedisPort)).toThrow(
      usage(/^port must have a function send: wrap the client in/),
    )
  })
})

describe.each(Object.entries(makers))('%s', (_name, maker) => {
  it.each([undefined, null, {}, 'redis://localhost:6379', 1, ioredis6.Redis, []])('refuses %o', client => {
    expect(() => maker(client as never)).toThrow(
      usage(/^(client|cluster|sentinel) must be a client that .* is for: it has no function/),
    )
  })

  it('refuses a promise, and says what is missing', () => {
    expect(() => maker(Promise.resolve() as never)).toThrow(usage(/: a promise has to be awaited$/))
  })

  it('R47: refuses pipelines and transactions', () => {
    const client = new ioredis6.Redis({ lazyConnect: true })
    const transactions = [
      client.pipeline(),
      client.multi(),
      redis6.createClient().multi(),
      redis5.createClient().multi(),
    ]
    for (const transaction of transactions) {
      expect(() => maker(transaction as never)).toThrow(
        usage(/must be a client: a pipeline or transaction answers no command/),
      )
    }
  })
})

describe('redisStore', () => {
  it.each([undefined, null, {}, { send: 'GET' }])('refuses %o for a port', port => {
    expect(() => redisStore(port as unknown as RedisPort)).toThrow(usage(/^port must have a function send/))
  })

  it('refuses prefixes that are no strings', () => {
    const port: RedisPort = { send: async () => null }
    expect(() => redisStore(port, { prefix: 7 as unknown as string })).toThrow(
      usage('^options.prefix must be a string$'),
    )
    expect(() => redisStore({ ...port, keyPrefix: 7 as unknown as string })).toThrow(
      usage('^port.keyPrefix must be a string$'),
    )
  })

  it('takes a wrapper that has what is used of a client and no more', async () => {
    const sent: unknown[] = []
    const sendCommand = async (...args: unknown[]) => {
      sent.push(args)
      return null
    }
    await redisStore(nodeRedis({ sendCommand })).get('a')
    await redisStore(nodeRedisCluster({ sendCommand })).get('a')
    await redisStore(nodeRedisSentinel({ sendCommand })).get('a')
    await redisStore(ioredis({ call: sendCommand })).get('a')
    const args = ['GETEX', 'sallyport:a']
    expect(sent).toEqual([[args], ['sallyport:a', false, args], [false, args], ['getex', 'sallyport:a']])
  })
})

describe.each(['app:', Buffer.from('app:')])('a keyPrefix of redis 6, given as %o', keyPrefix => {
  const sendCommand = async () => null
  it.each<[string, () => RedisPort]>([
    ['a client', () => nodeRedis(redis6.createClient({ keyPrefix }))],
    ['a pool', () => nodeRedis(redis6.createClientPool({ keyPrefix }))],
    ['a cluster', () => nodeRedisCluster(redis6.createCluster({ rootNodes: [], keyPrefix }))],
    [
      'a Sentinel client',
      () => nodeRedisSentinel(redis6.createSentinel({ name: 'main', sentinelRootNodes: [], keyPrefix })),
    ],
    ['one that tells of it by its options alone', () => nodeRedis({ sendCommand, ...{ options: { keyPrefix } } })],
  ])('is kept of %s', (_what, portOf) => {
    expect(portOf().keyPrefix).toBe('app:')
  })
})

/** The first `redis` 5 does not export it. */
const typedPool = (redis: string) => `
import { createClientPool } from '${redis}'

redisStore(nodeRedis(createClientPool({ url })))
`

/** The first `ioredis` 5 exports `Redis` as its default alone. */
const byDefault = `import module from 'ioredis-5.0'
const Redis = module.default`

/** What compiles, and what must not, with the clients of one release. */
const typed = (redis: string, ioredis: string, named = `import { Redis } from '${ioredis}'`) => `
import { ioredis, nodeRedis, nodeRedisCluster, nodeRedisSentinel, redisStore } from '@sallyport/redis'
import { createClient, createCluster, createSentinel, type RedisClientType } from '${redis}'
import { Cluster } from '${ioredis}'
${named}

const [url, rootNodes, sentinelRootNodes] = ['redis://localhost', [{ url: 'redis://localhost' }], [{ host: 'localhost', port: 26379 }]]
declare const given: RedisClientType
const client = createClient({ url })
const cluster = createCluster({ rootNodes })
const sentinel = createSentinel({ name: 'main', sentinelRootNodes })
redisStore(nodeRedis(given))
redisStore(nodeRedis(client))
redisStore(nodeRedis(createClient()))
redisStore(nodeRedis(await createClient().connect()))
redisStore(nodeRedis(createClient({ url, RESP: 3 })))
redisStore(nodeRedis(createClient({ url, RESP: 2 })))
redisStore(nodeRedisCluster(cluster))
redisStore(nodeRedisSentinel(sentinel))
redisStore(ioredis(new Redis()))
redisStore(ioredis(new Redis(url, { keyPrefix: 'app:' })))
redisStore(ioredis(new Redis({ sentinels: sentinelRootNodes, name: 'main' })))
redisStore(ioredis(new Cluster([])))
redisStore(ioredis(new Cluster([url], { keyPrefix: 'app:' })))

// @ts-expect-error
nodeRedis(cluster)
// @ts-expect-error
nodeRedis(sentinel)
// @ts-expect-error
nodeRedis(new Redis())
// @ts-expect-error
nodeRedis(createClient().connect())
// @ts-expect-error
nodeRedis(client.multi())
// @ts-expect-error
nodeRedisCluster(sentinel)
// @ts-expect-error
nodeRedisSentinel(cluster)
// @ts-expect-error
ioredis(client)
// @ts-expect-error
ioredis(new Redis().pipeline())
// @ts-expect-error
redisStore(client)
// @ts-expect-error
redisStore(new Redis())
`

describe('types', () => {
  it('take the clients of both majors without a cast, and no others', async () => {
    const texts = new Map<string, string>([
      [join(root, 'packages/redis/test/types-of-6.mts'), typed('redis', 'ioredis') + typedPool('redis')],
      [join(await installOldClients(), 'types-of-5.mts'), typed('redis-5', 'ioredis-5') + typedPool('redis-5')],
      [join(await installOldClients(), 'types-of-5.0.mts'), typed('redis-5.0', 'ioredis-5.0', byDefault)],
    ])
    expect(typeComplaints(texts)).toEqual([])
  })
})

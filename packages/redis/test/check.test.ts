import { type RedisPort, redisStore } from '@sallyport/redis'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { type Connection, defaultClients, defaultClusterClients } from './support/clients.js'
import { follow, type RedisCluster, type RedisServer, startCluster, startRedis } from './support/servers.js'

const noAof = 'appendonly is off: a crash brings back used codes and lower counts'
const evicts = (policy: string, lost: string) =>
  `maxmemory-policy ${policy} drops ${lost} when memory is full: set noeviction`

/** Each with what is to be said of it. */
const settings = {
  good: { args: [], warnings: [] },
  evicting: {
    args: ['--maxmemory-policy', 'allkeys-lru'],
    warnings: [{ code: 'evicts', message: evicts('allkeys-lru', 'second factors') }],
  },
  forgetful: {
    args: ['--appendonly', 'no', '--maxmemory-policy', 'volatile-ttl'],
    warnings: [
      { code: 'evicts', message: evicts('volatile-ttl', 'records that expire, such as limits on sends') },
      { code: 'no_aof', message: noAof },
    ],
  },
  replica: {
    args: [],
    warnings: [{ code: 'replica', message: 'this is a replica: it refuses every read and write of the store' }],
  },
  'a replica that answers': {
    args: ['--replica-read-only', 'no'],
    warnings: [
      {
        code: 'replica',
        message:
          'this is a replica with replica-read-only no: it answers, may be behind, and loses what is written to it',
      },
    ],
  },
}
const names = Object.keys(settings) as (keyof typeof settings)[]

describe('check', () => {
  const servers = new Map<string, RedisServer>()
  beforeAll(async () => {
    const started = await Promise.all(names.map(name => startRedis(...settings[name].args)))
    for (const [index, server] of started.entries()) servers.set(names[index] ?? '', server)
    const [primary, , , ...replicas] = started
    for (const replica of replicas) if (primary) await follow(replica, primary)
  })
  afterAll(() => Promise.all([...servers.values()].map(server => server.stop())))

  describe.each(defaultClients)('by $name', ({ connect }) => {
    it.each(names)('says of a server that is %s what could be lost', async name => {
      const connection: Connection = await connect(servers.get(name)?.url ?? '')
      expect(await redisStore(connection.port).check()).toEqual(settings[name].warnings)
      connection.close()
    })
  })
})

describe('check of a cluster', () => {
  let cluster: RedisCluster
  beforeAll(async () => {
    cluster = await startCluster()
  })
  afterAll(() => cluster.stop())

  it('asks every node by every client, and tells how many are wrong', async () => {
    const connections = await Promise.all(defaultClusterClients.map(({ connect }) => connect(cluster.urls)))
    const check = () => Promise.all(connections.map(({ port }) => redisStore(port).check()))
    expect(await check()).toEqual(connections.map(() => []))
    for (const [index, node] of cluster.nodes.entries()) {
      await node.operator.run('CONFIG', 'SET', 'appendonly', 'no')
      const warnings = [{ code: 'no_aof', message: `${noAof} (${index + 1} of 3 nodes)` }]
      expect(await check()).toEqual(connections.map(() => warnings))
    }
    for (const connection of connections) connection.close()
  })
})

describe('check of what a server says', () => {
  const check = (info: string) => {
    const port: RedisPort = { send: async () => info }
    return redisStore(port).check()
  }

  it.each(['5.0.14', '6.0.20'])('warns of Redis %s, which is too old', async version => {
    const message = `Redis ${version} is older than 6.2, the first with GETEX and PXAT`
    expect(await check(`redis_version:${version}\r\n`)).toEqual([{ code: 'too_old', message }])
  })

  it.each(['6.2.0', '7.0.15', '8.2.1', '10.0.0', 'unstable', ''])('takes Redis %o', async version => {
    expect(await check(`redis_version:${version}\r\naof_enabled:1\r\nrole:master\r\n`)).toEqual([])
  })

  it('gives up on a node that has hardly a slot, after a while', async () => {
    const seen: string[] = []
    const port: RedisPort = {
      send: async (_args, { key }) => {
        seen.push(key)
        return 'cluster_enabled:1\r\nrun_id:one\r\ncluster_size:2\r\n'
      },
    }
    expect(await redisStore(port).check()).toEqual([])
    expect(new Set(seen).size).toBe(seen.length)
    expect(seen).toHaveLength(128)
  })
})

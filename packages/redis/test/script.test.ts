import { createHash } from 'node:crypto'
import { type RedisPort, redisStore } from '@sallyport/redis'
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest'
import { makeApplication } from '../../core/test/support/harness.js'
import { putScript, putScriptSha1 } from '../src/script.js'
import {
  type Client,
  type ClusterPlace,
  type Connection,
  defaultClients,
  defaultClusterClients,
} from './support/clients.js'
import { newTraffic, startProxy } from './support/proxy.js'
import { newKey, newPrefix, newRecord, waitingFor } from './support/records.js'
import { type RedisCluster, type RedisServer, startCluster, startRedis } from './support/servers.js'

let server: RedisServer
let cluster: RedisCluster
beforeAll(async () => {
  ;[server, cluster] = await Promise.all([startRedis(), startCluster()])
})
afterAll(() => Promise.all([server.stop(), cluster.stop()]))

/** A port that notes which commands went through it. */
function noting(port: RedisPort): { port: RedisPort; names: string[] } {
  const names: string[] = []
  const send: RedisPort['send'] = (args, options) => {
    names.push(args[0] ?? '')
    return port.send(args, options)
  }
  return { port: { ...port, send }, names }
}

it('knows its script by the SHA-1 of the text', () => {
  expect(putScriptSha1).toBe(createHash('sha1').update(putScript).digest('hex'))
})

function sendsTheScriptOnce<Place extends unknown[]>(
  client: Client<Place>,
  place: () => Place,
  forget: () => Promise<unknown>,
) {
  it(`sends the script by ${client.name} where the server does not know it, and then its name again`, async () => {
    const connection = await client.connect(...place())
    const { port, names } = noting(connection.port)
    const store = redisStore(port, { prefix: newPrefix() })
    const key = newKey()
    await forget()
    const first = newRecord()
    expect(await store.put(key, first, null)).toBe(true)
    expect(await store.put(key, newRecord(), null)).toBe(false)
    expect(await store.put(key, newRecord(), first.version)).toBe(true)
    expect(names).toEqual(['EVALSHA', 'EVAL', 'EVALSHA', 'EVALSHA'])
    connection.close()
  })
}

for (const client of defaultClients) {
  sendsTheScriptOnce(
    client,
    () => [server.url],
    () => server.operator.run('SCRIPT', 'FLUSH'),
  )
}
for (const client of defaultClusterClients) {
  sendsTheScriptOnce<ClusterPlace>(
    client,
    () => [cluster.urls],
    () => Promise.all(cluster.nodes.map(({ operator }) => operator.run('SCRIPT', 'FLUSH'))),
  )
}

describe.each(defaultClients)('by $name', ({ connect }) => {
  let connection: Connection
  beforeAll(async () => {
    connection = await connect(server.url)
  })
  afterAll(() => connection.close())
  afterEach(() => server.operator.run('CONFIG', 'SET', 'maxmemory', '0'))

  it('R47: lets one of 16 writers win who all find that the script is unknown', async () => {
    const store = redisStore(connection.port, { prefix: newPrefix() })
    const key = newKey()
    await server.operator.run('SCRIPT', 'FLUSH')
    const puts = await Promise.all(Array.from({ length: 16 }, () => store.put(key, newRecord(), null)))
    expect(puts.filter(written => written)).toHaveLength(1)
  })

  it('R47: sends nothing again after another error', async () => {
    const prefix = newPrefix()
    const { port, names } = noting(connection.port)
    const store = redisStore(port, { prefix })
    const key = newKey()
    await server.operator.run('CONFIG', 'SET', 'maxmemory', '1')
    await expect(store.put(key, newRecord(), null)).rejects.toMatchObject({ code: 'store_failed' })
    await server.operator.run('CONFIG', 'SET', 'maxmemory', '0')
    await server.operator.run('LPUSH', `${prefix}${key}`, 'none of ours')
    await expect(store.put(key, newRecord(), null)).rejects.toMatchObject({ code: 'store_failed' })
    expect(names).toEqual(['EVALSHA', 'EVALSHA'])
  })

  it('R41 R47: takes a right code though the reply to the script itself is lost', async () => {
    const traffic = newTraffic()
    const proxy = await startProxy(server.port, traffic)
    const through = await connect(proxy.url)
    const application = makeApplication(waitingFor(redisStore(through.port, { prefix: newPrefix() })))
    const alice = await application.enroll('alice')
    const challenge = await application.challenge('alice')
    await server.operator.run('SCRIPT', 'FLUSH')
    traffic.losses.push({ command: 'EVAL', when: 'after' })
    const passed = application.twoFactor.login.verify(
      challenge,
      { method: 'totp', code: alice.code() },
      application.context,
    )
    expect(await passed).toMatchObject({ because: 'verified' })
    expect(traffic.losses).toEqual([])
    through.close()
    await proxy.stop()
  })
})

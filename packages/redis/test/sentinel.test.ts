import { redisStore } from '@sallyport/redis'
import { createClient } from 'redis'
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest'
import { expectRefusal, makeApplication, minute } from '../../core/test/support/harness.js'
import { sentinelClients } from './support/clients.js'
import { newKey, newPrefix, race, waitingFor } from './support/records.js'
import { caughtUp, follow, type RedisServer, startRedis, startSentinel } from './support/servers.js'

describe('behind a Sentinel', () => {
  let servers: RedisServer[]
  let sentinel: RedisServer
  beforeAll(async () => {
    servers = await Promise.all([startRedis(), startRedis()])
    const [primary, replica] = servers
    if (primary === undefined || replica === undefined) throw new Error('no servers')
    await follow(replica, primary)
    sentinel = await startSentinel(primary)
  })
  afterAll(async () => {
    await sentinel.stop()
    await Promise.all(servers.map(server => server.stop()))
  })

  it('R4 R47: every client keeps to the primary, finds the next one, and takes no code twice', async () => {
    const clients = await Promise.all(
      sentinelClients.map(async ({ name, keyPrefix, connect }) => {
        const connection = await connect(sentinel.port)
        const prefix = newPrefix()
        const store = redisStore(connection.port, { prefix })
        const application = makeApplication(waitingFor(store))
        const alice = await application.enroll('alice')
        const verify = async (code: string) =>
          application.twoFactor.login.verify(
            await application.challenge('alice'),
            { method: 'totp', code },
            application.context,
          )
        return { name, prefix: `${keyPrefix}${prefix}`, connection, store, application, alice, verify }
      }),
    )
    const used = new Map<string, string>()
    for (const { name, prefix, store, alice, verify } of clients) {
      const key = newKey()
      expect(await race([store], key, null)).toBe(1)
      expect(await servers[0]?.operator.run('EXISTS', `${prefix}${key}`)).toBe(1)
      expect(await race([store], key, (await store.get(key))?.version ?? null)).toBe(1)
      const code = alice.code()
      used.set(name, code)
      expect(await verify(code)).toMatchObject({ because: 'verified' })
    }

    const [primary] = servers
    if (primary !== undefined) await caughtUp(primary)
    await switchOf(sentinel, () => sentinel.operator.run('SENTINEL', 'FAILOVER', 'main'))

    for (const { name, connection, application, alice, verify } of clients) {
      // Until the client has found the new primary, what it meets are errors.
      await vi.waitFor(() => application.twoFactor.status('alice'), { timeout: 30_000 })
      await expectRefusal(verify(used.get(name) ?? ''), 'invalid_code')
      application.clock.advance(minute)
      expect(await verify(alice.code())).toMatchObject({ because: 'verified' })
      connection.close()
    }
  })
})

/** Waits until the Sentinel has told that there is another primary. */
async function switchOf(sentinel: RedisServer, begin: () => Promise<unknown>): Promise<void> {
  const listener = createClient({ url: sentinel.url, RESP: 3 })
  await listener.connect()
  const switched = new Promise<void>(resolve => {
    void listener.subscribe('+switch-master', () => resolve()).then(begin)
  })
  await switched
  listener.destroy()
}

import { redisStore } from '@sallyport/redis'
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it, vi } from 'vitest'
import { type Application, errorOf, expectRefusal, makeApplication, minute } from '../../core/test/support/harness.js'
import { type Connection, defaultClients } from './support/clients.js'
import { type LossyProxy, newTraffic, startProxy } from './support/proxy.js'
import { newKey, newPrefix, newRecord, newVersion, waitingFor } from './support/records.js'
import { caughtUp, failOver, follow, type RedisServer, startRedis } from './support/servers.js'

/** They take turns as primary and replica. */
let servers: { primary: RedisServer; replica: RedisServer }
beforeAll(async () => {
  const [primary, replica] = await Promise.all([startRedis(), startRedis()])
  servers = { primary, replica }
  await follow(replica, primary)
})
afterAll(() => Promise.all([servers.primary.stop(), servers.replica.stop()]))

/** Promotes the replica, which has everything, and leads to it. */
async function promote(proxy: LossyProxy): Promise<void> {
  const { primary, replica } = servers
  await caughtUp(primary)
  await failOver(primary, replica)
  servers = { primary: replica, replica: primary }
  proxy.leadTo(replica.port)
}

/** Until the client has found the new primary, what it meets are errors. */
async function answers({ twoFactor }: Application): Promise<void> {
  await vi.waitFor(() => twoFactor.status('alice'), { timeout: 30_000 })
}

async function verify({ twoFactor, challenge, context }: Application, method: string, code: string | undefined) {
  return twoFactor.login.verify(await challenge('alice'), { method, code }, context)
}

describe.each(defaultClients)('by $name, as it comes', ({ connect }) => {
  const traffic = newTraffic()
  let proxy: LossyProxy
  let connection: Connection
  let application: Application
  beforeEach(async () => {
    proxy = await startProxy(servers.primary.port, traffic)
    connection = await connect(proxy.url)
    application = makeApplication(waitingFor(redisStore(connection.port, { prefix: newPrefix() })))
  })
  afterEach(async () => {
    connection.close()
    await proxy.stop()
  })

  it('R4 R18: keeps what was used before a fail-over used, and logs in after it', async () => {
    const alice = await application.enroll('alice')
    const [code, [recoveryCode]] = [alice.code(), alice.recoveryCodes]
    expect(await verify(application, 'totp', code)).toMatchObject({ because: 'verified' })
    expect(await verify(application, 'recovery_code', recoveryCode)).toMatchObject({ recoveryCodesLeft: 9 })
    await promote(proxy)
    await answers(application)
    await expectRefusal(verify(application, 'totp', code), 'invalid_code')
    await expectRefusal(verify(application, 'recovery_code', recoveryCode), 'invalid_code')
    application.clock.advance(minute)
    expect(await verify(application, 'totp', alice.code())).toMatchObject({ because: 'verified' })
  })

  it('R41 R47: takes a right code once whose write landed, was replicated, and lost its reply to a fail-over', async () => {
    const alice = await application.enroll('alice')
    const challenge = await application.challenge('alice')
    const code = alice.code()
    await servers.replica.operator.run('SCRIPT', 'FLUSH')
    traffic.losses.push({ command: 'EVALSHA', when: 'after', meanwhile: () => promote(proxy) })
    const answer = { method: 'totp', code }
    const passed = application.twoFactor.login.verify(challenge, answer, application.context)
    expect(await passed).toMatchObject({ because: 'verified' })
    expect(traffic.losses).toEqual([])
    await expectRefusal(verify(application, 'totp', code), 'invalid_code')
  })

  it('R47: refuses at a primary that was demoted, and gives nothing that is stale', async () => {
    const store = redisStore(connection.port, { prefix: newPrefix() })
    const [key, record] = [newKey(), newRecord()]
    await store.put(key, record, null)
    const { primary, replica } = servers
    await caughtUp(primary)
    await failOver(primary, replica)
    servers = { primary: replica, replica: primary }
    // The connection was not dropped, and leads to what is now the replica.
    const attempts = [
      () => store.get(key),
      () => store.put(key, newRecord(), record.version),
      () => store.put(key, newRecord(), newVersion()),
      () => store.put(key, newRecord(), null),
      () => store.delete(key),
    ]
    for (const attempt of attempts) {
      expect(await errorOf(attempt())).toMatchObject({
        kind: 'store',
        code: 'store_failed',
        message: 'Redis refuses: this is a replica, and the store talks to the primary alone',
      })
    }
    expect(await store.check()).toMatchObject([{ code: 'replica' }])
  })
})

describe('a write that was acknowledged and never replicated', () => {
  it('is gone after a fail-over, and with it that a code was used: what the documentation says', async () => {
    const [primary, replica] = await Promise.all([startRedis(), startRedis()])
    await follow(replica, primary)
    const proxy = await startProxy(primary.port, newTraffic())
    const [client] = defaultClients
    if (client === undefined) throw new Error('no client')
    const connection = await client.connect(proxy.url)
    const application = makeApplication(waitingFor(redisStore(connection.port)))
    const alice = await application.enroll('alice')
    const code = alice.code()
    await caughtUp(primary)
    await replica.operator.run('REPLICAOF', 'NO', 'ONE')
    expect(await verify(application, 'totp', code)).toMatchObject({ because: 'verified' })
    proxy.leadTo(replica.port)
    await answers(application)
    expect(await verify(application, 'totp', code)).toMatchObject({ because: 'verified' })
    connection.close()
    await Promise.all([proxy.stop(), primary.stop(), replica.stop()])
  })
})

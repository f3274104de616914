import type { SallyportError } from '@sallyport/core'
import { redisStore } from '@sallyport/redis'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { errorOf, expectRefusal, makeApplication } from '../../core/test/support/harness.js'
import { type Connection, defaultClients, defaultClusterClients } from './support/clients.js'
import { type Loss, type LossyProxy, newTraffic, startProxy } from './support/proxy.js'
import { newPrefix, waitingFor } from './support/records.js'
import { type RedisCluster, type RedisServer, startCluster, startRedis } from './support/servers.js'

let server: RedisServer
let cluster: RedisCluster
beforeAll(async () => {
  ;[server, cluster] = await Promise.all([startRedis(), startCluster()])
})
afterAll(() => Promise.all([server.stop(), cluster.stop()]))

/** A client in its default settings, through a proxy before each server. */
interface Way {
  name: string
  servers(): readonly RedisServer[]
  connect(proxies: readonly LossyProxy[]): Promise<Connection>
}

const ways: Way[] = [
  ...defaultClients.map(({ name, connect }) => ({
    name,
    servers: () => [server],
    connect: ([proxy]: readonly LossyProxy[]) => connect(proxy?.url ?? ''),
  })),
  ...defaultClusterClients.map(({ name, connect }) => ({
    name,
    servers: () => cluster.nodes,
    connect(proxies: readonly LossyProxy[]) {
      const through = new Map(proxies.map(({ port }, index) => [cluster.nodes[index]?.port ?? 0, port]))
      return connect(
        proxies.map(({ url }) => url),
        through,
      )
    },
  })),
]

const write = 'EVALSHA'
const read = 'GETEX'
/** `answer`: what a client ends in that does not send again what it got no reply to; one that does is never in doubt. */
const losses: { which: string; lost: Loss[]; answer?: 'outcome_unknown' }[] = [
  { which: 'before the server saw it', lost: [{ command: write, when: 'before' }] },
  { which: 'after the server answered', lost: [{ command: write, when: 'after' }] },
  {
    which: 'before, and again after',
    lost: [
      { command: write, when: 'before' },
      { command: write, when: 'after' },
    ],
  },
  {
    which: 'after, twice',
    lost: [
      { command: write, when: 'after' },
      { command: write, when: 'after' },
    ],
  },
  {
    which: 'after, and with it the look at what became of it',
    lost: [
      { command: write, when: 'after' },
      { command: read, when: 'after' },
    ],
    answer: 'outcome_unknown',
  },
]

describe.each(ways)('logins by $name, as it comes', way => {
  /** ioredis does, unless told not to. */
  const resends = way.name.startsWith('ioredis')
  const traffic = newTraffic()
  let proxies: LossyProxy[] = []
  let connection: Connection

  beforeAll(async () => {
    proxies = await Promise.all(way.servers().map(({ port }) => startProxy(port, traffic)))
    connection = await way.connect(proxies)
  })
  afterAll(async () => {
    connection.close()
    await Promise.all(proxies.map(proxy => proxy.stop()))
  })

  async function application() {
    const made = makeApplication(waitingFor(redisStore(connection.port, { prefix: newPrefix() })))
    const alice = await made.enroll('alice')
    /** Everything of a login but the code. */
    const enter = async (method: string, code: string | undefined) => {
      const challenge = await made.challenge('alice')
      return () => made.twoFactor.login.verify(challenge, { method, code }, made.context)
    }
    return { ...made, alice, enter }
  }

  describe.each(['totp', 'recovery_code'])('with %s', method => {
    it.each(losses)('R4 R41 R47: takes a right code whose write is lost $which, and takes it once', async loss => {
      const { alice, enter, events, twoFactor } = await application()
      const code = method === 'totp' ? alice.code() : alice.recoveryCodes[3]
      const login = await enter(method, code)
      traffic.losses.push(...loss.lost)
      if (loss.answer === undefined || resends) expect(await login()).toMatchObject({ because: 'verified', method })
      else await expectRefusal(login(), loss.answer)
      // Who does not send again loses one reply at most.
      expect(traffic.losses.splice(0)).toHaveLength(loss.which === 'after, twice' && !resends ? 1 : 0)
      // The write landed, whatever was said of it.
      await expectRefusal((await enter(method, code))(), 'invalid_code')
      expect(events.filter(({ type }) => type === 'verified').length).toBeLessThanOrEqual(1)
      const { recoveryCodes } = await twoFactor.status('alice')
      expect(recoveryCodes?.left).toBe(method === 'totp' ? 10 : 9)
    })

    it('R4 R18: takes a code once that 16 logins give at once, while replies are lost', async () => {
      const { alice, enter } = await application()
      const code = method === 'totp' ? alice.code() : alice.recoveryCodes[3]
      const logins = await Promise.all(Array.from({ length: 16 }, () => enter(method, code)))
      const last = await enter(method, code)
      traffic.losses.push({ command: write, when: 'after' }, { command: write, when: 'after' })
      const ends = await Promise.all(logins.map(outcomeOf))
      expect(traffic.losses.splice(0).length).toBeLessThan(2)
      ends.push(await outcomeOf(last))
      expect(ends.filter(end => end === 'verified').length).toBeLessThanOrEqual(1)
      expect(ends.at(-1)).not.toBe('verified')
      expect(['verified', 'invalid_code', 'locked', 'outcome_unknown', 'store_failed', 'busy']).toEqual(
        expect.arrayContaining(ends),
      )
    })
  })

  it('R10: counts a wrong code once, though each reply is lost', async () => {
    const { alice, enter, events } = await application()
    for (let guess = 0; guess < 5; guess++) {
      const login = await enter('totp', alice.wrongCode())
      traffic.losses.push({ command: write, when: 'after' })
      await expectRefusal(login(), 'invalid_code')
    }
    expect(events.filter(({ type }) => type === 'failed')).toHaveLength(5)
    await expectRefusal((await enter('totp', alice.code()))(), 'locked')
  })

  it('R41: burns nothing where it is the read that is lost', async () => {
    const { alice, enter } = await application()
    const login = await enter('totp', alice.code())
    traffic.losses.push({ command: read, when: 'after' })
    if (!resends) expect(await errorOf(login())).toMatchObject({ kind: 'store', code: 'store_failed' })
    expect(await login()).toMatchObject({ because: 'verified' })
  })

  it(`R47: ${resends ? 'sends a command again' : 'does not send a command again'} whose reply was lost`, async () => {
    const { alice, enter } = await application()
    const login = await enter('totp', alice.code())
    traffic.commands.length = 0
    traffic.losses.push({ command: write, when: 'after' })
    await login()
    const writes = traffic.commands.filter(([name]) => name === write).map(args => args.join(' '))
    expect(writes.length > 1).toBe(resends)
    expect(new Set(writes).size).toBe(1)
  })
})

function outcomeOf(login: () => Promise<{ because: string }>): Promise<string> {
  return login().then(
    ({ because }) => because,
    (error: SallyportError) => error.code,
  )
}

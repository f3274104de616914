import { inspect } from 'node:util'
import { type Channel, type CodeMessage, createTwoFactor, type Write } from '@sallyport/core'
import { problem } from '@sallyport/core/http'
import { virtualAuthenticator } from '@sallyport/core/testing'
import { afterEach, describe, expect, it, vi } from 'vitest'
import { decodeSecret } from '../../src/otp/secret.js'
import { makeApplication, minute, newKey } from '../support/harness.js'
import { newStore } from '../support/new-store.js'

/** Everything in a value that a log, an error report or a debugger could show of it. */
function shown(value: unknown): string {
  const parts = [inspect(value, { depth: 10, showHidden: true, getters: true }), String(value)]
  try {
    parts.push(JSON.stringify(value) ?? '')
  } catch {
    // What has no JSON form shows none.
  }
  if (value instanceof Error) parts.push(value.stack ?? '', shown(value.cause), JSON.stringify(problem(value)))
  return parts.join('\n')
}

/** Six digits are found in any long number or id by chance: those are looked for where they stand alone. */
function holds(text: string, secret: string): boolean {
  return /^\d+$/.test(secret) ? new RegExp(`(?<![\\da-z])${secret}(?![\\da-z])`, 'i').test(text) : text.includes(secret)
}

/** Fails with all that it was given. */
const talk: Channel['send'] = message => Promise.reject(Object.assign(new Error(message.to), { message }))

describe('a canary', () => {
  afterEach(() => {
    vi.restoreAllMocks()
  })

  it('R40: no code, secret, key, token or address is in any log, error, event, inspection or plain column', async () => {
    const logged: unknown[] = []
    for (const method of ['log', 'info', 'warn', 'error', 'debug', 'trace'] as const) {
      vi.spyOn(console, method).mockImplementation((...args) => {
        logged.push(args)
      })
    }
    const inner = newStore()
    const columns: Omit<Write, 'body'>[] = []
    const failing = { now: false, mail: false }
    const account = 'alice.canary@example.com'
    const number = '+12025550142'
    const key = newKey()
    const events: unknown[] = []
    const mailed: CodeMessage[] = []
    /** A channel that says everything it knows when it fails, as servers of mail do. */
    const talkative = (id: string): Channel => ({
      id,
      async send(message) {
        mailed.push(message)
        if (failing.mail) throw new Error(`550 ${message.to} is unknown: ${message.code}`)
      },
      addressOf: async () => (id === 'email' ? account : null),
      normalize: typed => (typed.includes('@') || typed.startsWith('+') ? typed : null),
    })
    const [ip, other, own, tunnel] = ['203.0.113.77', '2001:db8:77:7::77', '198.51.100.77', '2002:c633:644d::1']
    const application = makeApplication({
      keys: [key],
      policy: { allowlist: { mode: 'bypass', networks: ['192.0.2.177'], perSubject: true } },
      channels: [talkative('email'), talkative('sms')],
      onEvent: event => {
        events.push(event)
        throw new Error('the handler failed')
      },
      onEventError: (error, event) => {
        events.push(error, event)
      },
      store: {
        get: key => inner.get(key),
        async put(key, record, ifVersion) {
          const { body: _, ...plain } = record
          columns.push(plain)
          if (failing.now) throw new Error('the disk is full')
          return inner.put(key, record, ifVersion)
        },
        delete: key => inner.delete(key),
      },
    })
    const { twoFactor, clock } = application
    const context = { binding: 'binding-canary', credential: 'credential-canary', ip }
    const secrets = new Set<string>([
      account,
      number,
      'binding-canary',
      'credential-canary',
      key,
      ip,
      other,
      own,
      tunnel,
    ])
    secrets.add('192.0.2.177').add('2001:db8:77:7').add('c633:644d')
    const errors: unknown[] = []
    const attempt = async <T>(work: () => Promise<T>): Promise<T | undefined> => {
      try {
        return await work()
      } catch (error) {
        errors.push(error)
        return undefined
      }
    }

    const pending = await twoFactor.totp.enroll('alice', { account }, context)
    const device = virtualAuthenticator(pending.uri, clock)
    for (const secret of [pending.token, pending.uri, pending.setupKey, pending.setupKey.replaceAll(' ', '')]) {
      secrets.add(secret)
    }
    const code = () => {
      clock.advance(minute)
      const given = device.code()
      secrets.add(given)
      return given
    }
    await attempt(() => twoFactor.totp.confirm('alice', pending.token, { code: '000000', name: 'x' }, context))
    const confirmed = await twoFactor.totp.confirm('alice', pending.token, { code: code() }, context)
    for (const recovery of confirmed.recoveryCodes ?? []) {
      secrets.add(recovery)
      secrets.add(recovery.replaceAll('-', ''))
    }
    const begin = async () => {
      const gate = await twoFactor.login.begin('alice', context)
      if (gate.outcome !== 'challenge') throw new Error(gate.outcome)
      secrets.add(gate.challenge)
      return gate.challenge
    }
    const answers = [
      () => ({ method: 'totp', code: code() }),
      () => ({ method: 'totp', code: `x${code()}` }),
      () => ({ method: 'totp', code: [code()] }),
      () => ({ method: 'recovery_code', code: confirmed.recoveryCodes?.[0] }),
      () => ({ method: 'recovery_code', code: confirmed.recoveryCodes?.[0] }),
      () => ({ method: code(), code: code() }),
    ]
    for (const answer of answers) {
      await attempt(async () => twoFactor.login.verify(await begin(), answer(), context))
      await attempt(async () => twoFactor.login.verify(await begin(), answer(), { binding: 'other' }))
      await attempt(async () => twoFactor.login.verify(code(), answer(), context))
      await attempt(async () => twoFactor.login.verify(await begin(), code() as never, context))
      await attempt(async () =>
        twoFactor.login.begin(code() as never, { binding: [code(), await begin()], required: code() } as never),
      )
    }
    const stepUp = await twoFactor.stepUp.begin('alice', 'factors', context)
    secrets.add(stepUp.challenge)
    const verified = await twoFactor.stepUp.verify('alice', stepUp.challenge, { method: 'totp', code: code() }, context)
    secrets.add(verified.grant.token)
    const regenerated = await twoFactor.recoveryCodes.regenerate('alice', { grant: verified.grant.token }, context)
    for (const recovery of regenerated.recoveryCodes) secrets.add(recovery).add(recovery.replaceAll('-', ''))
    secrets.add(regenerated.grant?.token ?? '')
    await attempt(() => twoFactor.stepUp.redeem(verified.grant.token, 'alice', 'pay', context))
    const proof = () => ({ method: 'recovery_code', code: regenerated.recoveryCodes[used++] })
    let used = 0
    await attempt(() => twoFactor.destinations.add('alice', 'sms', `nonsense ${number}`, proof(), context))
    await attempt(() => twoFactor.destinations.add('alice', 'sms', `${number}\n`, proof(), context))
    const added = await twoFactor.destinations.add('alice', 'sms', number, proof(), context)
    secrets.add(added.enrollment)
    await attempt(() => twoFactor.destinations.sendCode('alice', added.enrollment, context))
    await attempt(() => twoFactor.destinations.confirm('alice', added.enrollment, '000000', context))
    await twoFactor.destinations.confirm('alice', added.enrollment, mailed.at(-1)?.code, context)
    for (const channel of ['email', 'sms']) {
      const token = await begin()
      await attempt(() => twoFactor.sendCode(token, channel, context))
      await attempt(() => twoFactor.sendCode(token, channel, context))
      await attempt(() => twoFactor.login.verify(token, { method: channel, code: '000000' }, context))
      await attempt(() => twoFactor.login.verify(token, { method: channel, code: mailed.at(-1)?.code }, context))
    }
    const trusting = { method: 'totp', code: code(), trustDevice: { name: 'laptop' } }
    const { trustedDevice } = await twoFactor.login.verify(await begin(), trusting, context)
    secrets.add(trustedDevice?.token ?? '')
    await twoFactor.login.begin('alice', { ...context, trustedDevice: trustedDevice?.token })
    await attempt(() => twoFactor.trustedDevices.revoke('alice', trustedDevice?.token))
    const entry = { network: own, name: 'home' }
    await attempt(() => twoFactor.allowlist.add('alice', { network: `${own}/8` }, null, context))
    await attempt(() => twoFactor.allowlist.add('alice', entry, { grant: trustedDevice?.token }, context))
    const { id } = await twoFactor.allowlist.add('alice', entry, { method: 'totp', code: code() }, context)
    await twoFactor.allowlist.remove('alice', { id }, { method: 'totp', code: code() }, context)
    const restrict = { allowlist: { mode: 'restrict', networks: ['192.0.2.177'] } } as const
    const restricted = createTwoFactor({ ...application.settings, policy: restrict })
    for (const denied of [ip, other, tunnel, `${ip}:443`, null]) {
      await attempt(() => restricted.login.begin('alice', { ...context, ip: denied }))
    }
    const misspelled = { allowlist: { mode: 'restrict', networks: ['192.0.2.177/8'] } } as const
    await attempt(async () => createTwoFactor({ ...application.settings, policy: misspelled }))
    clock.advance(10 * minute)
    const sendFails = await begin()
    const paying = await twoFactor.stepUp.begin('alice', 'pay', context)
    secrets.add(paying.challenge)
    failing.mail = true
    await attempt(() => twoFactor.sendCode(sendFails, 'email', context))
    failing.mail = false
    const deaf = createTwoFactor({ ...application.settings, channels: [{ ...talkative('email'), send: talk }] })
    await attempt(() => deaf.sendCode(paying.challenge, 'email', context))
    failing.now = true
    await attempt(async () => twoFactor.disable('alice', { method: 'totp', code: code() }, context))
    failing.now = false
    const reset = await twoFactor.operator.reset('alice', { by: 'op', reason: 'lost' })
    secrets.add(reset.permit?.token ?? '')
    await attempt(() => twoFactor.login.begin('alice', { ...context, permit: `${reset.permit?.token}x` }))
    const imported = 'NB2HI4DTHIXS653XO4XHS33VMJSXG5BA'
    secrets.add(imported)
    const factors = { totp: { secret: `${imported}!`, digits: 9 } }
    await attempt(() => twoFactor.operator.import('bob', factors as never, { by: 'op', reason: 'moved' }))
    await attempt(() =>
      twoFactor.operator.import('bob', { totp: { secret: `${imported}1` } }, { by: 'op', reason: 'moved' }),
    )
    const status = await twoFactor.status('alice', context)

    // Bytes too, as an inspection shows them: in decimals or in hex.
    for (const bytes of [Buffer.from(key, 'base64'), Buffer.from(decodeSecret(pending.setupKey))]) {
      secrets.add([...bytes.subarray(0, 8)].join(', '))
      secrets.add(bytes.subarray(0, 8).toString('hex'))
      secrets.add(
        bytes
          .subarray(0, 8)
          .toString('hex')
          .replace(/..(?=.)/g, '$& '),
      )
    }
    secrets.delete('')
    for (const { code: sent } of mailed) secrets.add(sent)
    expect(mailed.length).toBeGreaterThan(3)
    expect(errors.length).toBeGreaterThan(20)
    expect(events.length).toBeGreaterThan(10)
    const haystack = [...errors, ...events, ...columns, ...logged, status, twoFactor].map(shown).join('\n')
    expect([...secrets].filter(secret => holds(haystack, secret))).toEqual([])
    expect(logged).toEqual([])
  })
})

import { createTwoFactor, type Passed, type TwoFactorEvent } from '@sallyport/core'
import { memoryChannel } from '@sallyport/core/testing'
import { describe, expect, it } from 'vitest'
import { type Application, day, errorOf, expectRefusal, makeApplication, minute, tally } from '../support/harness.js'

const binding = 'session-1'
type Subject = Awaited<ReturnType<Application['enroll']>>

async function enrolled(options: Parameters<typeof makeApplication>[0] = {}) {
  const application = makeApplication(options)
  const alice = await application.enroll('alice')
  const { twoFactor, clock, challenge, context } = application

  /** A login by the app's code that asks for trust. */
  async function trust(trustDevice: unknown = true, given: object = context, who: Subject = alice): Promise<Passed> {
    clock.advance(minute)
    const token = await challenge(who.subject, given)
    const answer = { method: 'totp', code: who.code(), trustDevice: trustDevice as boolean }
    return twoFactor.login.verify(token, answer, given)
  }
  const tokenOf = async (...parts: Parameters<typeof trust>) => (await trust(...parts)).trustedDevice?.token as string
  const begin = (trustedDevice: unknown, more: object = {}) =>
    twoFactor.login.begin('alice', { ...context, trustedDevice, ...more })
  const devices = async (more: object = {}) => (await twoFactor.status('alice', { ...context, ...more })).trustedDevices
  return { ...application, alice, trust, tokenOf, begin, devices }
}

const told = (events: readonly TwoFactorEvent[]) => events.map(({ type }) => type)

describe('a trusted device', () => {
  it('R36: skips the prompt for thirty days, by a token of 256 bits that nothing else shows', async () => {
    const { trust, begin, clock, devices, events, alice, calls, reset } = await enrolled()
    reset()
    const passed = await trust({ name: 'Laptop' })
    expect(calls).toEqual({ get: 2, put: 1, delete: 0 })
    const { token, expiresAt } = passed.trustedDevice ?? { token: '', expiresAt: null }
    expect(Buffer.from(token, 'base64url')).toHaveLength(32)
    expect(expiresAt).toEqual(new Date(clock() + 30 * day))
    const [device] = await devices()
    expect(events.at(-1)).toMatchObject({ type: 'device_trusted', device: device?.id })
    expect(device).toMatchObject({ name: 'Laptop', createdAt: new Date(clock()), expiresAt, current: false })
    reset()
    const gate = await begin(token)
    expect(calls).toEqual({ get: 1, put: 0, delete: 0 })
    expect(gate).toMatchObject({
      outcome: 'passed',
      passed: { subject: 'alice', because: 'trusted_device', method: null, amr: [], recoveryCodesLeft: 10 },
    })
    clock.advance(30 * day - 1)
    expect((await begin(token)).outcome).toBe('passed')
    expect(await devices({ trustedDevice: token })).toMatchObject([{ current: true }])
    clock.advance(1)
    expect((await begin(token)).outcome).toBe('challenge')
    expect(await devices()).toEqual([])
    expect(JSON.stringify(alice)).not.toContain(token)
  })

  it('R35: is made by a pass that was asked for it, and by no other', async () => {
    const { trust, devices, twoFactor, challenge, context, alice, clock } = await enrolled()
    for (const not of [null, false]) expect((await trust(not)).trustedDevice).toBeNull()
    const wrong = { method: 'totp', code: alice.wrongCode(), trustDevice: true }
    await expectRefusal(twoFactor.login.verify(await challenge('alice'), wrong, context), 'invalid_code')
    expect(await devices()).toEqual([])
    clock.advance(minute)
    const plainly = { method: 'totp', code: alice.code() }
    expect((await twoFactor.login.verify(await challenge('alice'), plainly, context)).trustedDevice).toBeNull()
    const plain = await twoFactor.login.begin('bob')
    expect(plain).toMatchObject({ outcome: 'passed', passed: { trustedDevice: null } })
  })

  it('R35: is never made by a recovery code', async () => {
    const { twoFactor, challenge, context, alice, devices, events } = await enrolled()
    const answer = { method: 'recovery_code', code: alice.recoveryCodes[0], trustDevice: true }
    const passed = await twoFactor.login.verify(await challenge('alice'), answer, context)
    expect(passed).toMatchObject({ because: 'verified', trustedDevice: null })
    expect(await devices()).toEqual([])
    expect(told(events)).not.toContain('device_trusted')
  })

  it('R35: is not made where the write was not', async () => {
    const { trust, devices, settings, context } = await enrolled()
    const broken = createTwoFactor({
      ...settings,
      store: {
        ...settings.store,
        get: key => settings.store.get(key),
        put: async () => Promise.reject(new Error('no')),
      },
    })
    const gate = await broken.login.begin('alice', context)
    if (gate.outcome !== 'challenge') throw new Error(gate.outcome)
    const answer = { method: 'totp', code: '123456', trustDevice: true }
    expect((await errorOf(broken.login.verify(gate.challenge, answer, context))).kind).not.toBe('usage')
    expect(await devices()).toEqual([])
    expect((await trust()).trustedDevice).not.toBeNull()
  })

  it('R4, R35: of sixteen logins by one code exactly one brings trust', async () => {
    const { twoFactor, challenge, context, alice, devices } = await enrolled()
    const code = alice.code()
    const tokens = await Promise.all(Array.from({ length: 16 }, () => challenge('alice')))
    const answers = tokens.map(token =>
      twoFactor.login.verify(token, { method: 'totp', code, trustDevice: true }, context),
    )
    const counts = await tally(answers)
    expect(counts['ok']).toBe(1)
    expect(await devices()).toHaveLength(1)
  })

  it('R32, R52: is trusted for its own subject alone, and no other token is one', async () => {
    const { tokenOf, begin, enroll, challenge, twoFactor, context } = await enrolled()
    const bob = await enroll('bob')
    const mine = await tokenOf()
    const bobs = await tokenOf(true, context, bob)
    expect((await begin(mine)).outcome).toBe('passed')
    const stepUp = await twoFactor.stepUp.begin('alice', 'factors', context)
    const others = [bobs, await challenge('alice'), stepUp.challenge, `${mine}=`, ` ${mine}`, mine.slice(1), [mine]]
    for (const other of others) expect((await begin(other)).outcome).toBe('challenge')
    for (const token of [mine, bobs]) {
      await expectRefusal(
        twoFactor.login.verify(token, { method: 'totp', code: '123456' }, context),
        'challenge_expired',
      )
      await expectRefusal(twoFactor.stepUp.redeem(token, 'alice', 'pay', context), 'proof_required')
    }
  })

  it('R45: is judged whatever the browser sends, and costs one read', async () => {
    const { begin, calls, reset } = await enrolled()
    for (const odd of [null, 7, '', {}, [], 'x'.repeat(2 ** 20), { token: 'x' }, Symbol('x'), Number.NaN]) {
      reset()
      expect((await begin(odd)).outcome).toBe('challenge')
      expect(calls).toEqual({ get: 1, put: 0, delete: 0 })
    }
  })

  it('R45: is named by the person in at most 64 characters, judged before the store is asked', async () => {
    const { twoFactor, challenge, context, trust, devices, calls, reset } = await enrolled()
    const token = await challenge('alice')
    reset()
    for (const name of ['x'.repeat(65), '漢'.repeat(43), 'a\u0000b', 7, {}, '\u202Eevil']) {
      const answer = { method: 'totp', code: '123456', trustDevice: { name } }
      const refused = await expectRefusal(twoFactor.login.verify(token, answer, context), 'invalid_input')
      expect(refused.field).toBe('name')
    }
    expect(calls).toEqual({ get: 0, put: 0, delete: 0 })
    await trust({ name: '  ' })
    await trust({})
    await trust(true)
    await trust({ name: ' My laptop ' })
    expect((await devices()).map(({ name }) => name)).toEqual(['Browser', 'Browser', 'Browser', 'My laptop'])
  })

  it('R35: is asked for by true or by an object with a name: nothing else passes for consent', async () => {
    const { twoFactor, challenge, context, devices } = await enrolled()
    const token = await challenge('alice')
    const odd = ['on', 1, [], Promise.resolve(false), { trust: false }, new Date(), Object(false), new Map()]
    for (const trustDevice of odd) {
      const answer = { method: 'totp', code: '123456', trustDevice: trustDevice as never }
      const fault = await errorOf(twoFactor.login.verify(token, answer, context))
      expect([fault.kind, fault.message.startsWith('answer.trustDevice')]).toEqual(['usage', true])
    }
    expect(await devices()).toEqual([])
  })

  it('does not make a login fail by its name where there is nothing to name', async () => {
    const { twoFactor, challenge, context, alice, settings } = await enrolled()
    const trustDevice = { name: 'x'.repeat(240) }
    const recovery = { method: 'recovery_code', code: alice.recoveryCodes[0], trustDevice }
    expect((await twoFactor.login.verify(await challenge('alice'), recovery, context)).trustedDevice).toBeNull()
    const without = createTwoFactor({ ...settings, policy: { trustedDevices: false } })
    const answer = { method: 'totp', code: alice.code(), trustDevice }
    expect((await without.login.verify(await challenge('alice'), answer, context)).trustedDevice).toBeNull()
  })

  it('R29: does not open for who signed in by the channel whose code had earned it', async () => {
    const email = memoryChannel('email', async () => 'alice@example.com')
    const { twoFactor, challenge, context, begin } = await enrolled({ channels: [email] })
    const token = await challenge('alice')
    await twoFactor.sendCode(token, 'email', context)
    const answer = { method: 'email', code: email.sent[0]?.code, trustDevice: true }
    const { trustedDevice } = await twoFactor.login.verify(token, answer, context)
    expect((await begin(trustedDevice?.token)).outcome).toBe('passed')
    const gate = await begin(trustedDevice?.token, { signedInBy: 'email' })
    expect(gate).toMatchObject({ outcome: 'challenge', methods: [{ method: 'totp' }, { method: 'recovery_code' }] })
  })

  it('R55: is trusted no more once the password changed, and then neither is it listed', async () => {
    const { tokenOf, begin, devices } = await enrolled()
    const first = { credential: '1' }
    const token = await tokenOf(true, { binding, ...first })
    expect((await begin(token, first)).outcome).toBe('passed')
    expect((await begin(token, { credential: '2' })).outcome).toBe('challenge')
    expect((await begin(token)).outcome).toBe('challenge')
    expect(await devices(first)).toHaveLength(1)
    expect(await devices({ credential: '2' })).toEqual([])
    expect(await devices()).toHaveLength(1)
    const unnamed = await tokenOf()
    expect((await begin(unnamed)).outcome).toBe('passed')
    expect((await begin(unnamed, first)).outcome).toBe('challenge')
  })

  it('R33: is trusted no more once the factors changed, also after turning off and on again', async () => {
    const { tokenOf, begin, alice, twoFactor, context, devices, clock, enroll } = await enrolled()
    const token = await tokenOf()
    await twoFactor.recoveryCodes.regenerate(
      'alice',
      { method: 'recovery_code', code: alice.recoveryCodes[0] },
      context,
    )
    expect((await begin(token)).outcome).toBe('challenge')
    expect(await devices()).toEqual([])
    const second = await tokenOf()
    clock.advance(minute)
    await twoFactor.disable('alice', { method: 'totp', code: alice.code() }, context)
    await enroll('alice')
    for (const old of [token, second]) expect((await begin(old)).outcome).toBe('challenge')
  })

  it('R33, R50: is trusted no more after an operator’s reset', async () => {
    const { tokenOf, begin, twoFactor } = await enrolled()
    const token = await tokenOf()
    await twoFactor.operator.reset('alice', { by: 'op', reason: 'lost' })
    await expectRefusal(begin(token), 'permit_required')
  })

  it('R31: is no proof of a change of factors', async () => {
    const { tokenOf, twoFactor, context, calls, reset } = await enrolled()
    const trustedDevice = await tokenOf()
    const here = { ...context, trustedDevice }
    reset()
    await expectRefusal(twoFactor.recoveryCodes.regenerate('alice', null as never, here), 'proof_required')
    await expectRefusal(twoFactor.disable('alice', { grant: trustedDevice }, here), 'proof_required')
    await expectRefusal(twoFactor.totp.enroll('alice', { account: 'a' }, here), 'proof_required')
    expect((await twoFactor.stepUp.begin('alice', 'factors', here)).methods.length).toBeGreaterThan(0)
    expect(calls.put).toBe(0)
  })

  it('R49: lets the owner in while guesses keep the app’s codes locked', async () => {
    const { tokenOf, begin, twoFactor, challenge, context, alice } = await enrolled()
    const token = await tokenOf()
    for (let guess = 0; guess < 5; guess++) {
      const answer = { method: 'totp', code: alice.wrongCode() }
      await expectRefusal(twoFactor.login.verify(await challenge('alice'), answer, context), 'invalid_code')
    }
    expect((await begin(token)).outcome).toBe('passed')
  })

  it('R46: is not asked where the record is older than the application knows', async () => {
    const { tokenOf, begin, twoFactor } = await enrolled()
    const token = await tokenOf()
    const { generation } = await twoFactor.status('alice')
    expect((await begin(token, { generation })).outcome).toBe('passed')
    expect((await errorOf(begin(token, { generation: generation + 1 }))).code).toBe('record_stale')
  })
})

describe('the list of trusted devices', () => {
  it('R53: holds ten, and of one more the oldest goes, with an event', async () => {
    const { tokenOf, begin, devices, events } = await enrolled()
    const tokens: string[] = []
    for (let count = 0; count < 10; count++) tokens.push(await tokenOf({ name: `Browser ${count}` }))
    const [oldest] = await devices()
    expect(told(events)).not.toContain('device_revoked')
    tokens.push(await tokenOf({ name: 'Browser 10' }))
    expect(events.slice(-2)).toMatchObject([{ type: 'device_revoked', device: oldest?.id }, { type: 'device_trusted' }])
    expect((await devices()).map(({ name }) => name)).toEqual(
      Array.from({ length: 10 }, (_, count) => `Browser ${count + 1}`),
    )
    expect((await begin(tokens[0])).outcome).toBe('challenge')
    for (const token of tokens.slice(1)) expect((await begin(token)).outcome).toBe('passed')
  })

  it('R53: where it is full, loses those of an earlier password before one that is good, and tells nobody', async () => {
    const { trust, devices, events, context, tokenOf, begin } = await enrolled()
    const now = { ...context, credential: '2' }
    const good = await tokenOf({ name: 'good' }, now)
    for (let count = 0; count < 9; count++) await trust({ name: `old ${count}` }, { ...context, credential: '1' })
    expect(await devices()).toHaveLength(10)
    await trust({ name: 'new' }, now)
    expect((await devices({ credential: '2' })).map(({ name }) => name)).toEqual(['good', 'new'])
    expect((await devices()).map(({ name }) => name)).not.toContain('old 0')
    expect(await devices()).toHaveLength(10)
    expect((await begin(good, { credential: '2' })).outcome).toBe('passed')
    expect(told(events)).not.toContain('device_revoked')
  })

  it('knows a browser by one token: trusted anew, it is listed once', async () => {
    const { tokenOf, devices, context, begin, clock } = await enrolled()
    const old = await tokenOf()
    clock.advance(30 * day)
    const anew = await tokenOf(true, { ...context, trustedDevice: old })
    expect(await devices({ trustedDevice: anew })).toMatchObject([{ current: true }])
    expect((await begin(old)).outcome).toBe('challenge')
    expect((await begin(anew)).outcome).toBe('passed')
  })

  it('R36: loses one that is revoked, and R32: none of another subject’s', async () => {
    const { tokenOf, devices, begin, twoFactor, enroll, context, events, calls, reset } = await enrolled()
    const [kept, gone] = [await tokenOf(), await tokenOf()]
    const bob = await enroll('bob')
    await tokenOf(true, context, bob)
    const [, second] = await devices()
    const [bobs] = (await twoFactor.status('bob')).trustedDevices
    for (const id of [bobs?.id, 'nonsense', '', 7, null, undefined, [second?.id], gone]) {
      await expectRefusal(twoFactor.trustedDevices.revoke('alice', id), 'not_found')
    }
    reset()
    await expectRefusal(twoFactor.trustedDevices.revoke('alice', 'nonsense'), 'not_found')
    expect(calls).toEqual({ get: 0, put: 0, delete: 0 })
    await twoFactor.trustedDevices.revoke('alice', second?.id)
    expect(calls).toEqual({ get: 1, put: 1, delete: 0 })
    expect(events.at(-1)).toMatchObject({ type: 'device_revoked', device: second?.id, subject: 'alice' })
    expect((await begin(gone)).outcome).toBe('challenge')
    expect((await begin(kept)).outcome).toBe('passed')
    await expectRefusal(twoFactor.trustedDevices.revoke('alice', second?.id), 'not_found')
  })

  it('R36: loses all at once, and then there is nothing to write', async () => {
    const { tokenOf, devices, begin, twoFactor, events, calls, reset, endedSessions } = await enrolled()
    const tokens = [await tokenOf(), await tokenOf()]
    const { generation } = await twoFactor.status('alice')
    await twoFactor.trustedDevices.revokeAll('alice')
    expect(told(events).slice(-2)).toEqual(['device_revoked', 'device_revoked'])
    for (const token of tokens) expect((await begin(token)).outcome).toBe('challenge')
    expect(await devices()).toEqual([])
    reset()
    await twoFactor.trustedDevices.revokeAll('alice')
    await twoFactor.trustedDevices.revokeAll('nobody')
    expect(calls).toEqual({ get: 2, put: 0, delete: 0 })
    // Less trust is no change of factors.
    expect((await twoFactor.status('alice')).generation).toBe(generation)
    expect(endedSessions).toEqual(['alice'])
  })

  it('R36: signs in before it is revoked, or not at all', async () => {
    const { tokenOf, twoFactor, begin } = await enrolled()
    const token = await tokenOf()
    const [id] = (await twoFactor.status('alice')).trustedDevices.map(device => device.id)
    let revoked = false
    const revokes = Array.from({ length: 4 }, () =>
      twoFactor.trustedDevices.revoke('alice', id).then(() => {
        revoked = true
      }),
    )
    const logins = Array.from({ length: 16 }, async () => {
      const late = revoked
      return { late, outcome: (await begin(token)).outcome }
    })
    expect((await tally(revokes))['ok']).toBe(1)
    for (const { late, outcome } of await Promise.all(logins)) if (late) expect(outcome).toBe('challenge')
    expect((await begin(token)).outcome).toBe('challenge')
  })

  it('R46: is not touched where the record is older than the application knows', async () => {
    const { tokenOf, devices, twoFactor, context } = await enrolled()
    await tokenOf()
    const [device] = await devices()
    const stale = { ...context, generation: 2 ** 40 }
    expect((await errorOf(twoFactor.trustedDevices.revoke('alice', device?.id, stale))).code).toBe('record_stale')
    expect((await errorOf(twoFactor.trustedDevices.revokeAll('alice', stale))).code).toBe('record_stale')
    expect(await devices()).toHaveLength(1)
  })
})

describe('the policy on trusted devices', () => {
  it('R36: gives another number of days, and less of it counts at once', async () => {
    const { trust, settings, clock, context } = await enrolled({ policy: { trustedDevices: { days: 60 } } })
    const { trustedDevice } = await trust()
    expect(trustedDevice?.expiresAt).toEqual(new Date(clock() + 60 * day))
    clock.advance(7 * day)
    const begin = (policy: NonNullable<typeof settings.policy>) =>
      createTwoFactor({ ...settings, policy }).login.begin('alice', { ...context, trustedDevice: trustedDevice?.token })
    expect((await begin({ trustedDevices: { days: 8 } })).outcome).toBe('passed')
    expect((await begin({ trustedDevices: { days: 7 } })).outcome).toBe('challenge')
    expect((await begin({ trustedDevices: false })).outcome).toBe('challenge')
    clock.advance(22 * day)
    expect((await begin({})).outcome).toBe('passed')
    clock.advance(day)
    expect((await begin({})).outcome).toBe('challenge')
    // What was given for sixty days is good for no more, whatever the policy says by then.
    expect((await begin({ trustedDevices: { days: 365 } })).outcome).toBe('passed')
    clock.advance(30 * day)
    expect((await begin({ trustedDevices: { days: 365 } })).outcome).toBe('challenge')
  })

  it('R36: may trust none, and then nothing is kept', async () => {
    const { trust, devices, events } = await enrolled({ policy: { trustedDevices: false } })
    expect((await trust()).trustedDevice).toBeNull()
    expect(await devices()).toEqual([])
    expect(told(events)).not.toContain('device_trusted')
  })
})

import type { Changed, Proof } from '@sallyport/core'
import { virtualAuthenticator } from '@sallyport/core/testing'
import { describe, expect, it } from 'vitest'
import { type Application, expectRefusal, makeApplication, minute } from '../support/harness.js'

type Subject = Awaited<ReturnType<Application['enroll']>>
const account = 'alice@example.com'

const policy = { allowlist: { mode: 'bypass', perSubject: true } } as const

/** A second authenticator, so that one can be removed, and a network. */
async function addMore(application: Application, alice: Subject) {
  const proof = { method: 'recovery_code', code: alice.recoveryCodes[7] }
  await application.twoFactor.allowlist.add('alice', { network: '10.0.0.0/24' }, proof, application.context)
  return addAuthenticator(application, alice)
}

async function addAuthenticator({ twoFactor, context, clock }: Application, alice: Subject) {
  const proof = { method: 'recovery_code', code: alice.recoveryCodes[9] }
  const pending = await twoFactor.totp.enroll('alice', { account, proof }, context)
  const device = virtualAuthenticator(pending.uri, clock)
  const { authenticator } = await twoFactor.totp.confirm('alice', pending.token, { code: device.code() }, context)
  clock.advance(minute)
  return { id: authenticator, code: () => device.code() }
}

/** Every verb that changes factors with one proof. */
const changes: Record<string, (application: Application, alice: Subject, proof: Proof) => Promise<Changed>> = {
  'totp.remove': ({ twoFactor, context }, alice, proof) => twoFactor.totp.remove('alice', alice.id, proof, context),
  'totp.enroll and totp.confirm': async ({ twoFactor, context, clock }, _alice, proof) => {
    const pending = await twoFactor.totp.enroll('alice', { account, proof }, context)
    const code = virtualAuthenticator(pending.uri, clock).code()
    return twoFactor.totp.confirm('alice', pending.token, { code }, context)
  },
  'replacing an authenticator': async ({ twoFactor, context, clock }, alice, proof) => {
    const pending = await twoFactor.totp.enroll('alice', { account, proof, replaces: alice.id }, context)
    const code = virtualAuthenticator(pending.uri, clock).code()
    return twoFactor.totp.confirm('alice', pending.token, { code }, context)
  },
  'recoveryCodes.regenerate': ({ twoFactor, context }, _alice, proof) =>
    twoFactor.recoveryCodes.regenerate('alice', proof, context),
  disable: ({ twoFactor, context }, _alice, proof) => twoFactor.disable('alice', proof, context),
  'allowlist.add': ({ twoFactor, context }, _alice, proof) =>
    twoFactor.allowlist.add('alice', { network: '203.0.113.7' }, proof, context),
  'allowlist.remove': async ({ twoFactor, context }, _alice, proof) => {
    const [entry] = (await twoFactor.status('alice')).allowlist
    return twoFactor.allowlist.remove('alice', { id: entry?.id }, proof, context)
  },
}
const names = Object.keys(changes)

async function enrolled() {
  const application = makeApplication({ policy })
  const alice = await application.enroll('alice')
  await addMore(application, alice)
  application.endedSessions.length = 0
  application.events.length = 0
  const change = (name: string, proof: Proof) => (changes[name] as (typeof changes)[string])(application, alice, proof)
  const grant = async (purpose = 'factors', code = alice.recoveryCodes[8]) => {
    const { challenge } = await application.twoFactor.stepUp.begin('alice', purpose, application.context)
    const answer = { method: 'recovery_code', code }
    return (await application.twoFactor.stepUp.verify('alice', challenge, answer, application.context)).grant.token
  }
  return { ...application, alice, change, grant }
}

describe.each(names)('a change of factors by %s', name => {
  it('R31: needs a proof, and no login challenge or grant for something else is one', async () => {
    const { change, challenge, grant, enroll, twoFactor, context, clock } = await enrolled()
    const before = await twoFactor.status('alice')
    await expectRefusal(change(name, null as never), 'proof_required')
    await expectRefusal(change(name, undefined as never), 'proof_required')
    await expectRefusal(change(name, { grant: await challenge('alice') }), 'proof_required')
    const { challenge: stepUp } = await twoFactor.stepUp.begin('alice', 'factors', context)
    await expectRefusal(change(name, { grant: stepUp }), 'proof_required')
    await expectRefusal(change(name, { grant: await grant('pay') }), 'proof_required')
    await expectRefusal(change(name, { method: 'email', code: '123456' }), 'method_unavailable')
    const mallory = await enroll('mallory')
    const answer = { method: 'totp', code: mallory.code() }
    const begun = await twoFactor.stepUp.begin('mallory', 'factors', context)
    const foreign = await twoFactor.stepUp.verify('mallory', begun.challenge, answer, context)
    await expectRefusal(change(name, { grant: foreign.grant.token }), 'proof_required')
    clock.advance(minute)
    await expectRefusal(change(name, { method: 'totp', code: mallory.code() }), 'invalid_code')
    expect((await twoFactor.status('alice')).authenticators).toEqual(before.authenticators)
  })

  it('R33: voids challenges, grants, enrolments and trusted devices, and ends other sessions', async () => {
    const { change, challenge, grant, twoFactor, alice, context, clock, endedSessions } = await enrolled()
    const [first, second, third, fourth] = alice.recoveryCodes
    const login = await challenge('alice')
    const stepUp = await twoFactor.stepUp.begin('alice', 'pay', context)
    const held = await grant('pay', first)
    const proof = { method: 'recovery_code', code: second }
    const pending = await twoFactor.totp.enroll('alice', { account, proof }, context)
    const trust = { method: 'totp', code: alice.code(), trustDevice: true }
    const { trustedDevice } = await twoFactor.login.verify(await challenge('alice'), trust, context)
    const { generation, trustedDevices } = await twoFactor.status('alice')
    expect([trustedDevice === null, trustedDevices.length]).toEqual([false, 1])
    const changed = await change(name, { method: 'recovery_code', code: third })
    expect(changed.generation).toBeGreaterThan(generation)
    expect(changed.otherSessions).toBe('ended')
    expect(endedSessions).toEqual(['alice'])
    expect((await twoFactor.status('alice')).trustedDevices).toEqual([])
    const answer = { method: 'recovery_code', code: fourth }
    await expectRefusal(twoFactor.login.verify(login, answer, context), 'challenge_expired')
    await expectRefusal(twoFactor.stepUp.verify('alice', stepUp.challenge, answer, context), 'challenge_expired')
    await expectRefusal(twoFactor.stepUp.redeem(held, 'alice', 'pay', context), 'proof_required')
    const code = virtualAuthenticator(pending.uri, clock).code()
    await expectRefusal(twoFactor.totp.confirm('alice', pending.token, { code }, context), 'enrollment_expired')
  })

  it('R31: takes a grant once, and gives it back renewed with its deadline', async () => {
    const { change, grant, twoFactor, context, clock } = await enrolled()
    const token = await grant()
    const until = new Date(clock() + 5 * minute)
    clock.advance(minute)
    const changed = await change(name, { grant: token })
    expect(changed.grant?.expiresAt).toEqual(until)
    const regenerate = (given: unknown) => twoFactor.recoveryCodes.regenerate('alice', { grant: given }, context)
    if (name === 'disable') {
      await expectRefusal(regenerate(changed.grant?.token), 'not_enrolled')
      return
    }
    await expectRefusal(regenerate(token), 'proof_required')
    const again = await regenerate(changed.grant?.token)
    expect(again.grant?.expiresAt).toEqual(until)
    await expectRefusal(regenerate(changed.grant?.token), 'proof_required')
    clock.advance(4 * minute)
    await expectRefusal(regenerate(again.grant?.token), 'proof_required')
  })

  it('R31: refuses a grant of another session', async () => {
    const { change, twoFactor, alice } = await enrolled()
    const elsewhere = { binding: 'mallory' }
    const { challenge } = await twoFactor.stepUp.begin('alice', 'factors', elsewhere)
    const answer = { method: 'recovery_code', code: alice.recoveryCodes[0] }
    const { grant } = await twoFactor.stepUp.verify('alice', challenge, answer, elsewhere)
    await expectRefusal(change(name, { grant: grant.token }), 'proof_required')
  })

  it('R33: says that sessions are to be ended where the application did not manage to', async () => {
    const failing = makeApplication({
      policy,
      endOtherSessions: () => {
        throw new Error('the session store is down')
      },
    })
    const alice = await failing.enroll('alice')
    await addMore(failing, alice)
    const proof = { method: 'recovery_code', code: alice.recoveryCodes[0] }
    const changed = await (changes[name] as (typeof changes)[string])(failing, alice, proof)
    expect(changed.otherSessions).toBe('to_be_ended')
  })
})

describe('authenticators', () => {
  it('leave no gap when one replaces another: the old one works until the new one is confirmed', async () => {
    const { twoFactor, enroll, challenge, context, clock, events } = makeApplication()
    const alice = await enroll('alice')
    const proof = { method: 'totp', code: alice.code() }
    const pending = await twoFactor.totp.enroll('alice', { account, proof, replaces: alice.id }, context)
    clock.advance(minute)
    const login = async (code: string) =>
      twoFactor.login.verify(await challenge('alice'), { method: 'totp', code }, context)
    expect((await login(alice.code())).because).toBe('verified')
    clock.advance(minute)
    const device = virtualAuthenticator(pending.uri, clock)
    await twoFactor.totp.confirm('alice', pending.token, { code: device.code(), name: 'New phone' }, context)
    expect(events.slice(-2)).toMatchObject([{ type: 'enrolled' }, { type: 'removed', authenticator: alice.id }])
    await expectRefusal(login(alice.code()), 'invalid_code')
    expect((await login(device.code())).because).toBe('verified')
    expect((await twoFactor.status('alice')).authenticators.map(({ name }) => name)).toEqual(['New phone'])
    expect((await twoFactor.status('alice')).recoveryCodes?.left).toBe(10)
  })

  it('R32: are removed by their own subject alone, and the last one not at all', async () => {
    const { twoFactor, enroll, clock } = makeApplication()
    const alice = await enroll('alice')
    const bob = await enroll('bob')
    const proof = { method: 'totp', code: alice.code() }
    for (const id of [bob.id, 'nonsense', '', 7, null, [alice.id], { id: alice.id }]) {
      await expectRefusal(twoFactor.totp.remove('alice', id, proof), 'not_found')
      await expectRefusal(
        twoFactor.totp.enroll('alice', { account, proof, replaces: id ?? 'none' }, { binding: 'b' }),
        'not_found',
      )
    }
    await expectRefusal(twoFactor.totp.remove('alice', alice.id, proof), 'would_lock_out')
    clock.advance(minute)
    expect((await twoFactor.status('alice')).authenticators).toHaveLength(1)
    await expectRefusal(twoFactor.totp.remove('carol', alice.id, proof), 'not_found')
  })

  it('R38: keep a right code unused where the change is refused for another reason', async () => {
    const { twoFactor, enroll, challenge, context } = makeApplication()
    const alice = await enroll('alice')
    const proof = { method: 'totp', code: alice.code() }
    await expectRefusal(twoFactor.totp.remove('alice', alice.id, proof), 'would_lock_out')
    expect((await twoFactor.login.verify(await challenge('alice'), proof, context)).because).toBe('verified')
  })
})

describe('disable', () => {
  it('S8: takes the current code, and the password alone signs in afterwards', async () => {
    const { twoFactor, enroll, events, calls, reset, context } = makeApplication()
    const alice = await enroll('alice')
    reset()
    await twoFactor.disable('alice', { method: 'totp', code: alice.code() }, context)
    expect(calls).toEqual({ get: 1, put: 1, delete: 0 })
    expect(events.at(-1)).toMatchObject({ type: 'disabled', subject: 'alice' })
    expect(await twoFactor.login.begin('alice')).toMatchObject({
      outcome: 'passed',
      passed: { because: 'not_required' },
    })
    expect(await twoFactor.status('alice')).toMatchObject({
      enabled: false,
      recoveryCodes: null,
      methods: [],
      locks: [],
    })
  })

  it('R31: refuses where there is nothing to prove', async () => {
    const { twoFactor, calls } = makeApplication()
    const proof = { method: 'totp', code: '123456' }
    await expectRefusal(twoFactor.disable('alice', proof), 'not_enrolled')
    await expectRefusal(twoFactor.recoveryCodes.regenerate('alice', proof), 'not_enrolled')
    await expectRefusal(twoFactor.totp.enroll('alice', { account, proof }, { binding: 'b' }), 'not_enrolled')
    await expectRefusal(twoFactor.stepUp.begin('alice', 'pay'), 'not_enrolled')
    expect(calls.put).toBe(0)
  })

  it('R33: leaves nothing of the old enrolment that works after a new one', async () => {
    const { twoFactor, enroll, challenge, context, clock } = makeApplication()
    const alice = await enroll('alice')
    const old = await challenge('alice')
    await twoFactor.disable('alice', { method: 'totp', code: alice.code() }, context)
    clock.advance(minute)
    const anew = await enroll('alice')
    await expectRefusal(
      twoFactor.login.verify(old, { method: 'totp', code: anew.code() }, context),
      'challenge_expired',
    )
    const token = await challenge('alice')
    await expectRefusal(twoFactor.login.verify(token, { method: 'totp', code: alice.code() }, context), 'invalid_code')
    const recovery = { method: 'recovery_code', code: alice.recoveryCodes[0] }
    await expectRefusal(twoFactor.login.verify(token, recovery, context), 'invalid_code')
  })
})

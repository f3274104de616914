import { createTwoFactor, type Passed } from '@sallyport/core'
import { totp } from '@sallyport/core/otp'
import { virtualAuthenticator } from '@sallyport/core/testing'
import { describe, expect, it } from 'vitest'
import { day, errorOf, expectRefusal, makeApplication, minute, newKey, tally } from '../support/harness.js'

const audit = { by: 'operator:maria', reason: 'identity checked' }
const account = 'alice@example.com'

async function resetSubject() {
  const application = makeApplication()
  const alice = await application.enroll('alice')
  const reset = await application.twoFactor.operator.reset('alice', audit)
  if (reset.permit === null) throw new Error('no permit')
  const permit = reset.permit.token
  /** Logs in with the permit and enrols, as the rightful owner. */
  const enrollWithPermit = async (given: unknown = permit): Promise<Passed> => {
    const { twoFactor, clock, context } = application
    const gate = await twoFactor.login.begin('alice', { ...context, permit: given })
    if (gate.outcome !== 'enroll') throw new Error(gate.outcome)
    const pending = await twoFactor.login.enroll(gate.challenge, { account }, context)
    return twoFactor.login.confirm(pending.token, { code: virtualAuthenticator(pending.uri, clock).code() }, context)
  }
  return { ...application, alice, reset, permit, enrollWithPermit }
}

describe('operator.reset', () => {
  it('S12: hands out a permit by which the rightful owner enrols again', async () => {
    const { reset, enrollWithPermit, twoFactor, events, clock, endedSessions } = await resetSubject()
    expect(reset.permit?.expiresAt).toEqual(new Date(clock() + day))
    expect(events.at(-1)).toEqual({ type: 'reset', subject: 'alice', at: new Date(clock()), ...audit })
    expect(endedSessions.at(-1)).toBe('alice')
    expect(await twoFactor.status('alice')).toMatchObject({ enabled: false, recoveryCodes: null, permitRequired: true })
    expect(await enrollWithPermit()).toMatchObject({ because: 'enrolled', recoveryCodesLeft: 10 })
    expect(await twoFactor.status('alice')).toMatchObject({ enabled: true, permitRequired: false })
    expect((await twoFactor.login.begin('alice')).outcome).toBe('challenge')
  })

  it('R50: refuses every login and every enrolment until the permit is used, expired or not', async () => {
    const { twoFactor, context, clock, permit, alice } = await resetSubject()
    const refused = async () => {
      await expectRefusal(twoFactor.login.begin('alice', context), 'permit_required')
      await expectRefusal(twoFactor.login.begin('alice', { ...context, eligible: false }), 'permit_required')
      await expectRefusal(twoFactor.totp.enroll('alice', { account }, context), 'permit_required')
      await expectRefusal(twoFactor.stepUp.begin('alice', 'factors', context), 'permit_required')
      await expectRefusal(twoFactor.disable('alice', { method: 'totp', code: alice.code() }), 'permit_required')
      const imported = twoFactor.operator.import('alice', { totp: { secret: alice.setupKey } }, audit)
      await expectRefusal(imported, 'permit_required')
      clock.advance(minute)
    }
    await refused()
    for (const given of ['forged', '', 7, null, [permit], { token: permit }]) {
      await expectRefusal(twoFactor.login.begin('alice', { ...context, permit: given }), 'permit_required')
    }
    clock.advance(day)
    await expectRefusal(twoFactor.login.begin('alice', { ...context, permit }), 'permit_required')
    await refused()
  })

  it('R50: refuses an enrolment that a surviving session had begun before', async () => {
    const { twoFactor, context, clock } = makeApplication()
    const pending = await twoFactor.totp.enroll('alice', { account }, context)
    await twoFactor.operator.reset('alice', audit)
    const code = virtualAuthenticator(pending.uri, clock).code()
    await expectRefusal(twoFactor.totp.confirm('alice', pending.token, { code }, context), 'permit_required')
    await expectRefusal(twoFactor.totp.enroll('alice', { account, resume: pending.token }, context), 'permit_required')
  })

  it('R50: takes a permit once, and of the last reset alone', async () => {
    const { twoFactor, context, permit, enrollWithPermit, clock } = await resetSubject()
    const second = await twoFactor.operator.reset('alice', audit)
    await expectRefusal(twoFactor.login.begin('alice', { ...context, permit }), 'permit_required')
    await enrollWithPermit(second.permit?.token)
    clock.advance(minute)
    expect((await twoFactor.login.begin('alice', { ...context, permit: second.permit?.token })).outcome).toBe(
      'challenge',
    )
  })

  it('R50: lets one of two enrolments with one permit be confirmed', async () => {
    const { enrollWithPermit } = await resetSubject()
    const outcomes = await tally([enrollWithPermit(), enrollWithPermit()])
    expect(outcomes).toEqual({ ok: 1, enrollment_expired: 1 })
  })

  it('R32: takes a permit for its own subject alone', async () => {
    const { twoFactor, context, permit } = await resetSubject()
    await twoFactor.operator.reset('bob', audit)
    await expectRefusal(twoFactor.login.begin('bob', { ...context, permit }), 'permit_required')
  })

  it('R50: refuses a challenge that was let in by a permit once the subject was reset again', async () => {
    const { twoFactor, context, permit } = await resetSubject()
    const gate = await twoFactor.login.begin('alice', { ...context, permit })
    if (gate.outcome !== 'enroll') throw new Error(gate.outcome)
    await twoFactor.operator.reset('alice', audit)
    await expectRefusal(twoFactor.login.enroll(gate.challenge, { account }, context), 'challenge_expired')
  })

  it('leaves the door to the password alone where the operator says so', async () => {
    const { twoFactor, enroll } = makeApplication()
    await enroll('alice')
    const { permit } = await twoFactor.operator.reset('alice', { ...audit, next: 'open' })
    expect(permit).toBeNull()
    expect(await twoFactor.login.begin('alice')).toMatchObject({ outcome: 'passed' })
  })

  it('R46: mends an absent, an older and an unreadable record', async () => {
    const { twoFactor, enroll, store, context, clock, settings } = makeApplication()
    const alice = await enroll('alice')
    const known = { ...context, generation: alice.generation }
    expect((await twoFactor.login.begin('alice', known)).outcome).toBe('challenge')
    const older = { ...context, generation: alice.generation + 1 }
    expect(await errorOf(twoFactor.login.begin('alice', older))).toMatchObject({
      kind: 'corrupt',
      code: 'record_stale',
    })
    expect(await errorOf(twoFactor.login.begin('bob', known))).toMatchObject({
      kind: 'corrupt',
      code: 'record_missing',
    })
    const withoutKey = createTwoFactor({ ...settings, store, keys: [newKey()] })
    for (const verb of [
      () => withoutKey.login.begin('alice', context),
      () => withoutKey.status('alice'),
      () => withoutKey.operator.unlock('alice', audit),
      () => withoutKey.totp.enroll('alice', { account }, context),
    ]) {
      expect(await errorOf(verb())).toMatchObject({ kind: 'corrupt', code: 'record_unreadable' })
    }
    clock.advance(minute)
    for (const subject of ['alice', 'bob']) {
      const mended = await withoutKey.operator.reset(subject, audit)
      expect(mended.generation).toBeGreaterThan(alice.generation)
      const permit = mended.permit?.token
      const given = { ...context, generation: mended.generation, permit }
      expect((await withoutKey.login.begin(subject, given)).outcome).toBe('enroll')
    }
  })

  it('R46: throws at every verb that is told of a generation which the record has not', async () => {
    const { twoFactor, enroll, challenge, context, calls, reset } = makeApplication()
    const alice = await enroll('alice')
    const newer = { ...context, generation: alice.generation + 1 }
    const proof = { method: 'totp', code: alice.code() }
    const token = await challenge('alice')
    const stepUp = await twoFactor.stepUp.begin('alice', 'pay', context)
    reset()
    for (const verb of [
      () => twoFactor.login.begin('alice', newer),
      () => twoFactor.login.verify(token, proof, newer),
      () => twoFactor.stepUp.begin('alice', 'pay', newer),
      () => twoFactor.stepUp.verify('alice', stepUp.challenge, proof, newer),
      () => twoFactor.totp.enroll('alice', { account, proof }, newer),
      () => twoFactor.totp.remove('alice', alice.id, proof, newer),
      () => twoFactor.recoveryCodes.regenerate('alice', proof, newer),
      () => twoFactor.status('alice', newer),
      () => twoFactor.disable('alice', proof, newer),
      () => twoFactor.allowlist.remove('alice', { id: alice.id }, proof, newer),
      () => twoFactor.trustedDevices.revoke('alice', alice.id, newer),
      () => twoFactor.trustedDevices.revokeAll('alice', newer),
    ]) {
      expect(await errorOf(verb())).toMatchObject({ kind: 'corrupt', code: 'record_stale' })
    }
    expect(calls.put).toBe(0)
  })
})

describe('operator.import', () => {
  const secret = 'GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ'

  it('takes over an authenticator, whose codes then work', async () => {
    const { twoFactor, challenge, context, clock, events } = makeApplication()
    const factors = { totp: { secret: secret.toLowerCase(), algorithm: 'SHA256', digits: 8, period: 60 } } as const
    const changed = await twoFactor.operator.import('alice', factors, audit)
    expect(changed).toMatchObject({ generation: Math.floor(clock() / 1000), grant: null, otherSessions: 'ended' })
    expect(events.at(-1)).toMatchObject({ type: 'imported', ...audit })
    const code = totp({ ...factors.totp, at: clock() })
    const passed = await twoFactor.login.verify(await challenge('alice'), { method: 'totp', code }, context)
    expect(passed).toMatchObject({ because: 'verified', recoveryCodesLeft: null, warnings: ['no_recovery_codes'] })
    clock.advance(minute)
    const proof = { method: 'totp', code: totp({ ...factors.totp, at: clock() }) }
    expect((await twoFactor.recoveryCodes.regenerate('alice', proof)).recoveryCodes).toHaveLength(10)
  })

  it('R50: refuses when a factor exists', async () => {
    const { twoFactor, enroll, calls, reset } = makeApplication()
    await enroll('alice')
    reset()
    await expectRefusal(twoFactor.operator.import('alice', { totp: { secret } }, audit), 'proof_required')
    expect(calls.put).toBe(0)
  })

  it('names what is wrong with a secret, and never quotes it', async () => {
    const { twoFactor, calls } = makeApplication()
    for (const wrong of ['', 'GEZDGNBV', 'not base32 at all: 0189', new Uint8Array(9), 7, null, {}]) {
      const error = await errorOf(twoFactor.operator.import('alice', { totp: { secret: wrong as string } }, audit))
      expect(error.kind).toBe('usage')
      expect(error.message).toMatch(/^factors\.totp\.secret must be/)
    }
    expect(calls).toEqual({ get: 0, put: 0, delete: 0 })
  })
})

describe('operator.unlock and operator.forget', () => {
  it('R50: unlock lifts a lock, and tells who did it and why', async () => {
    const { twoFactor, enroll, challenge, context, events, calls, reset, clock } = makeApplication()
    const alice = await enroll('alice')
    const verify = async (code: string) =>
      twoFactor.login.verify(await challenge('alice'), { method: 'totp', code }, context)
    for (let guess = 0; guess < 5; guess++) await expectRefusal(verify(alice.wrongCode()), 'invalid_code')
    await expectRefusal(verify(alice.code()), 'locked')
    reset()
    await twoFactor.operator.unlock('alice', audit)
    expect(calls).toEqual({ get: 1, put: 1, delete: 0 })
    expect(events.at(-1)).toMatchObject({ type: 'unlocked', ...audit })
    clock.advance(minute)
    expect((await verify(alice.code())).because).toBe('verified')
    reset()
    await twoFactor.operator.unlock('alice', audit)
    await twoFactor.operator.unlock('nobody', audit)
    expect(calls).toEqual({ get: 2, put: 0, delete: 0 })
  })

  it('forget deletes the record by one delete, and tells who did it and why', async () => {
    const { twoFactor, enroll, events, calls, reset, context } = makeApplication()
    const alice = await enroll('alice')
    reset()
    await twoFactor.operator.forget('alice', audit)
    expect(calls).toEqual({ get: 0, put: 0, delete: 1 })
    expect(events.at(-1)).toMatchObject({ type: 'forgotten', ...audit })
    expect(await twoFactor.status('alice')).toMatchObject({ enabled: false, generation: 0 })
    const known = { ...context, generation: alice.generation }
    expect(await errorOf(twoFactor.login.begin('alice', known))).toMatchObject({ code: 'record_missing' })
  })

  it('R50: every verb names an operator who is not the subject, and a reason', async () => {
    const { twoFactor, calls } = makeApplication()
    const wrong: [unknown, string][] = [
      [undefined, 'audit'],
      [{}, 'audit.by'],
      [{ by: 'op' }, 'audit.reason'],
      [{ by: '', reason: 'r' }, 'audit.by'],
      [{ by: 'op', reason: '' }, 'audit.reason'],
      [{ by: 'alice', reason: 'r' }, 'audit.by'],
      [{ by: 'op', reason: 'r', extra: 1 }, 'audit'],
    ]
    for (const [given, argument] of wrong) {
      const audit = given as { by: string; reason: string }
      for (const verb of [
        () => twoFactor.operator.reset('alice', audit),
        () => twoFactor.operator.unlock('alice', audit),
        () => twoFactor.operator.forget('alice', audit),
        () => twoFactor.operator.import('alice', { totp: { secret: 'GEZDGNBVGY3TQOJQ' } }, audit),
      ]) {
        const error = await errorOf(verb())
        expect(error.kind).toBe('usage')
        expect(error.message.startsWith(`${argument} `)).toBe(true)
      }
    }
    expect(calls).toEqual({ get: 0, put: 0, delete: 0 })
  })
})

describe('operator.reseal', () => {
  it('R48: rotates keys without changing codes, counts or recovery codes', async () => {
    const { settings, store, enroll, context, clock, twoFactor } = makeApplication()
    const alice = await enroll('alice')
    const wrong = alice.wrongCode()
    const oldKey = settings.keys[0] as string
    const nextKey = newKey()
    const rollout = [[oldKey], [oldKey, nextKey], [nextKey, oldKey], [nextKey]]
    const instances = rollout.map(keys => createTwoFactor({ ...settings, store, keys }))
    const [before, added, moved, retired] = instances as [
      typeof twoFactor,
      typeof twoFactor,
      typeof twoFactor,
      typeof twoFactor,
    ]
    // Add last, deploy, move first: neighbours in the rollout read each other's tokens and records.
    for (const [here, there] of [
      [before, added],
      [added, moved],
      [moved, moved],
    ] as const) {
      const gate = await here.login.begin('alice', context)
      if (gate.outcome !== 'challenge') throw new Error(gate.outcome)
      await expectRefusal(there.login.verify(gate.challenge, { method: 'totp', code: wrong }, context), 'invalid_code')
      await here.status('alice')
    }
    expect(await errorOf(before.status('alice'))).toMatchObject({ kind: 'corrupt' })
    await moved.operator.reset('carol', audit)
    const bob = await enroll('bob')
    expect(await moved.operator.reseal(['alice', 'bob', 'carol', 'nobody'])).toEqual({
      resealed: 1,
      current: 2,
      absent: 1,
      failed: 0,
    })
    clock.advance(minute)
    for (const subject of [alice, bob]) {
      const gate = await retired.login.begin(subject.subject, context)
      if (gate.outcome !== 'challenge') throw new Error(gate.outcome)
      await retired.login.verify(gate.challenge, { method: 'recovery_code', code: subject.recoveryCodes[0] }, context)
    }
    const gate = await retired.login.begin('alice', context)
    if (gate.outcome !== 'challenge') throw new Error(gate.outcome)
    const guess = () => retired.login.verify(gate.challenge, { method: 'totp', code: alice.wrongCode() }, context)
    await expectRefusal(guess(), 'invalid_code')
    expect((await expectRefusal(guess(), 'invalid_code')).retryAfter).toBe(15 * 60)
  })

  it('R48: counts a record that it cannot open or write as failed, and goes on', async () => {
    const { settings, store, enroll } = makeApplication()
    await enroll('alice')
    await enroll('bob')
    const foreign = createTwoFactor({ ...settings, store, keys: [newKey()] })
    async function* subjects() {
      yield 'alice'
      yield 'bob'
    }
    expect(await foreign.operator.reseal(subjects())).toEqual({ resealed: 0, current: 0, absent: 0, failed: 2 })
  })
})

import { parseKeyUri } from '@sallyport/core/otp'
import { virtualAuthenticator } from '@sallyport/core/testing'
import { describe, expect, it } from 'vitest'
import { day, errorOf, expectRefusal, makeApplication, minute, tally, wrongCodeFor } from '../support/harness.js'

const account = 'alice@example.com'

describe('enrolment from the profile', () => {
  it('gives a URI and a setup key that read back to the options', async () => {
    const totp = { algorithm: 'SHA256', digits: 8, period: 60 } as const
    const { twoFactor, context, clock } = makeApplication({ issuer: 'Acme Ltd', totp })
    const pending = await twoFactor.totp.enroll('alice', { account }, context)
    const parsed = parseKeyUri(pending.uri)
    expect(parsed).toMatchObject({ issuer: 'Acme Ltd', account, ...totp })
    expect(pending.setupKey.replaceAll(' ', '')).toBe(parsed.secret)
    expect(pending.expiresAt).toEqual(new Date(clock() + 15 * minute))
    const code = virtualAuthenticator(pending.uri, clock).code()
    expect((await twoFactor.totp.confirm('alice', pending.token, { code }, context)).recoveryCodes).toHaveLength(10)
  })

  it('R30: activates nothing before the first code, and writes nothing', async () => {
    const { twoFactor, context, calls } = makeApplication()
    await twoFactor.totp.enroll('alice', { account }, context)
    expect(calls).toEqual({ get: 1, put: 0, delete: 0 })
    expect(await twoFactor.status('alice')).toMatchObject({ enabled: false, methods: [], authenticators: [] })
    expect(await twoFactor.login.begin('alice')).toMatchObject({ outcome: 'passed' })
  })

  it('confirms by one read and one write, ends other sessions and tells the application', async () => {
    const { twoFactor, context, clock, calls, reset, endedSessions, events } = makeApplication()
    const pending = await twoFactor.totp.enroll('alice', { account }, context)
    reset()
    const code = virtualAuthenticator(pending.uri, clock).code()
    const confirmed = await twoFactor.totp.confirm('alice', pending.token, { code, name: ' My phone ' }, context)
    expect(calls).toEqual({ get: 1, put: 1, delete: 0 })
    expect(confirmed).toMatchObject({ otherSessions: 'ended', grant: null, generation: Math.floor(clock() / 1000) })
    expect(endedSessions).toEqual(['alice'])
    expect(events).toEqual([
      { type: 'enrolled', subject: 'alice', at: new Date(clock()), authenticator: confirmed.authenticator },
    ])
    const status = await twoFactor.status('alice')
    expect(status.authenticators).toEqual([
      { id: confirmed.authenticator, name: 'My phone', createdAt: new Date(clock()), lastUsedAt: null },
    ])
  })

  it('R5: burns the step of the confirming code', async () => {
    const { twoFactor, context, clock, challenge } = makeApplication()
    const pending = await twoFactor.totp.enroll('alice', { account }, context)
    const code = virtualAuthenticator(pending.uri, clock).code()
    await twoFactor.totp.confirm('alice', pending.token, { code }, context)
    await expectRefusal(
      twoFactor.login.verify(await challenge('alice'), { method: 'totp', code }, context),
      'invalid_code',
    )
  })

  it('S13: shows the same QR code for as long as the enrolment lives', async () => {
    const { twoFactor, context, clock } = makeApplication()
    const first = await twoFactor.totp.enroll('alice', { account }, context)
    clock.advance(10 * minute)
    const refreshed = await twoFactor.totp.enroll('alice', { account, resume: first.token }, context)
    expect(refreshed).toEqual(first)
    clock.advance(5 * minute)
    const anew = await twoFactor.totp.enroll('alice', { account, resume: first.token }, context)
    expect(anew.uri).not.toBe(first.uri)
    await expectRefusal(twoFactor.totp.confirm('alice', first.token, { code: '123456' }, context), 'enrollment_expired')
  })

  it('S13: resumes with a factor on record, without a second proof and without a write', async () => {
    const { twoFactor, context, enroll, calls, reset } = makeApplication()
    const alice = await enroll('alice')
    const proof = { method: 'totp', code: alice.code() }
    const first = await twoFactor.totp.enroll('alice', { account, proof }, context)
    reset()
    expect(await twoFactor.totp.enroll('alice', { account, resume: first.token }, context)).toEqual(first)
    expect(calls).toEqual({ get: 1, put: 0, delete: 0 })
    const replaces = { account, resume: first.token, replaces: alice.id }
    await expectRefusal(twoFactor.totp.enroll('alice', replaces, context), 'proof_required')
  })

  it('S13: resumes whatever comes as a proof with a refresh: the one that counted was used up', async () => {
    const { twoFactor, context, enroll, calls, reset } = makeApplication()
    const alice = await enroll('alice')
    const first = await twoFactor.totp.enroll(
      'alice',
      { account, proof: { method: 'totp', code: alice.code() } },
      context,
    )
    reset()
    for (const proof of [{ method: 'totp', code: '' }, { grant: 'ended' }, { method: 'totp', code: '000000' }]) {
      expect(await twoFactor.totp.enroll('alice', { account, resume: first.token, proof }, context)).toEqual(first)
    }
    expect(calls).toEqual({ get: 3, put: 0, delete: 0 })
  })

  it('counts a resumed enrolment that does not hold as none', async () => {
    const { twoFactor, context } = makeApplication()
    const other = await twoFactor.totp.enroll('bob', { account }, context)
    const elsewhere = await twoFactor.totp.enroll('alice', { account }, { binding: 'session-2' })
    for (const resume of [other.token, elsewhere.token, 'forged', 7, null, ['a'], { token: other.token }]) {
      const fresh = await twoFactor.totp.enroll('alice', { account, resume }, context)
      expect([other.uri, elsewhere.uri]).not.toContain(fresh.uri)
      expect(fresh.token).not.toBe(resume)
    }
  })

  it('R30: is confirmed by the subject, in the session and in the state that it began with', async () => {
    const { twoFactor, context, clock, events } = makeApplication()
    const mallory = { binding: 'mallory' }
    const planted = await twoFactor.totp.enroll('mallory', { account }, mallory)
    const sameSubject = await twoFactor.totp.enroll('alice', { account }, mallory)
    const code = () => virtualAuthenticator(planted.uri, clock).code()
    await expectRefusal(twoFactor.totp.confirm('alice', planted.token, { code: code() }, context), 'enrollment_expired')
    await expectRefusal(twoFactor.totp.confirm('alice', planted.token, { code: code() }, mallory), 'enrollment_expired')
    await expectRefusal(
      twoFactor.totp.confirm('mallory', planted.token, { code: code() }, context),
      'enrollment_expired',
    )
    await expectRefusal(twoFactor.login.confirm(planted.token, { code: code() }, mallory), 'enrollment_expired')
    const alicesCode = { code: virtualAuthenticator(sameSubject.uri, clock).code() }
    await expectRefusal(twoFactor.totp.confirm('alice', sameSubject.token, alicesCode, context), 'enrollment_expired')
    expect(events).toEqual([])
    expect((await twoFactor.status('alice')).enabled).toBe(false)
  })

  it('R30: is void once the factors changed since, also when both began at once', async () => {
    const { twoFactor, context, clock } = makeApplication()
    const first = await twoFactor.totp.enroll('alice', { account }, context)
    const second = await twoFactor.totp.enroll('alice', { account }, context)
    const confirm = (pending: typeof first) =>
      twoFactor.totp.confirm('alice', pending.token, { code: virtualAuthenticator(pending.uri, clock).code() }, context)
    expect(await tally([confirm(first), confirm(second)])).toEqual({ ok: 1, enrollment_expired: 1 })
    await expectRefusal(confirm(first), 'enrollment_expired')
    expect((await twoFactor.status('alice')).authenticators).toHaveLength(1)
  })

  it('confirms a double click once, and shows the recovery codes once', async () => {
    const { twoFactor, context, clock } = makeApplication()
    const pending = await twoFactor.totp.enroll('alice', { account }, context)
    const code = virtualAuthenticator(pending.uri, clock).code()
    const click = () => twoFactor.totp.confirm('alice', pending.token, { code }, context)
    expect(await tally([click(), click(), click()])).toEqual({ ok: 1, enrollment_expired: 2 })
  })

  it('R55: is void once the password changed', async () => {
    const { twoFactor, clock } = makeApplication()
    const before = { binding: 'b', credential: '1' }
    const pending = await twoFactor.totp.enroll('alice', { account }, before)
    const code = virtualAuthenticator(pending.uri, clock).code()
    const after = { binding: 'b', credential: '2' }
    await expectRefusal(twoFactor.totp.confirm('alice', pending.token, { code }, after), 'enrollment_expired')
  })

  it('needs a binding, and says so', async () => {
    const { twoFactor, calls } = makeApplication()
    const error = await errorOf(twoFactor.totp.enroll('alice', { account }))
    expect(error).toMatchObject({ kind: 'usage', message: expect.stringContaining('context.binding') })
    expect(calls).toEqual({ get: 0, put: 0, delete: 0 })
  })

  it('refuses names that are none, and takes a default for an empty one', async () => {
    const { twoFactor, context, clock, calls, reset } = makeApplication()
    const pending = await twoFactor.totp.enroll('alice', { account }, context)
    const code = virtualAuthenticator(pending.uri, clock).code()
    reset()
    for (const name of ['a'.repeat(65), 'a\nb', '\u202Egnp', 7, {}, ['x'], true]) {
      const refused = await expectRefusal(
        twoFactor.totp.confirm('alice', pending.token, { code, name }, context),
        'invalid_input',
      )
      expect(refused.field).toBe('name')
    }
    expect(calls).toEqual({ get: 0, put: 0, delete: 0 })
    await twoFactor.totp.confirm('alice', pending.token, { code, name: '  ' }, context)
    expect((await twoFactor.status('alice')).authenticators[0]?.name).toBe('Authenticator')
  })

  it('R53: adds up to five authenticators, and no more', async () => {
    const { twoFactor, context, enroll, clock } = makeApplication()
    const alice = await enroll('alice')
    for (let count = 2; count <= 5; count++) {
      const proof = { method: 'recovery_code', code: alice.recoveryCodes[count] }
      const pending = await twoFactor.totp.enroll('alice', { account, proof }, context)
      const confirmed = await twoFactor.totp.confirm(
        'alice',
        pending.token,
        { code: virtualAuthenticator(pending.uri, clock).code() },
        context,
      )
      expect(confirmed.recoveryCodes).toBeNull()
    }
    const proof = { method: 'recovery_code', code: alice.recoveryCodes[0] }
    await expectRefusal(twoFactor.totp.enroll('alice', { account, proof }, context), 'limit_reached')
    expect((await twoFactor.status('alice')).recoveryCodes?.left).toBe(6)
    const replaced = await twoFactor.totp.enroll('alice', { account, proof, replaces: alice.id }, context)
    await twoFactor.totp.confirm(
      'alice',
      replaced.token,
      { code: virtualAuthenticator(replaced.uri, clock).code() },
      context,
    )
    expect((await twoFactor.status('alice')).authenticators).toHaveLength(5)
  })

  it('R3: allows so few authenticators that at most 21 codes are right at once', async () => {
    const { twoFactor, context, enroll } = makeApplication({ totp: { window: 10 } })
    const alice = await enroll('alice')
    const proof = { method: 'recovery_code', code: alice.recoveryCodes[0] }
    await expectRefusal(twoFactor.totp.enroll('alice', { account, proof }, context), 'limit_reached')
  })
})

describe('enrolment at login', () => {
  const policy = { required: true, firstEnrollment: 'password' } as const

  async function begun() {
    const application = makeApplication({ policy })
    const { twoFactor, context } = application
    const gate = await twoFactor.login.begin('alice', context)
    if (gate.outcome !== 'enroll') throw new Error(gate.outcome)
    return { ...application, token: gate.challenge, gate }
  }

  it('S10: ends in a pass, with recovery codes, when the first code comes', async () => {
    const { twoFactor, token, gate, context, clock, calls, reset } = await begun()
    expect(gate.methods).toEqual([])
    expect(gate.expiresAt).toEqual(new Date(clock() + 15 * minute))
    reset()
    const pending = await twoFactor.login.enroll(token, { account }, context)
    expect(calls).toEqual({ get: 1, put: 0, delete: 0 })
    expect(pending.expiresAt).toEqual(gate.expiresAt)
    reset()
    const code = virtualAuthenticator(pending.uri, clock).code()
    const passed = await twoFactor.login.confirm(pending.token, { code }, async () => context)
    expect(calls).toEqual({ get: 1, put: 1, delete: 0 })
    expect(passed).toMatchObject({
      subject: 'alice',
      because: 'enrolled',
      method: 'totp',
      amr: ['otp', 'mfa'],
      otherSessions: 'ended',
      recoveryCodesLeft: 10,
      warnings: [],
    })
    expect(passed.recoveryCodes).toHaveLength(10)
    await expectRefusal(twoFactor.login.confirm(pending.token, { code }, context), 'enrollment_expired')
    await expectRefusal(twoFactor.login.enroll(token, { account }, context), 'challenge_expired')
  })

  it('S13: shows the same QR code on a refresh, and after logging in again in the same session', async () => {
    const { twoFactor, token, context } = await begun()
    const first = await twoFactor.login.enroll(token, { account }, context)
    expect(await twoFactor.login.enroll(token, { account, resume: first.token }, context)).toEqual(first)
    const again = await twoFactor.login.begin('alice', context)
    if (again.outcome !== 'enroll') throw new Error(again.outcome)
    expect(await twoFactor.login.enroll(again.challenge, { account, resume: first.token }, context)).toEqual(first)
  })

  it('R30: is not finished in another session, nor by an enrolment of another account or kind', async () => {
    const { twoFactor, token, context, clock } = await begun()
    const other = { binding: 'mallory' }
    await expectRefusal(twoFactor.login.enroll(token, { account }, other), 'challenge_expired')
    const pending = await twoFactor.login.enroll(token, { account }, context)
    const code = virtualAuthenticator(pending.uri, clock).code()
    await expectRefusal(twoFactor.login.confirm(pending.token, { code }, other), 'enrollment_expired')
    await expectRefusal(twoFactor.totp.confirm('alice', pending.token, { code }, context), 'enrollment_expired')
    const profile = await twoFactor.totp.enroll('alice', { account }, context)
    const profileCode = virtualAuthenticator(profile.uri, clock).code()
    await expectRefusal(twoFactor.login.confirm(profile.token, { code: profileCode }, context), 'enrollment_expired')
    const crossed = await twoFactor.login.enroll(token, { account, resume: profile.token }, context)
    expect(crossed.uri).not.toBe(profile.uri)
    expect((await twoFactor.status('alice')).enabled).toBe(false)
  })

  it('R34: gives a challenge that answers nothing else', async () => {
    const { twoFactor, token, context } = await begun()
    const answer = { method: 'totp', code: '123456' }
    await expectRefusal(twoFactor.login.verify(token, answer, context), 'challenge_expired')
    await expectRefusal(twoFactor.stepUp.verify('alice', token, answer, context), 'challenge_expired')
    await expectRefusal(twoFactor.stepUp.redeem(token, 'alice', 'pay', context), 'proof_required')
  })

  it('R30: ends when a factor is enrolled elsewhere in the meantime', async () => {
    const { twoFactor, token, context, clock } = await begun()
    const pending = await twoFactor.login.enroll(token, { account }, context)
    const profile = await twoFactor.totp.enroll('alice', { account }, context)
    await twoFactor.totp.confirm(
      'alice',
      profile.token,
      { code: virtualAuthenticator(profile.uri, clock).code() },
      context,
    )
    const code = virtualAuthenticator(pending.uri, clock).code()
    await expectRefusal(twoFactor.login.confirm(pending.token, { code }, context), 'enrollment_expired')
  })

  it('R14: counts wrong first codes, and locks', async () => {
    const { twoFactor, token, context, clock } = await begun()
    const pending = await twoFactor.login.enroll(token, { account }, context)
    const wrong = { code: wrongCodeFor(pending.uri, clock()) }
    for (let guess = 0; guess < 5; guess++)
      await expectRefusal(twoFactor.login.confirm(pending.token, wrong, context), 'invalid_code')
    await expectRefusal(twoFactor.login.confirm(pending.token, wrong, context), 'locked')
    await expectRefusal(twoFactor.login.enroll(token, { account }, context), 'locked')
    clock.advance(day)
    await expectRefusal(twoFactor.login.confirm(pending.token, wrong, context), 'enrollment_expired')
  })

  it('R7: ends a lock of first codes within a day of the next one where the clock had been years ahead', async () => {
    const { twoFactor, context, clock } = makeApplication()
    clock.advance(3650 * day)
    const early = await twoFactor.totp.enroll('alice', { account }, context)
    const wrong = { code: wrongCodeFor(early.uri, clock()) }
    for (let guess = 0; guess < 5; guess++)
      await expectRefusal(twoFactor.totp.confirm('alice', early.token, wrong, context), 'invalid_code')
    clock.advance(-3650 * day)
    const pending = await twoFactor.totp.enroll('alice', { account }, context)
    const code = () => ({ code: virtualAuthenticator(pending.uri, clock).code() })
    await expectRefusal(twoFactor.totp.confirm('alice', pending.token, code(), context), 'locked')
    await expectRefusal(twoFactor.totp.enroll('alice', { account }, context), 'locked')
    clock.advance(day)
    const anew = await twoFactor.totp.enroll('alice', { account }, context)
    const right = { code: virtualAuthenticator(anew.uri, clock).code() }
    expect((await twoFactor.totp.confirm('alice', anew.token, right, context)).recoveryCodes).toHaveLength(10)
  })

  it('asks for the binding before the first day of enforcement', async () => {
    const required = { from: new Date('2030-01-01'), graceDays: 0 }
    const { twoFactor } = makeApplication({ policy: { required, firstEnrollment: 'password' } })
    expect(await errorOf(twoFactor.login.begin('alice'))).toMatchObject({ kind: 'usage' })
  })
})

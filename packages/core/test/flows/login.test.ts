import { createTwoFactor, type Gate, type Policy } from '@sallyport/core'
import { virtualAuthenticator } from '@sallyport/core/testing'
import { describe, expect, it } from 'vitest'
import { day, errorOf, expectRefusal, makeApplication, minute, refusalOf, start, tally } from '../support/harness.js'

const tomorrow = new Date(start.getTime() + day)

/** How the gate answers, and why. */
function answerOf(gate: Gate): string {
  return gate.outcome === 'passed' ? gate.passed.because : gate.outcome
}

describe('login.begin', () => {
  const table: [string, Policy, object, string][] = [
    ['nothing is required', {}, {}, 'not_required'],
    ['it is required of all', { required: true }, {}, 'enroll'],
    ['it is required of all but this subject', { required: true }, { required: false }, 'not_required'],
    ['it is required of this subject', {}, { required: true }, 'enroll'],
    ['the subject is not eligible', { required: true }, { eligible: false }, 'not_eligible'],
    ['it is required from tomorrow', { required: tomorrow }, {}, 'not_required_yet'],
    ['it has been required since this moment', { required: start }, {}, 'enroll'],
    ['grace runs', { required: { from: start, graceDays: 1 } }, {}, 'not_required_yet'],
    ['grace is over', { required: { from: start, graceDays: 0 } }, {}, 'enroll'],
    [
      'grace runs from the creation of the account',
      { required: { from: new Date(0), graceDays: 2 } },
      { createdAt: start },
      'not_required_yet',
    ],
  ]
  it.each(table)('answers a subject without factors where %s', async (_when, policy, given, expected) => {
    const { twoFactor } = makeApplication({ policy: { firstEnrollment: 'password', ...policy } })
    expect(answerOf(await twoFactor.login.begin('alice', { binding: 'session-1', ...given }))).toBe(expected)
  })

  it('says until when a factor is due', async () => {
    const { twoFactor, context } = makeApplication({ policy: { required: tomorrow, firstEnrollment: 'password' } })
    const gate = await twoFactor.login.begin('alice', context)
    expect(gate).toMatchObject({ outcome: 'passed', passed: { enrollBy: tomorrow, amr: [], method: null } })
  })

  it('refuses a subject without factors where the policy says so', async () => {
    const policy: Policy = { required: true, unenrolled: 'deny', firstEnrollment: 'password' }
    const { twoFactor } = makeApplication({ policy })
    await expectRefusal(twoFactor.login.begin('alice'), 'not_enrolled')
  })

  it('R51: never takes an enrolled subject for ineligible or exempt', async () => {
    const { twoFactor, enroll, context } = makeApplication()
    await enroll('alice')
    for (const given of [{ eligible: false }, { required: false }, { eligible: false, createdAt: tomorrow }]) {
      expect(answerOf(await twoFactor.login.begin('alice', { ...context, ...given }))).toBe('challenge')
    }
  })

  it('takes one read, and no write', async () => {
    const { twoFactor, enroll, calls, context } = makeApplication()
    await enroll('alice')
    await twoFactor.login.begin('alice', context)
    await twoFactor.login.begin('bob', context)
    expect(calls).toEqual({ get: 2, put: 0, delete: 0 })
  })
})

describe('login.verify', () => {
  it('passes with a code of the authenticator, by one read and one conditional write', async () => {
    const { twoFactor, enroll, calls, reset, context, challenge, events } = makeApplication()
    const alice = await enroll('alice')
    const token = await challenge('alice')
    reset()
    const passed = await twoFactor.login.verify(token, { method: 'totp', code: alice.code() }, context)
    expect(calls).toEqual({ get: 1, put: 1, delete: 0 })
    expect(passed).toEqual({
      subject: 'alice',
      because: 'verified',
      method: 'totp',
      amr: ['otp', 'mfa'],
      enrollBy: null,
      recoveryCodesLeft: 10,
      warnings: [],
      trustedDevice: null,
    })
    expect(events).toEqual([
      { type: 'verified', subject: 'alice', at: expect.any(Date), method: 'totp', purpose: 'login' },
    ])
  })

  it('R3: takes the code of one step before and after, and no other', async () => {
    const { twoFactor, enroll, context, challenge, clock } = makeApplication()
    const alice = await enroll('alice')
    const codeAt = (steps: number) => virtualAuthenticator(alice.uri, () => clock() + steps * 30_000).code()
    const verify = async (steps: number) =>
      twoFactor.login.verify(await challenge('alice'), { method: 'totp', code: codeAt(steps) }, context)
    clock.advance(10 * minute)
    await expectRefusal(verify(2), 'invalid_code')
    await expectRefusal(verify(-2), 'invalid_code')
    expect((await verify(-1)).because).toBe('verified')
    expect((await verify(0)).because).toBe('verified')
    expect((await verify(1)).because).toBe('verified')
  })

  it('R4: refuses a code at every later second of its window, also after a later code', async () => {
    const { twoFactor, enroll, context, challenge, clock } = makeApplication()
    const alice = await enroll('alice')
    const code = alice.code()
    const verify = async (given: string) =>
      twoFactor.login.verify(await challenge('alice'), { method: 'totp', code: given }, context)
    await verify(code)
    await expectRefusal(verify(code), 'invalid_code')
    clock.advance(30_000)
    await expectRefusal(verify(code), 'invalid_code')
    await verify(alice.code())
    await expectRefusal(verify(code), 'invalid_code')
    clock.advance(30_000)
    await expectRefusal(verify(code), 'invalid_code')
  })

  it.each([16, 50])('R4: takes one code once in %i parallel logins', async contenders => {
    const { twoFactor, enroll, context, challenge } = makeApplication()
    const alice = await enroll('alice')
    const challenges = await Promise.all(Array.from({ length: contenders }, () => challenge('alice')))
    const code = alice.code()
    const counts = await tally(
      challenges.map(token => twoFactor.login.verify(token, { method: 'totp', code }, context)),
    )
    expect(counts['ok']).toBe(1)
    expect(counts['outcome_unknown'] ?? 0).toBe(0)
  })

  it('R4: takes one code once in parallel over every verb that takes one', async () => {
    const { twoFactor, enroll, context, challenge } = makeApplication()
    const alice = await enroll('alice')
    const login = await challenge('alice')
    const stepUp = await twoFactor.stepUp.begin('alice', 'pay', context)
    const answer = { method: 'totp', code: alice.code() }
    const counts = await tally([
      twoFactor.login.verify(login, answer, context),
      twoFactor.stepUp.verify('alice', stepUp.challenge, answer, context),
      twoFactor.totp.enroll('alice', { account: 'alice', proof: answer }, context),
      twoFactor.recoveryCodes.regenerate('alice', answer, context),
      twoFactor.disable('alice', answer, context),
    ])
    expect(counts['ok']).toBe(1)
  })

  it('R6: takes the same step by other spellings for the same code', async () => {
    const { twoFactor, enroll, context, challenge } = makeApplication()
    const alice = await enroll('alice')
    const code = alice.code()
    const spellings = [
      ` ${code}`,
      `${code.slice(0, 3)} ${code.slice(3)}`,
      `${code.slice(0, 3)}-${code.slice(3)} `,
      code,
    ]
    const verify = async (given: string) =>
      twoFactor.login.verify(await challenge('alice'), { method: 'totp', code: given }, context)
    expect((await verify(spellings[0] ?? '')).because).toBe('verified')
    for (const spelling of spellings) await expectRefusal(verify(spelling), 'invalid_code')
  })

  it('R6: counts a code of another length as a wrong one, and one of full-width digits as none', async () => {
    const { twoFactor, enroll, context, challenge, events } = makeApplication()
    const alice = await enroll('alice')
    const code = alice.code()
    const verify = async (given: string) =>
      twoFactor.login.verify(await challenge('alice'), { method: 'totp', code: given }, context)
    await expectRefusal(verify(`${code}0`), 'invalid_code')
    expect(events.map(event => event.type)).toEqual(['failed'])
    const fullWidth = [...code].map(digit => String.fromCharCode(digit.charCodeAt(0) + 0xfee0)).join('')
    await expectRefusal(verify(fullWidth), 'invalid_code')
    expect(events).toHaveLength(1)
    expect((await verify(code)).because).toBe('verified')
  })

  it('R7: refuses, and does not throw, when the clock steps back', async () => {
    const { twoFactor, enroll, context, challenge, clock } = makeApplication()
    const alice = await enroll('alice')
    await twoFactor.login.verify(await challenge('alice'), { method: 'totp', code: alice.code() }, context)
    clock.advance(-30 * day)
    const code = virtualAuthenticator(alice.uri, clock).code()
    await expectRefusal(
      twoFactor.login.verify(await challenge('alice'), { method: 'totp', code }, context),
      'invalid_code',
    )
  })

  it('R34: takes a challenge once, whatever answers it', async () => {
    const { twoFactor, enroll, context, challenge, clock } = makeApplication()
    const alice = await enroll('alice')
    const token = await challenge('alice')
    await twoFactor.login.verify(token, { method: 'totp', code: alice.code() }, context)
    clock.advance(minute)
    const second = { method: 'totp', code: alice.code() }
    await expectRefusal(twoFactor.login.verify(token, second, context), 'challenge_expired')
    const recovery = { method: 'recovery_code', code: alice.recoveryCodes[0] }
    await expectRefusal(twoFactor.login.verify(token, recovery, context), 'challenge_expired')
  })

  it('R34: takes a double click on one challenge as one login, and counts no failure', async () => {
    const { twoFactor, enroll, context, challenge, events } = makeApplication()
    const alice = await enroll('alice')
    const token = await challenge('alice')
    const code = alice.code()
    const click = () => twoFactor.login.verify(token, { method: 'totp', code }, context)
    expect(await tally([click(), click()])).toEqual({ ok: 1, challenge_expired: 1 })
    expect(events.map(event => event.type)).toEqual(['verified'])
  })

  it('R34: refuses a challenge after ten minutes, in another session, or forged, without touching the store', async () => {
    const { twoFactor, enroll, context, challenge, clock, calls, reset } = makeApplication()
    const alice = await enroll('alice')
    const token = await challenge('alice')
    const unbound = await challenge('alice', {})
    const answer = { method: 'totp', code: alice.code() }
    reset()
    await expectRefusal(twoFactor.login.verify(token, answer, { binding: 'session-2' }), 'challenge_expired')
    await expectRefusal(twoFactor.login.verify(token, answer), 'challenge_expired')
    await expectRefusal(twoFactor.login.verify(unbound, answer, context), 'challenge_expired')
    await expectRefusal(twoFactor.login.verify(`${token}A`, answer, context), 'challenge_expired')
    clock.advance(10 * minute)
    await expectRefusal(
      twoFactor.login.verify(token, { method: 'totp', code: alice.code() }, context),
      'challenge_expired',
    )
    expect(calls).toEqual({ get: 0, put: 0, delete: 0 })
  })

  it('R55: refuses a challenge begun under another password', async () => {
    const { twoFactor, enroll, challenge } = makeApplication()
    const alice = await enroll('alice')
    const token = await challenge('alice', { binding: 'b', credential: 'password-1' })
    const answer = { method: 'totp', code: alice.code() }
    const changed = { binding: 'b', credential: 'password-2' }
    await expectRefusal(twoFactor.login.verify(token, answer, changed), 'challenge_expired')
    await expectRefusal(twoFactor.login.verify(token, answer, { binding: 'b' }), 'challenge_expired')
    const same = { binding: 'b', credential: 'password-1' }
    expect((await twoFactor.login.verify(token, answer, same)).because).toBe('verified')
  })

  it('R32: passes the subject that the challenge was made for, and takes no code of another', async () => {
    const { twoFactor, enroll, context, challenge } = makeApplication()
    const alice = await enroll('alice')
    const bob = await enroll('bob')
    const token = await challenge('alice')
    await expectRefusal(twoFactor.login.verify(token, { method: 'totp', code: bob.code() }, context), 'invalid_code')
    const recovery = { method: 'recovery_code', code: bob.recoveryCodes[0] }
    await expectRefusal(twoFactor.login.verify(token, recovery, context), 'invalid_code')
    const passed = await twoFactor.login.verify(token, { method: 'totp', code: alice.code() }, context)
    expect(passed.subject).toBe('alice')
  })

  it('asks a function for the context of the subject sealed in the challenge, once', async () => {
    const { twoFactor, enroll, context, challenge } = makeApplication()
    const alice = await enroll('alice')
    const asked: string[] = []
    const contextOf = async (subject: string) => {
      asked.push(subject)
      return context
    }
    const token = await challenge('alice')
    await twoFactor.login.verify(token, { method: 'totp', code: alice.code() }, contextOf)
    expect(asked).toEqual(['alice'])
    await expectRefusal(
      twoFactor.login.verify('forged', { method: 'totp', code: '123456' }, contextOf),
      'challenge_expired',
    )
    expect(asked).toEqual(['alice'])
  })

  it('R51: lets nobody in where the context throws, hangs or is none', async () => {
    const { twoFactor, enroll, challenge, calls, reset } = makeApplication({ deadline: { callback: 20 } })
    const alice = await enroll('alice')
    const token = await challenge('alice')
    reset()
    const answer = { method: 'totp', code: alice.code() }
    const fault = new Error('no such user')
    await expect(twoFactor.login.verify(token, answer, () => Promise.reject(fault))).rejects.toBe(fault)
    const hung = twoFactor.login.verify(token, answer, () => new Promise(() => {}))
    expect(await errorOf(hung)).toMatchObject({ kind: 'usage', code: 'callback_timeout' })
    const none = twoFactor.login.verify(token, answer, () => null as never)
    expect(await errorOf(none)).toMatchObject({ kind: 'usage', message: 'context must be a plain object' })
    expect(calls).toEqual({ get: 0, put: 0, delete: 0 })
  })

  it('R38: tells wrong, replayed and used codes by one refusal, and does the same work', async () => {
    const { twoFactor, enroll, context, challenge, calls, reset } = makeApplication()
    const alice = await enroll('alice')
    const used = alice.code()
    await twoFactor.login.verify(await challenge('alice'), { method: 'totp', code: used }, context)
    const [usedRecovery = '', leftRecovery = ''] = alice.recoveryCodes
    await twoFactor.login.verify(await challenge('alice'), { method: 'recovery_code', code: usedRecovery }, context)
    const wrongRecovery = leftRecovery.replace(/.$/, last => (last === '0' ? '1' : '0'))
    const outcome = async (method: string, code: string) => {
      const token = await challenge('alice')
      reset()
      const {
        message,
        retryAfter,
        field,
        code: refusal,
      } = await refusalOf(twoFactor.login.verify(token, { method, code }, context))
      return { refusal, message, retryAfter, field, ...calls }
    }
    expect(await outcome('totp', used)).toEqual(await outcome('totp', alice.wrongCode()))
    expect(await outcome('recovery_code', usedRecovery)).toEqual(await outcome('recovery_code', wrongRecovery))
  })

  it('R37: tells the application of failures, replays and locks after a right password', async () => {
    const { twoFactor, enroll, context, challenge, events } = makeApplication()
    const alice = await enroll('alice')
    const code = alice.code()
    const verify = async (given: string) =>
      twoFactor.login.verify(await challenge('alice'), { method: 'totp', code: given }, context)
    await verify(code)
    await expectRefusal(verify(code), 'invalid_code')
    expect(events.map(event => event.type)).toEqual(['verified', 'failed', 'replay_detected'])
    for (let guess = 0; guess < 4; guess++) await expectRefusal(verify(alice.wrongCode()), 'invalid_code')
    expect(events.slice(-2).map(event => event.type)).toEqual(['failed', 'locked'])
  })

  it('R15: counts guesses and remembers codes across a restart', async () => {
    const { twoFactor, enroll, context, challenge, settings } = makeApplication()
    const alice = await enroll('alice')
    const code = alice.code()
    await twoFactor.login.verify(await challenge('alice'), { method: 'totp', code }, context)
    const token = await challenge('alice')
    for (let guess = 0; guess < 4; guess++) {
      const restarted = createTwoFactor(settings)
      await expectRefusal(
        restarted.login.verify(token, { method: 'totp', code: alice.wrongCode() }, context),
        'invalid_code',
      )
    }
    await expectRefusal(
      createTwoFactor(settings).login.verify(token, { method: 'totp', code }, context),
      'invalid_code',
    )
    await expectRefusal(createTwoFactor(settings).login.verify(token, { method: 'totp', code }, context), 'locked')
  })
})

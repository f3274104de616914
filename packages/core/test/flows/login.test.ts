import { describe, expect, it } from 'vitest'
import { expectRefusal, makeApplication, minute, tally } from '../support/harness.js'

describe('login', () => {
  it('lets a subject without factors pass where nothing is required', async () => {
    const { twoFactor } = makeApplication()
    const gate = await twoFactor.login.begin('alice')
    expect(gate).toEqual({
      outcome: 'passed',
      passed: {
        subject: 'alice',
        because: 'not_required',
        method: null,
        amr: [],
        enrollBy: null,
        recoveryCodesLeft: null,
        warnings: [],
      },
    })
  })

  it('challenges an enrolled subject and passes it with a code', async () => {
    const { twoFactor, enroll, context } = makeApplication()
    const alice = await enroll('alice')
    const gate = await twoFactor.login.begin('alice', context)
    expect(gate).toMatchObject({
      outcome: 'challenge',
      methods: [
        { method: 'totp', hint: null },
        { method: 'recovery_code', hint: null },
      ],
    })
    if (gate.outcome !== 'challenge') return
    const passed = await twoFactor.login.verify(gate.challenge, { method: 'totp', code: alice.code() }, context)
    expect(passed).toEqual({
      subject: 'alice',
      because: 'verified',
      method: 'totp',
      amr: ['otp', 'mfa'],
      enrollBy: null,
      recoveryCodesLeft: 10,
      warnings: [],
    })
  })

  it('takes one read to begin, and one read and one conditional write to verify', async () => {
    const { twoFactor, enroll, calls, reset, context, challenge } = makeApplication()
    const alice = await enroll('alice')
    const token = await challenge('alice')
    expect(calls).toEqual({ get: 1, put: 0, delete: 0 })
    reset()
    await twoFactor.login.verify(token, { method: 'totp', code: alice.code() }, context)
    expect(calls).toEqual({ get: 1, put: 1, delete: 0 })
  })

  it('R4: takes one code once in 16 parallel logins', async () => {
    const { twoFactor, enroll, context, challenge, clock } = makeApplication()
    const alice = await enroll('alice')
    clock.advance(minute)
    const challenges = await Promise.all(Array.from({ length: 16 }, () => challenge('alice')))
    const code = alice.code()
    const counts = await tally(
      challenges.map(token => twoFactor.login.verify(token, { method: 'totp', code }, context)),
    )
    expect(counts['ok']).toBe(1)
    expect(counts['outcome_unknown'] ?? 0).toBe(0)
    await expectRefusal(twoFactor.login.verify(await challenge('alice'), { method: 'totp', code }, context), 'locked')
  })
})

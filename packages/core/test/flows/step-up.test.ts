import { describe, expect, it } from 'vitest'
import { errorOf, expectRefusal, makeApplication, minute, tally } from '../support/harness.js'

async function proven(purpose = 'pay') {
  const application = makeApplication()
  const alice = await application.enroll('alice')
  const { twoFactor, context, calls, reset } = application
  const begun = await twoFactor.stepUp.begin('alice', purpose, context)
  expect(calls).toEqual({ get: 1, put: 0, delete: 0 })
  reset()
  const verified = await twoFactor.stepUp.verify(
    'alice',
    begun.challenge,
    { method: 'totp', code: alice.code() },
    context,
  )
  expect(calls).toEqual({ get: 1, put: 1, delete: 0 })
  reset()
  return { ...application, alice, begun, ...verified }
}

describe('step-up', () => {
  it('gives a grant for five minutes, and takes it once, by one read and one write', async () => {
    const { twoFactor, context, grant, method, amr, clock, calls } = await proven()
    expect({ method, amr }).toEqual({ method: 'totp', amr: ['otp', 'mfa'] })
    expect(grant.expiresAt).toEqual(new Date(clock() + 5 * minute))
    await twoFactor.stepUp.redeem(grant.token, 'alice', 'pay', context)
    expect(calls).toEqual({ get: 1, put: 1, delete: 0 })
    await expectRefusal(twoFactor.stepUp.redeem(grant.token, 'alice', 'pay', context), 'proof_required')
  })

  it('R34: takes a grant once in 16 parallel uses', async () => {
    const { twoFactor, context, grant } = await proven()
    const uses = Array.from({ length: 16 }, () => twoFactor.stepUp.redeem(grant.token, 'alice', 'pay', context))
    expect(await tally(uses)).toEqual({ ok: 1, proof_required: 15 })
  })

  it('R52: takes a grant for its purpose, subject, session and time alone', async () => {
    const { twoFactor, context, grant, clock, calls, enroll, reset } = await proven()
    await enroll('mallory')
    clock.advance(-minute)
    reset()
    await expectRefusal(twoFactor.stepUp.redeem(grant.token, 'alice', 'delete', context), 'proof_required')
    await expectRefusal(twoFactor.stepUp.redeem(grant.token, 'mallory', 'pay', context), 'proof_required')
    await expectRefusal(twoFactor.stepUp.redeem(grant.token, 'alice', 'pay', { binding: 'other' }), 'proof_required')
    await expectRefusal(twoFactor.stepUp.redeem(grant.token, 'alice', 'pay'), 'proof_required')
    const changed = { ...context, credential: 'password-2' }
    await expectRefusal(twoFactor.stepUp.redeem(grant.token, 'alice', 'pay', changed), 'proof_required')
    const proof = { grant: grant.token }
    await expectRefusal(twoFactor.disable('alice', proof, context), 'proof_required')
    clock.advance(5 * minute)
    await expectRefusal(twoFactor.stepUp.redeem(grant.token, 'alice', 'pay', context), 'proof_required')
    expect(calls).toEqual({ get: 0, put: 0, delete: 0 })
  })

  it('R34: answers a step-up challenge once, and a login challenge never', async () => {
    const { twoFactor, context, alice, begun, challenge, clock } = await proven()
    clock.advance(minute)
    const answer = { method: 'totp', code: alice.code() }
    await expectRefusal(twoFactor.stepUp.verify('alice', begun.challenge, answer, context), 'challenge_expired')
    await expectRefusal(
      twoFactor.stepUp.verify('alice', await challenge('alice'), answer, context),
      'challenge_expired',
    )
    const fresh = await twoFactor.stepUp.begin('alice', 'pay', context)
    await expectRefusal(twoFactor.login.verify(fresh.challenge, answer, context), 'challenge_expired')
    await expectRefusal(twoFactor.login.enroll(fresh.challenge, { account: 'alice' }, context), 'challenge_expired')
    await expectRefusal(twoFactor.stepUp.verify('mallory', fresh.challenge, answer, context), 'challenge_expired')
    const other = { binding: 'other' }
    await expectRefusal(twoFactor.stepUp.verify('alice', fresh.challenge, answer, other), 'challenge_expired')
  })

  it('names what was wrong where the purpose is none, or not for redeeming', async () => {
    const { twoFactor, context, grant } = await proven('factors')
    for (const purpose of ['', 'a'.repeat(65), 'a\nb', 7, null, 'login', 'enrollment']) {
      expect(await errorOf(twoFactor.stepUp.begin('alice', purpose as string, context))).toMatchObject({
        kind: 'usage',
        message: expect.stringContaining('purpose'),
      })
    }
    const redeem = twoFactor.stepUp.redeem(grant.token, 'alice', 'factors', context)
    expect(await errorOf(redeem)).toMatchObject({ kind: 'usage', message: expect.stringContaining('purpose') })
  })
})

import { createTwoFactor } from '@sallyport/core'
import { virtualAuthenticator } from '@sallyport/core/testing'
import { describe, expect, it } from 'vitest'
import {
  type Application,
  day,
  expectRefusal,
  hour,
  makeApplication,
  minute,
  refusalOf,
  tally,
  wrongCodeFor,
} from '../support/harness.js'

/** Fails so often in a row that the method is locked, waits the lock out, and so on. */
async function failRow(application: Application, code: () => string, failures: number) {
  const { twoFactor, challenge, context, clock } = application
  for (let count = 0; count < failures; count++) {
    const refused = await refusalOf(
      twoFactor.login.verify(await challenge('alice'), { method: 'totp', code: code() }, context),
    )
    expect(refused.code).toBe('invalid_code')
    if (refused.retryAfter !== null && count < failures - 1) clock.advance(refused.retryAfter * 1000)
  }
}

describe('budgets', () => {
  it.each([16, 50])('R10: answers five of %i parallel wrong guesses, and no more', async contenders => {
    const { twoFactor, enroll, context, challenge, events } = makeApplication()
    const alice = await enroll('alice')
    const code = alice.wrongCode()
    const challenges = await Promise.all(Array.from({ length: contenders }, () => challenge('alice')))
    const counts = await tally(
      challenges.map(token => twoFactor.login.verify(token, { method: 'totp', code }, context)),
    )
    expect(counts['invalid_code']).toBe(5)
    expect((counts['invalid_code'] ?? 0) + (counts['locked'] ?? 0) + (counts['busy'] ?? 0)).toBe(contenders)
    expect(events.filter(event => event.type === 'failed')).toHaveLength(5)
    await expectRefusal(
      twoFactor.login.verify(challenges[0], { method: 'totp', code: alice.code() }, context),
      'locked',
    )
  })

  it('R11: counts over 100 challenges with one guess each', async () => {
    const { twoFactor, enroll, challenge, context } = makeApplication()
    const alice = await enroll('alice')
    let answered = 0
    for (let login = 0; login < 100; login++) {
      const token = await challenge('alice', { binding: `browser-${login}` })
      const guess = { method: 'totp', code: alice.wrongCode() }
      const refused = await refusalOf(twoFactor.login.verify(token, guess, { binding: `browser-${login}` }))
      if (refused.code === 'invalid_code') answered++
    }
    expect(answered).toBe(5)
    expect(await twoFactor.login.begin('alice', context)).toMatchObject({ methods: [{ method: 'recovery_code' }] })
  })

  it('R13: locks for 15 minutes, then twice as long each time, up to a day', async () => {
    const application = makeApplication()
    const { twoFactor, enroll, challenge, context, clock } = application
    const alice = await enroll('alice')
    const lengths: number[] = []
    for (let lock = 0; lock < 9; lock++) {
      await failRow(application, alice.wrongCode, 5)
      const guess = { method: 'totp', code: alice.wrongCode() }
      const { code, retryAfter } = await refusalOf(twoFactor.login.verify(await challenge('alice'), guess, context))
      expect(code).toBe('locked')
      lengths.push((retryAfter ?? 0) / 60)
      clock.advance((retryAfter ?? 0) * 1000)
    }
    // The last one has fallen a rung: a day's lock is a day without failure.
    expect(lengths).toEqual([15, 30, 60, 120, 240, 480, 960, 1440, 960])
  })

  it('R13: suspends after 100 failures in a row, and keeps the count when it is lifted', async () => {
    const application = makeApplication()
    const { twoFactor, enroll, challenge, context, events, clock } = application
    const alice = await enroll('alice')
    await failRow(application, alice.wrongCode, 100)
    expect(events.filter(event => event.type === 'suspended')).toHaveLength(1)
    clock.advance(30 * day)
    const totp = async () => ({ method: 'totp', code: alice.code() })
    await expectRefusal(twoFactor.login.verify(await challenge('alice'), await totp(), context), 'suspended')
    await twoFactor.operator.unlock('alice', { by: 'support', reason: 'called' })
    await failRow(application, alice.wrongCode, 1)
    await expectRefusal(twoFactor.login.verify(await challenge('alice'), await totp(), context), 'suspended')
    const recovery = { method: 'recovery_code', code: alice.recoveryCodes[0] }
    await twoFactor.login.verify(await challenge('alice'), recovery, context)
    clock.advance(minute)
    await twoFactor.login.verify(await challenge('alice'), await totp(), context)
    await failRow(application, alice.wrongCode, 4)
    clock.advance(minute)
    expect((await twoFactor.login.verify(await challenge('alice'), await totp(), context)).because).toBe('verified')
  })

  it('R14: counts in one budget the guesses at login, at step-up and in every proof', async () => {
    const { twoFactor, enroll, challenge, context } = makeApplication()
    const alice = await enroll('alice')
    const wrong = { method: 'totp', code: alice.wrongCode() }
    const stepUp = await twoFactor.stepUp.begin('alice', 'pay', context)
    const enroll2 = () => twoFactor.totp.enroll('alice', { account: 'alice', proof: wrong }, context)
    await expectRefusal(twoFactor.login.verify(await challenge('alice'), wrong, context), 'invalid_code')
    await expectRefusal(twoFactor.stepUp.verify('alice', stepUp.challenge, wrong, context), 'invalid_code')
    await expectRefusal(enroll2(), 'invalid_code')
    await expectRefusal(twoFactor.recoveryCodes.regenerate('alice', wrong, context), 'invalid_code')
    const last = await expectRefusal(twoFactor.disable('alice', wrong, context), 'invalid_code')
    expect(last.retryAfter).toBe(15 * 60)
    await expectRefusal(twoFactor.totp.remove('alice', alice.id, wrong, context), 'would_lock_out')
    await expectRefusal(twoFactor.disable('alice', wrong, context), 'locked')
    await expectRefusal(twoFactor.login.verify(await challenge('alice'), wrong, context), 'locked')
    await expectRefusal(twoFactor.stepUp.verify('alice', stepUp.challenge, wrong, context), 'locked')
    await expectRefusal(enroll2(), 'locked')
  })

  it('R14: counts the guesses at the first enrolment, also of a subject without a record', async () => {
    const { twoFactor, context, clock, calls, reset } = makeApplication()
    const pending = await twoFactor.totp.enroll('alice', { account: 'alice' }, context)
    const wrong = { code: wrongCodeFor(pending.uri, clock()) }
    reset()
    for (let guess = 0; guess < 5; guess++) {
      await expectRefusal(twoFactor.totp.confirm('alice', pending.token, wrong, context), 'invalid_code')
    }
    expect(calls).toEqual({ get: 5, put: 5, delete: 0 })
    await expectRefusal(twoFactor.totp.confirm('alice', pending.token, wrong, context), 'locked')
    await expectRefusal(twoFactor.totp.enroll('alice', { account: 'alice' }, context), 'locked')
  })

  it('R12: gives no new budget with a new challenge, a new enrolment, or a resumed one', async () => {
    const application = makeApplication()
    const { twoFactor, enroll, context, challenge } = application
    const alice = await enroll('alice')
    await failRow(application, alice.wrongCode, 4)
    const proof = { method: 'recovery_code', code: alice.recoveryCodes[0] }
    const pending = await twoFactor.totp.enroll('alice', { account: 'alice', proof }, context)
    await twoFactor.totp.enroll('alice', { account: 'alice', resume: pending.token }, context)
    const guess = { method: 'totp', code: alice.wrongCode() }
    const refused = await refusalOf(twoFactor.login.verify(await challenge('alice'), guess, context))
    expect(refused.retryAfter).toBe(15 * 60)
  })

  it('R12: keeps the count of the factors on record when another authenticator is confirmed', async () => {
    const application = makeApplication()
    const { twoFactor, enroll, context, challenge, clock } = application
    const alice = await enroll('alice')
    await failRow(application, alice.wrongCode, 4)
    const proof = { method: 'recovery_code', code: alice.recoveryCodes[0] }
    const pending = await twoFactor.totp.enroll('alice', { account: 'alice', proof }, context)
    const code = virtualAuthenticator(pending.uri, clock).code()
    await twoFactor.totp.confirm('alice', pending.token, { code }, context)
    const guess = { method: 'totp', code: alice.wrongCode() }
    const refused = await refusalOf(twoFactor.login.verify(await challenge('alice'), guess, context))
    expect(refused.retryAfter).toBe(15 * 60)
  })

  it('R49: lets the owner replace a lost phone with a recovery code while somebody else keeps the login locked', async () => {
    const application = makeApplication()
    const { twoFactor, enroll, context, challenge, clock } = application
    const alice = await enroll('alice')
    await failRow(application, alice.wrongCode, 5)
    const proof = { method: 'recovery_code', code: alice.recoveryCodes[0] }
    const pending = await twoFactor.totp.enroll('alice', { account: 'alice', proof, replaces: alice.id }, context)
    const device = virtualAuthenticator(pending.uri, clock)
    await twoFactor.totp.confirm('alice', pending.token, { code: device.code() }, context)
    const guess = { method: 'totp', code: device.code() }
    await expectRefusal(twoFactor.login.verify(await challenge('alice'), guess, context), 'locked')
    clock.advance(15 * minute)
    const answer = { method: 'totp', code: device.code() }
    expect((await twoFactor.login.verify(await challenge('alice'), answer, context)).because).toBe('verified')
  })

  it('R7: ends a lock within a day of the next answer where the clock had been years ahead', async () => {
    const application = makeApplication()
    const { twoFactor, enroll, context, challenge, clock } = application
    const alice = await enroll('alice')
    const codes = alice.recoveryCodes
    for (const code of codes)
      await twoFactor.login.verify(await challenge('alice'), { method: 'recovery_code', code }, context)
    clock.advance(3650 * day)
    await failRow(application, alice.wrongCode, 5)
    clock.advance(-3650 * day)
    const answer = async () => ({ method: 'totp', code: alice.code() })
    clock.advance(minute)
    const refused = await refusalOf(twoFactor.login.verify(await challenge('alice'), await answer(), context))
    expect(refused).toMatchObject({ code: 'locked', retryAfter: 24 * 60 * 60 })
    clock.advance(hour)
    await expectRefusal(twoFactor.login.begin('alice', context), 'locked')
    clock.advance(23 * hour)
    expect((await twoFactor.login.verify(await challenge('alice'), await answer(), context)).because).toBe('verified')
  })

  it.each([24.2, 25, 49, 240])(
    'R10: gives no more guesses to who goes between servers whose clocks are %i hours apart',
    async skew => {
      const application = makeApplication()
      const { twoFactor, enroll, context, challenge, clock, settings, store } = application
      const alice = await enroll('alice')
      const ahead = createTwoFactor({ ...settings, store, clock: () => clock() + skew * hour })
      const guess = { method: 'totp', code: wrongCodeFor(alice.uri, clock(), clock() + skew * hour) }
      let answered = 0
      for (let round = 0; round < 40; round++) {
        const gate = await ahead.login.begin('alice', context)
        if (gate.outcome !== 'challenge') throw new Error(gate.outcome)
        const there = await refusalOf(ahead.login.verify(gate.challenge, guess, context))
        const here = await refusalOf(twoFactor.login.verify(await challenge('alice'), guess, context))
        answered += [there, here].filter(({ code }) => code === 'invalid_code').length
      }
      expect(answered).toBe(5)
    },
  )

  it('R3: takes codes of a smaller window where it was widened after many authenticators were enrolled', async () => {
    const { twoFactor, enroll, context, clock, settings, store } = makeApplication()
    const alice = await enroll('alice')
    for (let count = 1; count < 5; count++) {
      const proof = { method: 'recovery_code', code: alice.recoveryCodes[count] }
      const pending = await twoFactor.totp.enroll('alice', { account: 'alice', proof }, context)
      const code = virtualAuthenticator(pending.uri, clock).code()
      await twoFactor.totp.confirm('alice', pending.token, { code }, context)
    }
    const widened = createTwoFactor({ ...settings, store, totp: { window: 10 } })
    const verify = async (steps: number) => {
      const gate = await widened.login.begin('alice', context)
      if (gate.outcome !== 'challenge') throw new Error(gate.outcome)
      const code = virtualAuthenticator(alice.uri, () => clock() + steps * 30_000).code()
      return widened.login.verify(gate.challenge, { method: 'totp', code }, context)
    }
    clock.advance(hour)
    await expectRefusal(verify(2), 'invalid_code')
    await expectRefusal(verify(-2), 'invalid_code')
    expect((await verify(1)).because).toBe('verified')
  })

  it('R16: clears the count of the method that proved, but not its ladder of locks', async () => {
    const application = makeApplication()
    const { twoFactor, enroll, challenge, context, clock } = application
    const alice = await enroll('alice')
    await failRow(application, alice.wrongCode, 5)
    clock.advance(15 * minute)
    await twoFactor.login.verify(await challenge('alice'), { method: 'totp', code: alice.code() }, context)
    await failRow(application, alice.wrongCode, 4)
    const guess = { method: 'totp', code: alice.wrongCode() }
    const second = await refusalOf(twoFactor.login.verify(await challenge('alice'), guess, context))
    expect(second.retryAfter).toBe(30 * 60)
    clock.advance(2 * day + hour)
    await failRow(application, alice.wrongCode, 4)
    const late = { method: 'totp', code: alice.wrongCode() }
    const third = await refusalOf(twoFactor.login.verify(await challenge('alice'), late, context))
    expect(third.retryAfter).toBe(15 * 60)
  })

  it('R16: does not clear the count of totp when a recovery code proves', async () => {
    const application = makeApplication()
    const { twoFactor, enroll, challenge, context } = application
    const alice = await enroll('alice')
    await failRow(application, alice.wrongCode, 4)
    const recovery = { method: 'recovery_code', code: alice.recoveryCodes[0] }
    await twoFactor.login.verify(await challenge('alice'), recovery, context)
    const guess = { method: 'totp', code: alice.wrongCode() }
    const refused = await refusalOf(twoFactor.login.verify(await challenge('alice'), guess, context))
    expect(refused.retryAfter).toBe(15 * 60)
  })

  it('R17: spends no budget without a challenge that opens, for this session and password', async () => {
    const { twoFactor, enroll, challenge, context, events, calls, reset } = makeApplication()
    const alice = await enroll('alice')
    await enroll('mallory')
    const foreign = await challenge('mallory')
    const bound = await challenge('alice', { binding: 'alice-at-home' })
    reset()
    const guess = { method: 'totp', code: alice.wrongCode() }
    for (const token of ['', 'alice', undefined, { subject: 'alice' }, `${bound}x`, bound]) {
      await expectRefusal(twoFactor.login.verify(token, guess, context), 'challenge_expired')
    }
    expect(calls).toEqual({ get: 0, put: 0, delete: 0 })
    await expectRefusal(twoFactor.login.verify(foreign, guess, context), 'invalid_code')
    expect(events.map(event => event.subject)).toEqual(['mallory'])
  })

  it('R49: leaves recovery codes open whatever is guessed, and names the others as shut', async () => {
    const application = makeApplication()
    const { twoFactor, enroll, challenge, context, calls, reset, clock } = application
    const alice = await enroll('alice')
    await failRow(application, alice.wrongCode, 5)
    const token = await challenge('alice')
    reset()
    const wrong = { method: 'recovery_code', code: '0'.repeat(24) }
    for (let guess = 0; guess < 30; guess++)
      await expectRefusal(twoFactor.login.verify(token, wrong, context), 'invalid_code')
    expect(calls).toEqual({ get: 30, put: 0, delete: 0 })
    expect((await twoFactor.status('alice')).locks).toEqual([
      { method: 'totp', until: new Date(clock() + 15 * minute) },
    ])
    const right = { method: 'recovery_code', code: alice.recoveryCodes[9] }
    expect((await twoFactor.login.verify(token, right, context)).method).toBe('recovery_code')
  })

  it('refuses at begin with `locked`, and how long, where nothing is left to answer with', async () => {
    const application = makeApplication()
    const { twoFactor, enroll, challenge, context } = application
    const alice = await enroll('alice')
    for (const code of alice.recoveryCodes) {
      await twoFactor.login.verify(await challenge('alice'), { method: 'recovery_code', code }, context)
    }
    await failRow(application, alice.wrongCode, 5)
    const refused = await expectRefusal(twoFactor.login.begin('alice', context), 'locked')
    expect(refused.retryAfter).toBe(15 * 60)
    await expectRefusal(twoFactor.stepUp.begin('alice', 'pay', context), 'locked')
  })
})

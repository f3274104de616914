/** Codes by mail and SMS: sent, repeated, capped, and taken once. */
import { type Channel, createTwoFactor } from '@sallyport/core'
import { memoryChannel } from '@sallyport/core/testing'
import { describe, expect, it } from 'vitest'
import { day, expectRefusal, hour, makeApplication, minute, newKey, refusalOf, tally } from '../support/harness.js'

const second = 1000

/** An application with a mail channel that knows everybody's own address, and one for SMS. */
function withChannels(options: Parameters<typeof makeApplication>[0] = {}) {
  const email = memoryChannel('email', async subject => `${subject}@example.com`)
  const sms = memoryChannel('sms')
  const application = makeApplication({ channels: [email, sms], ...options })
  const { twoFactor, challenge, context } = application
  const codeOf = (channel: typeof email) => channel.sent.at(-1)?.code ?? ''

  /** A challenge, a code sent for it, and that code. */
  async function sendCode(subject: string, token?: string): Promise<{ token: string; code: string }> {
    const sentFor = token ?? (await challenge(subject))
    await twoFactor.sendCode(sentFor, 'email', context)
    return { token: sentFor, code: codeOf(email) }
  }
  const verify = (token: unknown, code: unknown, given: object = context) =>
    twoFactor.login.verify(token, { method: 'email', code }, given)

  /** A phone number as a second destination, proven by a recovery code. */
  async function addPhone(subject: string, number: string, recoveryCode: string | undefined) {
    const proof = { method: 'recovery_code', code: recoveryCode }
    const { enrollment } = await twoFactor.destinations.add(subject, 'sms', number, proof, context)
    return twoFactor.destinations.confirm(subject, enrollment, codeOf(sms), context)
  }
  return { ...application, email, sms, codeOf, sendCode, verify, addPhone }
}

/** A six-digit code that is another one. */
const otherThan = (code: string) => String((Number(code) + 1) % 1_000_000).padStart(6, '0')

describe('a code by mail instead of the authenticator', () => {
  it('S6: is offered where mail is configured, with a hint, and signs in', async () => {
    const { twoFactor, enroll, context, sendCode, verify, events } = withChannels()
    await enroll('alice')
    expect(await twoFactor.login.begin('alice', context)).toMatchObject({
      outcome: 'challenge',
      methods: [
        { method: 'totp', hint: null },
        { method: 'email', hint: 'a•••@example.com' },
        { method: 'recovery_code', hint: null },
      ],
    })
    const { token, code } = await sendCode('alice')
    expect(code).toMatch(/^\d{6}$/)
    expect(await verify(token, code)).toMatchObject({ because: 'verified', method: 'email', amr: ['email', 'mfa'] })
    expect(events.map(({ type }) => type)).toEqual(['code_sent', 'verified'])
  })

  it('S6: is not offered where it is not configured, nor by a channel that the record has no address for', async () => {
    const { enroll, settings, context } = withChannels()
    await enroll('alice')
    const without = createTwoFactor({ ...settings, channels: [] })
    const gate = await without.login.begin('alice', context)
    expect(gate).toMatchObject({ methods: [{ method: 'totp' }, { method: 'recovery_code' }] })
    const token = gate.outcome === 'challenge' ? gate.challenge : ''
    await expectRefusal(without.sendCode(token, 'email', context), 'method_unavailable')
    await expectRefusal(without.login.verify(token, { method: 'email', code: '123456' }, context), 'method_unavailable')
    await expectRefusal(createTwoFactor(settings).sendCode(token, 'sms', context), 'method_unavailable')
  })

  it('tells the channel what it is for, until when it is good, and whose request asked for it', async () => {
    const { enroll, challenge, twoFactor, context, email, clock } = withChannels()
    await enroll('alice')
    const request = { language: 'de' }
    await twoFactor.sendCode(await challenge('alice'), 'email', { ...context, request })
    expect(email.sent).toEqual([
      {
        to: 'alice@example.com',
        code: expect.stringMatching(/^\d{6}$/),
        purpose: 'login',
        subject: 'alice',
        issuer: 'Acme',
        expiresAt: new Date(clock() + 5 * minute),
        request,
      },
    ])
  })

  it('takes one read and one write for the subject, the same for the address, and then the delivery', async () => {
    const { enroll, challenge, twoFactor, context, calls, reset, email } = withChannels()
    await enroll('alice')
    const token = await challenge('alice')
    reset()
    await twoFactor.sendCode(token, 'email', context)
    expect(calls).toEqual({ get: 2, put: 2, delete: 0 })
    reset()
    await twoFactor.login.verify(token, { method: 'email', code: email.sent.at(-1)?.code }, context)
    expect(calls).toEqual({ get: 1, put: 1, delete: 0 })
  })

  it('S14: begin sends nothing, however often the page is refreshed', async () => {
    const { enroll, challenge, email } = withChannels()
    await enroll('alice')
    for (let refresh = 0; refresh < 5; refresh++) await challenge('alice')
    expect(email.sent).toEqual([])
  })
})

describe('a resend', () => {
  it('S14: repeats the code and extends its life, so that mails in the wrong order both work', async () => {
    const { enroll, sendCode, verify, clock, twoFactor, context } = withChannels()
    await enroll('alice')
    const { token, code } = await sendCode('alice')
    clock.advance(4 * minute)
    const again = await twoFactor.sendCode(token, 'email', context)
    expect(again).toMatchObject({ hint: 'a•••@example.com', sentAt: new Date(clock()) })
    expect(again.expiresAt).toEqual(new Date(clock() + 5 * minute))
    expect(again.resendAt).toEqual(new Date(clock() + minute))
    clock.advance(4 * minute)
    expect((await verify(token, code)).method).toBe('email')
  })

  it('R23: lives five minutes after the last, and ten in all', async () => {
    const { enroll, sendCode, verify, clock, twoFactor, context, challenge, email } = withChannels()
    await enroll('alice')
    const first = await sendCode('alice')
    clock.advance(5 * minute)
    await expectRefusal(verify(first.token, first.code), 'invalid_code')

    const second = await sendCode('alice')
    clock.advance(4 * minute)
    await twoFactor.sendCode(second.token, 'email', context)
    clock.advance(4 * minute)
    const last = await twoFactor.sendCode(second.token, 'email', context)
    expect(last.expiresAt).toEqual(new Date(clock() + 2 * minute))
    clock.advance(2 * minute)
    // The challenge ends with it; in another the code is another one.
    await expectRefusal(verify(second.token, second.code), 'challenge_expired')
    await expectRefusal(verify(await challenge('alice'), second.code), 'invalid_code')
    expect(new Set(email.sent.slice(1).map(({ code }) => code)).size).toBe(1)
  })

  it('R25: is taken a minute after the last one, and says when', async () => {
    const { enroll, sendCode, twoFactor, context, clock, email } = withChannels()
    await enroll('alice')
    const { token } = await sendCode('alice')
    clock.advance(20 * second)
    const refused = await expectRefusal(twoFactor.sendCode(token, 'email', context), 'send_too_soon')
    expect(refused.retryAfter).toBe(40)
    clock.advance(40 * second)
    await twoFactor.sendCode(token, 'email', context)
    expect(email.sent).toHaveLength(2)
  })

  it('S14, R28: takes nothing from who holds a code, where it comes too late for another minute, whether the channel works or not', async () => {
    for (const works of [true, false]) {
      const { enroll, challenge, verify, clock, settings, context, email } = withChannels()
      await enroll('alice')
      const send = works ? email.send : () => Promise.reject(new Error('503'))
      const token = await challenge('alice')
      clock.advance(5 * second)
      for (const wait of [4 * minute, 4 * minute, minute + 6 * second]) {
        await createTwoFactor(settings).sendCode(token, 'email', context)
        clock.advance(wait)
      }
      const { sendCode } = createTwoFactor({ ...settings, channels: [{ ...email, send }] })
      const refused = await expectRefusal(sendCode(token, 'email', context), 'send_too_soon')
      expect(refused.retryAfter).toBe(49)
      expect(email.sent).toHaveLength(3)
      expect((await verify(token, email.sent[0]?.code)).method).toBe('email')
    }
  })

  it('R25: is not taken, nor counted, for a challenge that is nearly over', async () => {
    const { enroll, challenge, clock, twoFactor, context, email, calls, reset } = withChannels()
    await enroll('alice')
    const token = await challenge('alice')
    clock.advance(9 * minute + 1)
    reset()
    await expectRefusal(twoFactor.sendCode(token, 'email', context), 'challenge_expired')
    expect({ puts: calls.put, sent: email.sent }).toEqual({ puts: 0, sent: [] })
  })

  it('R7: is refused, and nothing thrown, where the clock has stepped back', async () => {
    const { enroll, sendCode, twoFactor, context, clock } = withChannels()
    await enroll('alice')
    const { token } = await sendCode('alice')
    clock.advance(-30 * second)
    const refused = await expectRefusal(twoFactor.sendCode(token, 'email', context), 'send_too_soon')
    expect(refused.retryAfter).toBe(60)
  })

  it('R12: refreshes no budget: five wrong guesses lock, with a resend between each', async () => {
    const { enroll, sendCode, verify, clock, twoFactor, context } = withChannels()
    await enroll('alice')
    const { token, code } = await sendCode('alice')
    for (let guess = 0; guess < 5; guess++) {
      await expectRefusal(verify(token, otherThan(code)), 'invalid_code')
      clock.advance(minute)
      if (guess < 4) await twoFactor.sendCode(token, 'email', context)
    }
    await expectRefusal(verify(token, code), 'locked')
    await expectRefusal(twoFactor.sendCode(token, 'email', context), 'locked')
  })
})

describe('what a sent code is bound to', () => {
  it('R24, R29: its challenge, subject and channel, and it works once', async () => {
    const { enroll, sendCode, verify, challenge, twoFactor, context, addPhone, sms, codeOf } = withChannels()
    const alice = await enroll('alice')
    await enroll('bob')
    await addPhone('alice', '+12025550142', alice.recoveryCodes[0])
    const { token, code } = await sendCode('alice')
    const other = await sendCode('alice')
    expect(other.code).not.toBe(code)
    await expectRefusal(verify(other.token, code), 'invalid_code')
    const bobs = await challenge('bob')
    await expectRefusal(verify(bobs, code), 'invalid_code')
    await twoFactor.sendCode(token, 'sms', context)
    const byPhone = { method: 'sms', code }
    await expectRefusal(twoFactor.login.verify(token, byPhone, context), 'invalid_code')
    expect(codeOf(sms)).not.toBe(code)
    await verify(token, code)
    await expectRefusal(verify(token, code), 'challenge_expired')
    await expectRefusal(verify(await challenge('alice'), code), 'invalid_code')
  })

  it('R24, R52: its purpose: a code for a payment opens no login, nor another payment', async () => {
    const { enroll, twoFactor, context, email, codeOf, challenge, verify } = withChannels()
    await enroll('alice')
    const pay = await twoFactor.stepUp.begin('alice', 'pay', context)
    await twoFactor.sendCode(pay.challenge, 'email', context)
    const code = codeOf(email)
    expect(email.sent.at(-1)?.purpose).toBe('step_up')
    await expectRefusal(verify(await challenge('alice'), code), 'invalid_code')
    const share = await twoFactor.stepUp.begin('alice', 'share', context)
    const answer = { method: 'email', code }
    await expectRefusal(twoFactor.stepUp.verify('alice', share.challenge, answer, context), 'invalid_code')
    const proven = await twoFactor.stepUp.verify('alice', pay.challenge, answer, context)
    expect(proven).toMatchObject({ method: 'email', amr: ['email', 'mfa'] })
    await twoFactor.stepUp.redeem(proven.grant.token, 'alice', 'pay', context)
  })

  it('R24, R26: its destination: a code that went to the old address is void once it changed', async () => {
    const { enroll, addPhone, twoFactor, context, challenge, sms, codeOf, verify } = withChannels()
    const alice = await enroll('alice')
    await addPhone('alice', '+12025550142', alice.recoveryCodes[0])
    const token = await challenge('alice')
    await twoFactor.sendCode(token, 'sms', context)
    const code = codeOf(sms)
    await addPhone('alice', '+12025550199', alice.recoveryCodes[1])
    await expectRefusal(twoFactor.login.verify(token, { method: 'sms', code }, context), 'challenge_expired')
    await expectRefusal(verify(await challenge('alice'), code), 'invalid_code')
    expect((await twoFactor.status('alice')).destinations).toMatchObject([{ channel: 'email' }, { hint: '•••• 99' }])
  })

  it.each([16, 50])('R29: takes one code once in %i parallel logins', async contenders => {
    const { enroll, sendCode, verify } = withChannels()
    await enroll('alice')
    const { token, code } = await sendCode('alice')
    const counts = await tally(Array.from({ length: contenders }, () => verify(token, code)))
    expect(counts['ok']).toBe(1)
    expect(counts['outcome_unknown'] ?? 0).toBe(0)
  })

  it('R29: never goes by the channel that the person signed in by', async () => {
    const { enroll, twoFactor, context, sendCode, verify, email } = withChannels()
    await enroll('alice')
    const byMail = { ...context, signedInBy: 'email' }
    const gate = await twoFactor.login.begin('alice', byMail)
    expect(gate).toMatchObject({ methods: [{ method: 'totp' }, { method: 'recovery_code' }] })
    const token = gate.outcome === 'challenge' ? gate.challenge : ''
    // Also where the context does not say so any more.
    for (const given of [byMail, context]) {
      await expectRefusal(twoFactor.sendCode(token, 'email', given), 'method_unavailable')
    }
    expect(email.sent).toEqual([])
    const sent = await sendCode('alice')
    for (const [challenge, given] of [
      [token, context],
      [sent.token, byMail],
    ] as const) {
      await expectRefusal(verify(challenge, sent.code, given), 'method_unavailable')
    }
    await verify(sent.token, sent.code)
  })

  it('R33: is void after a change of factors', async () => {
    const { enroll, sendCode, verify, twoFactor, context, challenge } = withChannels()
    const alice = await enroll('alice')
    const { token, code } = await sendCode('alice')
    await twoFactor.recoveryCodes.regenerate('alice', { method: 'totp', code: alice.code() }, context)
    await expectRefusal(verify(token, code), 'challenge_expired')
    await expectRefusal(verify(await challenge('alice'), code), 'invalid_code')
  })
})

describe('guesses at sent codes', () => {
  it.each([16, 50])('R10: answers five of %i parallel guesses, and no more', async contenders => {
    const { enroll, sendCode, verify } = withChannels()
    await enroll('alice')
    const { token, code } = await sendCode('alice')
    const counts = await tally(Array.from({ length: contenders }, () => verify(token, otherThan(code))))
    expect(counts['invalid_code']).toBe(5)
    await expectRefusal(verify(token, code), 'locked')
  })

  it('R11, R14: are one budget for each channel, over login and step-up, and leave the other methods open', async () => {
    const { enroll, sendCode, verify, twoFactor, context, challenge } = withChannels()
    const alice = await enroll('alice')
    const { token, code } = await sendCode('alice')
    for (let guess = 0; guess < 3; guess++) await expectRefusal(verify(token, otherThan(code)), 'invalid_code')
    const pay = await twoFactor.stepUp.begin('alice', 'pay', context)
    for (let guess = 0; guess < 2; guess++) {
      const answer = { method: 'email', code: '000000' }
      await expectRefusal(twoFactor.stepUp.verify('alice', pay.challenge, answer, context), 'invalid_code')
    }
    await expectRefusal(verify(token, code), 'locked')
    expect((await twoFactor.status('alice')).locks).toMatchObject([{ method: 'email' }])
    const answer = { method: 'totp', code: alice.code() }
    await twoFactor.login.verify(await challenge('alice'), answer, context)
  })

  it('R16: success clears the count of its own channel alone', async () => {
    const { enroll, sendCode, verify, twoFactor, context, challenge } = withChannels()
    const alice = await enroll('alice')
    const wrong = { method: 'totp', code: alice.wrongCode() }
    for (let guess = 0; guess < 4; guess++) {
      await expectRefusal(twoFactor.login.verify(await challenge('alice'), wrong, context), 'invalid_code')
    }
    const { token, code } = await sendCode('alice')
    await verify(token, code)
    const fifth = await refusalOf(twoFactor.login.verify(await challenge('alice'), wrong, context))
    expect(fifth.retryAfter).toBe(15 * 60)
  })

  it('R6, R45: what is no code is refused before the store is touched', async () => {
    const { enroll, challenge, calls, reset, verify } = withChannels()
    await enroll('alice')
    const token = await challenge('alice')
    reset()
    for (const code of [
      undefined,
      null,
      123456,
      ['123456'],
      { code: 1 },
      '12345',
      'abcdef',
      '１２３４５６',
      '1'.repeat(1e6),
    ]) {
      await expectRefusal(verify(token, code), 'invalid_code')
    }
    expect(calls).toEqual({ get: 0, put: 0, delete: 0 })
  })
})

describe('caps on sends', () => {
  it('R25: three challenges may have a code alive on a channel, and a fourth says when there is room', async () => {
    const { enroll, sendCode, challenge, twoFactor, context, clock } = withChannels()
    await enroll('alice')
    await sendCode('alice')
    clock.advance(minute)
    await sendCode('alice')
    await sendCode('alice')
    const token = await challenge('alice')
    const refused = await expectRefusal(twoFactor.sendCode(token, 'email', context), 'send_limit')
    expect(refused.retryAfter).toBe(4 * 60)
    clock.advance(4 * minute)
    await twoFactor.sendCode(token, 'email', context)
  })

  it('R25: ten a day to a subject, whatever the challenges, and they come back evenly', async () => {
    const { enroll, challenge, twoFactor, context, clock } = withChannels()
    await enroll('alice')
    const send = async () => twoFactor.sendCode(await challenge('alice'), 'email', context)
    for (let sent = 0; sent < 10; sent++) {
      await send()
      clock.advance(5 * minute)
    }
    const refused = await expectRefusal(send(), 'send_limit')
    expect(refused.retryAfter).toBeGreaterThan(hour / 1000)
    clock.advance((refused.retryAfter ?? 0) * 1000)
    await send()
    await expectRefusal(send(), 'send_limit')
    clock.advance(day)
    await send()
  })

  it('R25: turning it off and on again gives no new sends', async () => {
    const { enroll, challenge, twoFactor, context, clock } = withChannels()
    const alice = await enroll('alice')
    for (let sent = 0; sent < 10; sent++) {
      await twoFactor.sendCode(await challenge('alice'), 'email', context)
      clock.advance(5 * minute)
    }
    await twoFactor.disable('alice', { method: 'totp', code: alice.code() }, context)
    clock.advance(minute)
    await enroll('alice')
    await expectRefusal(twoFactor.sendCode(await challenge('alice'), 'email', context), 'send_limit')
  })

  it('R25: ten a day to an address, over all subjects that have it', async () => {
    const shared = memoryChannel('email', async () => 'family@example.com')
    const { enroll, challenge, twoFactor, context, clock } = withChannels({ channels: [shared] })
    for (const name of ['ann', 'ben', 'eve']) await enroll(name)
    for (let sent = 0; sent < 10; sent++) {
      await twoFactor.sendCode(await challenge(sent % 2 ? 'ann' : 'ben'), 'email', context)
      clock.advance(5 * minute)
    }
    await expectRefusal(twoFactor.sendCode(await challenge('eve'), 'email', context), 'send_limit')
    expect(shared.sent).toHaveLength(10)
  })

  it('R48: a rotation of keys fills no counter again', async () => {
    const { enroll, challenge, settings, context, clock } = withChannels()
    await enroll('alice')
    const [older = ''] = settings.keys
    const newer = Buffer.from(Array.from({ length: 32 }, (_, at) => at * 7 + 1)).toString('base64')
    const before = createTwoFactor({ ...settings, keys: [older, newer] })
    const after = createTwoFactor({ ...settings, keys: [newer, older] })
    for (let sent = 0; sent < 10; sent++) {
      await before.sendCode(await challenge('alice'), 'email', context)
      clock.advance(5 * minute)
    }
    await expectRefusal(after.sendCode(await challenge('alice'), 'email', context), 'send_limit')
  })

  it('R48: a retired key takes its own counters with it, and no other', async () => {
    const { enroll, settings, context, clock } = withChannels()
    await enroll('alice')
    const [older = ''] = settings.keys
    const newer = newKey()
    const send = async (keys: readonly (string | undefined)[]) => {
      clock.advance(5 * minute)
      const rotating = createTwoFactor({ ...settings, keys })
      const gate = await rotating.login.begin('alice', context)
      await rotating.sendCode(gate.outcome === 'challenge' ? gate.challenge : '', 'email', context)
      return rotating
    }
    await send([older])
    await send([older, newer])
    const moved = await send([newer, older])
    expect(await moved.operator.reseal(['alice'])).toMatchObject({ failed: 0 })
    await send([newer])
    await send([newer, older])
  })
})

describe('the life that a person is told of', () => {
  it('R23: ends with the challenge', async () => {
    const { enroll, challenge, twoFactor, context, clock, email } = withChannels()
    await enroll('alice')
    const token = await challenge('alice')
    clock.advance(9 * minute)
    const { expiresAt } = await twoFactor.sendCode(token, 'email', context)
    expect(expiresAt).toEqual(new Date(clock() + minute))
    expect(email.sent.at(-1)?.expiresAt).toEqual(expiresAt)
  })
})

describe('a delivery that fails', () => {
  const failing: [string, Channel['send']][] = [
    ['rejects', () => Promise.reject(new Error('550 no such user alice@example.com'))],
    [
      'throws',
      () => {
        throw new Error('no connection')
      },
    ],
    ['hangs', () => new Promise(() => {})],
  ]
  it.each(failing)('R28: says so, and verifies nothing, where the channel %s', async (_how, send) => {
    const email: Channel = { ...memoryChannel('email', async subject => `${subject}@example.com`), send }
    const { enroll, challenge, twoFactor, context, events, verify } = withChannels({
      channels: [email],
      deadline: { channel: 30 },
    })
    await enroll('alice')
    const token = await challenge('alice')
    const refused = await expectRefusal(twoFactor.sendCode(token, 'email', context), 'delivery_failed')
    expect(refused.cause).toBeUndefined()
    expect(events).toMatchObject([{ type: 'delivery_failed', channel: 'email' }])
    await expectRefusal(verify(token, '000000'), 'invalid_code')
    // Counted all the same.
    await expectRefusal(twoFactor.sendCode(token, 'email', context), 'send_too_soon')
  })

  it('R28: is told to stop at its deadline', async () => {
    let signal: AbortSignal | undefined
    const email: Channel = {
      ...memoryChannel('email', async subject => `${subject}@example.com`),
      send: (_message, given) => {
        signal = given
        return new Promise(() => {})
      },
    }
    const { enroll, challenge, twoFactor, context } = withChannels({ channels: [email], deadline: { channel: 30 } })
    await enroll('alice')
    await expectRefusal(twoFactor.sendCode(await challenge('alice'), 'email', context), 'delivery_failed')
    expect(signal?.aborted).toBe(true)
  })

  it('leaves a channel that has taken the message to go on with it', async () => {
    let signal: AbortSignal | undefined
    const email: Channel = {
      ...memoryChannel('email', async subject => `${subject}@example.com`),
      async send(_message, given) {
        signal = given
      },
    }
    const { enroll, challenge, twoFactor, context } = withChannels({ channels: [email] })
    await enroll('alice')
    await twoFactor.sendCode(await challenge('alice'), 'email', context)
    expect(signal?.aborted).toBe(false)
  })

  it('R28, R41: sends nothing where the count could not be written', async () => {
    const { enroll, challenge, settings, context, email } = withChannels()
    await enroll('alice')
    const store = { ...settings.store, put: () => Promise.reject(new Error('down')) }
    const failing = createTwoFactor({ ...settings, store })
    await expect(failing.sendCode(await challenge('alice'), 'email', context)).rejects.toMatchObject({ kind: 'store' })
    expect(email.sent).toEqual([])
  })
})

/** Addresses that codes can be sent to: added, confirmed, replaced, removed; and what a sent code may prove. */
import { type Channel, createTwoFactor } from '@sallyport/core'
import { memoryChannel, virtualAuthenticator } from '@sallyport/core/testing'
import { describe, expect, it } from 'vitest'
import { day, errorOf, expectRefusal, makeApplication, minute, tally } from '../support/harness.js'

const number = '+12025550142'

/** A mail channel without addresses of its own, and one for SMS that knows what a number looks like. */
function withChannels(options: Parameters<typeof makeApplication>[0] = {}) {
  const email = memoryChannel('email')
  const plain = memoryChannel('sms')
  const sms = {
    ...plain,
    normalize: (typed: string) => {
      const digits = typed.replace(/[\s()-]/g, '')
      return /^\+\d{8,15}$/.test(digits) ? digits : null
    },
  }
  const application = makeApplication({ channels: [email, sms], ...options })
  const { twoFactor, context, clock } = application
  const codeOf = (channel: { sent: typeof plain.sent }) => channel.sent.at(-1)?.code ?? ''

  /** A first factor that is a phone number. */
  async function enrollByPhone(subject: string) {
    const { enrollment } = await twoFactor.destinations.add(subject, 'sms', number, null, context)
    const confirmed = await twoFactor.destinations.confirm(subject, enrollment, codeOf(sms), context)
    clock.advance(minute)
    application.events.length = 0
    return { ...confirmed, recoveryCodes: confirmed.recoveryCodes ?? [] }
  }

  /** A grant for `factors` that a sent code has earned. */
  async function grantByPhone(subject: string) {
    const { challenge } = await twoFactor.stepUp.begin(subject, 'factors', context)
    await twoFactor.sendCode(challenge, 'sms', context)
    const answer = { method: 'sms', code: codeOf(sms) }
    return (await twoFactor.stepUp.verify(subject, challenge, answer, context)).grant.token
  }
  return { ...application, email, sms, codeOf, enrollByPhone, grantByPhone }
}

describe('adding a destination', () => {
  it('S7: sends a code to the number, and it is a factor once the code comes back', async () => {
    const { twoFactor, context, sms, codeOf, events, endedSessions } = withChannels()
    const added = await twoFactor.destinations.add('alice', 'sms', '+1 (202) 555-0142', null, context)
    expect(added).toMatchObject({ hint: '•••• 42' })
    expect(sms.sent).toMatchObject([{ to: number, purpose: 'destination', subject: 'alice' }])
    expect(await twoFactor.status('alice')).toMatchObject({ enabled: false, destinations: [] })
    const confirmed = await twoFactor.destinations.confirm('alice', added.enrollment, codeOf(sms), context)
    expect(confirmed).toMatchObject({ otherSessions: 'ended', grant: null })
    expect(confirmed.recoveryCodes).toHaveLength(10)
    expect(await twoFactor.status('alice')).toMatchObject({
      enabled: true,
      methods: [{ method: 'sms', hint: '•••• 42' }, { method: 'recovery_code' }],
      destinations: [{ channel: 'sms', hint: '•••• 42', lastUsedAt: null }],
    })
    expect(events.map(({ type }) => type)).toEqual(['code_sent', 'destination_added'])
    expect(endedSessions).toEqual(['alice'])
  })

  it('R30: is inert until it is confirmed, in its own session, by its own subject, in the state that it began with', async () => {
    const { twoFactor, context, sms, codeOf, enroll } = withChannels()
    const { enrollment } = await twoFactor.destinations.add('alice', 'sms', number, null, context)
    const code = codeOf(sms)
    expect(await twoFactor.login.begin('alice', context)).toMatchObject({ outcome: 'passed' })
    const { confirm } = twoFactor.destinations
    await expectRefusal(confirm('alice', enrollment, code, { binding: 'session-2' }), 'enrollment_expired')
    await expectRefusal(confirm('bob', enrollment, code, context), 'enrollment_expired')
    await expectRefusal(twoFactor.totp.confirm('alice', enrollment, { code }, context), 'enrollment_expired')
    await enroll('alice')
    await expectRefusal(confirm('alice', enrollment, code, context), 'enrollment_expired')
    await expectRefusal(twoFactor.destinations.sendCode('alice', enrollment, context), 'enrollment_expired')
  })

  it('R31: takes a proof while there is a factor, and uses it up', async () => {
    const { twoFactor, context, enroll, sms, codeOf } = withChannels()
    const alice = await enroll('alice')
    await expectRefusal(twoFactor.destinations.add('alice', 'sms', number, null, context), 'proof_required')
    const proof = { method: 'totp', code: alice.code() }
    const { enrollment } = await twoFactor.destinations.add('alice', 'sms', number, proof, context)
    await expectRefusal(twoFactor.destinations.add('alice', 'email', 'a@b.org', proof, context), 'invalid_code')
    const confirmed = await twoFactor.destinations.confirm('alice', enrollment, codeOf(sms), context)
    expect(confirmed.recoveryCodes).toBeNull()
  })

  it('R31: gives a grant back renewed at the confirmation, its deadline unchanged', async () => {
    const { twoFactor, context, enroll, sms, codeOf } = withChannels()
    const alice = await enroll('alice')
    const { challenge } = await twoFactor.stepUp.begin('alice', 'factors', context)
    const answer = { method: 'totp', code: alice.code() }
    const { grant } = await twoFactor.stepUp.verify('alice', challenge, answer, context)
    const proof = { grant: grant.token }
    const { enrollment } = await twoFactor.destinations.add('alice', 'sms', number, proof, context)
    const confirmed = await twoFactor.destinations.confirm('alice', enrollment, codeOf(sms), context)
    expect(confirmed.grant?.expiresAt).toEqual(grant.expiresAt)
    await twoFactor.recoveryCodes.regenerate('alice', { grant: confirmed.grant?.token }, context)
  })

  it('replaces the one on the same channel when it is confirmed, and not before', async () => {
    const { twoFactor, context, enrollByPhone, grantByPhone, sms, codeOf, events } = withChannels()
    await enrollByPhone('alice')
    const proof = { grant: await grantByPhone('alice') }
    events.length = 0
    const { enrollment } = await twoFactor.destinations.add('alice', 'sms', '+12025550199', proof, context)
    expect((await twoFactor.status('alice')).destinations).toMatchObject([{ hint: '•••• 42' }])
    await twoFactor.destinations.confirm('alice', enrollment, codeOf(sms), context)
    expect((await twoFactor.status('alice')).destinations).toMatchObject([{ hint: '•••• 99' }])
    expect(events.map(({ type }) => type)).toEqual(['code_sent', 'destination_removed', 'destination_added'])
  })

  it('R28, R41: loses no grant where the code cannot be delivered, and waits for none', async () => {
    const failing = { now: false }
    const sms: Channel = {
      ...memoryChannel('sms'),
      send: async () => {
        if (failing.now) throw new Error('503')
      },
    }
    const { twoFactor, context, enroll, clock } = withChannels({ channels: [sms] })
    const alice = await enroll('alice')
    const { challenge } = await twoFactor.stepUp.begin('alice', 'factors', context)
    const answer = { method: 'totp', code: alice.code() }
    const { grant } = await twoFactor.stepUp.verify('alice', challenge, answer, context)
    const add = (to: string) => twoFactor.destinations.add('alice', 'sms', to, { grant: grant.token }, context)
    failing.now = true
    for (const other of ['+12025550143', '+12025550144', '+12025550145', '+12025550146']) {
      await expectRefusal(add(other), 'delivery_failed')
    }
    // Counted all the same: an address is not asked for without end.
    for (let tries = 0; tries < 3; tries++) await expectRefusal(add(number), 'delivery_failed')
    await expectRefusal(add(number), 'send_limit')
    failing.now = false
    clock.advance(minute)
    await twoFactor.recoveryCodes.regenerate('alice', { grant: grant.token }, context)
  })

  it('R38: looks for room before it looks at the proof', async () => {
    const { twoFactor, context, enroll, clock, challenge } = withChannels({
      channels: [memoryChannel('email', async () => 'a@example.com'), memoryChannel('sms')],
    })
    const alice = await enroll('alice')
    for (let sent = 0; sent < 10; sent++) {
      await twoFactor.sendCode(await challenge('alice'), 'email', context)
      clock.advance(5 * minute)
    }
    const add = (code: string) => twoFactor.destinations.add('alice', 'sms', number, { method: 'totp', code }, context)
    await expectRefusal(add(alice.wrongCode()), 'send_limit')
    const right = alice.code()
    await expectRefusal(add(right), 'send_limit')
    await twoFactor.login.verify(await challenge('alice'), { method: 'totp', code: right }, context)
  })

  it('refuses a resend on a channel that is gone, and counts none', async () => {
    const { twoFactor, context, settings, clock } = withChannels()
    const { enrollment } = await twoFactor.destinations.add('alice', 'sms', number, null, context)
    clock.advance(minute)
    const without = createTwoFactor({ ...settings, channels: [] })
    await expectRefusal(without.destinations.sendCode('alice', enrollment, context), 'method_unavailable')
    await twoFactor.destinations.sendCode('alice', enrollment, context)
  })

  it('R45: takes a channel that throws at odd input for one that refuses it, and no odd address from it', async () => {
    const odd = (normalize: Channel['normalize'] & {}) => ({ ...memoryChannel('sms'), normalize })
    for (const normalize of [
      () => {
        throw new Error(`cannot read ${number}`)
      },
      () => `${number}\n`,
      () => '\u202e24105552021+',
      () => 'x'.repeat(255),
      () => 7 as unknown as string,
      () => '',
    ]) {
      const { twoFactor, context, calls } = withChannels({ channels: [odd(normalize)] })
      const refused = await expectRefusal(
        twoFactor.destinations.add('alice', 'sms', number, null, context),
        'invalid_input',
      )
      expect(refused.cause).toBeUndefined()
      expect(calls.get).toBe(0)
    }
  })

  it('R14: counts wrong codes in the budget of enrolments, and locks', async () => {
    const { twoFactor, context, sms, codeOf } = withChannels()
    const { enrollment } = await twoFactor.destinations.add('alice', 'sms', number, null, context)
    const code = codeOf(sms)
    const wrong = code === '000000' ? '000001' : '000000'
    const guesses = Array.from({ length: 50 }, () =>
      twoFactor.destinations.confirm('alice', enrollment, wrong, context),
    )
    expect((await tally(guesses))['invalid_code']).toBe(5)
    await expectRefusal(twoFactor.destinations.confirm('alice', enrollment, code, context), 'locked')
    await expectRefusal(twoFactor.destinations.add('alice', 'sms', number, null, context), 'locked')
    // Another channel, and an authenticator, have budgets of their own.
    await twoFactor.destinations.add('alice', 'email', 'alice@example.com', null, context)
    await twoFactor.totp.enroll('alice', { account: 'a' }, context)
  })

  it('R12, R14: keeps the count, whatever else is confirmed or turned off in between', async () => {
    const { twoFactor, context, sms, email, codeOf, clock } = withChannels()
    const victim = '+12025550199'
    let proof: { method: string; code: string | undefined } | null = null
    let codes: readonly string[] = []
    let used = 0
    const wrongs: string[] = []
    // Four guesses at a number of somebody else's, then something of one's own that works; and again.
    for (const own of ['email', 'sms', 'disable'] as const) {
      const guess = await twoFactor.destinations.add('mallory', 'sms', victim, proof, context)
      const sent = codeOf(sms)
      const wrong = sent === '000000' ? '000001' : '000000'
      for (let nth = 0; nth < 4; nth++) {
        const outcome = twoFactor.destinations.confirm('mallory', guess.enrollment, wrong, context)
        wrongs.push((await outcome.catch(error => error)).code)
        if (wrongs.at(-1) === 'locked') return expect(wrongs.filter(code => code === 'invalid_code')).toHaveLength(5)
      }
      const next = () => ({ method: 'recovery_code', code: codes[used++] })
      if (codes.length > 0) proof = next()
      if (own === 'disable' && proof !== null) {
        await twoFactor.disable('mallory', proof, context)
        proof = null
        continue
      }
      const address = own === 'email' ? 'm@example.com' : '+12025550111'
      const added = await twoFactor.destinations.add('mallory', own, address, proof, context)
      const confirmed = await twoFactor.destinations.confirm(
        'mallory',
        added.enrollment,
        codeOf(own === 'email' ? email : sms),
        context,
      )
      if (confirmed.recoveryCodes !== null) codes = confirmed.recoveryCodes
      proof = next()
      clock.advance(minute)
    }
    throw new Error(`it was never locked: ${wrongs.join(', ')}`)
  })

  it('R12, R14: keeps a lock over turning everything off and enrolling again', async () => {
    const { twoFactor, context, sms, codeOf, enroll, clock } = withChannels()
    const { enrollment } = await twoFactor.destinations.add('mallory', 'sms', number, null, context)
    const wrong = codeOf(sms) === '000000' ? '000001' : '000000'
    for (let guess = 0; guess < 5; guess++) {
      await expectRefusal(twoFactor.destinations.confirm('mallory', enrollment, wrong, context), 'invalid_code')
    }
    const mallory = await enroll('mallory')
    await twoFactor.disable('mallory', { method: 'totp', code: mallory.code() }, context)
    clock.advance(minute)
    await expectRefusal(twoFactor.destinations.add('mallory', 'sms', number, null, context), 'locked')
    clock.advance(15 * minute)
    await twoFactor.destinations.add('mallory', 'sms', number, null, context)
  })

  it('R29: sends none on the channel that the person signed in by', async () => {
    const { twoFactor, context, sms, clock } = withChannels()
    const bySms = { ...context, signedInBy: 'sms' }
    await expectRefusal(twoFactor.destinations.add('alice', 'sms', number, null, bySms), 'method_unavailable')
    expect(sms.sent).toEqual([])
    const { enrollment } = await twoFactor.destinations.add('alice', 'sms', number, null, context)
    clock.advance(minute)
    await expectRefusal(twoFactor.destinations.sendCode('alice', enrollment, bySms), 'method_unavailable')
  })

  it('takes what was pasted from an address book, format characters and all, as its channel reads it', async () => {
    const sms = { ...memoryChannel('sms'), normalize: (typed: string) => typed.replace(/[\s\u202a\u202c]/g, '') }
    const { twoFactor, context } = withChannels({ channels: [sms] })
    await twoFactor.destinations.add('alice', 'sms', '\u202a+1 202 555 0142\u202c', null, context)
    expect(sms.sent).toMatchObject([{ to: number }])
  })

  it('R29: is confirmed once by a double click', async () => {
    const { twoFactor, context, sms, codeOf } = withChannels()
    const { enrollment } = await twoFactor.destinations.add('alice', 'sms', number, null, context)
    const clicks = [1, 2].map(() => twoFactor.destinations.confirm('alice', enrollment, codeOf(sms), context))
    expect((await tally(clicks))['ok']).toBe(1)
  })

  it('S14: a resend repeats the code, after the cooldown', async () => {
    const { twoFactor, context, sms, clock } = withChannels()
    const { enrollment } = await twoFactor.destinations.add('alice', 'sms', number, null, context)
    await expectRefusal(twoFactor.destinations.sendCode('alice', enrollment, context), 'send_too_soon')
    clock.advance(minute)
    await twoFactor.destinations.sendCode('alice', enrollment, context)
    expect(new Set(sms.sent.map(({ code }) => code)).size).toBe(1)
    expect(sms.sent).toHaveLength(2)
  })

  it('R45: any value of a browser is judged: an address of the wrong form is refused before the store is touched', async () => {
    const { twoFactor, context, calls } = withChannels()
    for (const address of [
      undefined,
      null,
      7,
      ['+12025550142'],
      {},
      '',
      '12',
      `+${'1'.repeat(1e6)}`,
      '+1202555\u00000142',
    ]) {
      const refused = await expectRefusal(
        twoFactor.destinations.add('alice', 'sms', address, null, context),
        'invalid_input',
      )
      expect(refused.field).toBe('address')
    }
    for (const address of ['', '   ', `${'a'.repeat(300)}@example.com`, '\ud800@example.com']) {
      await expectRefusal(twoFactor.destinations.add('alice', 'email', address, null, context), 'invalid_input')
    }
    expect(calls).toEqual({ get: 0, put: 0, delete: 0 })
  })

  it('names a channel that is not configured as the programmer’s mistake, and asks for a binding', async () => {
    const { twoFactor, context } = withChannels()
    expect((await errorOf(twoFactor.destinations.add('alice', 'pigeon', 'a', null, context))).message).toMatch(
      /^channel /,
    )
    expect((await errorOf(twoFactor.destinations.add('alice', 'sms', number, null))).message).toMatch(
      /^context.binding /,
    )
  })

  it('R25, R54: somebody who types in another’s number has three sends a day, and takes none of the owner’s', async () => {
    const { twoFactor, context, enrollByPhone, challenge, clock } = withChannels()
    await enrollByPhone('owner')
    clock.advance(2 * day)
    for (const thief of ['t1', 't2', 't3']) {
      await twoFactor.destinations.add(thief, 'sms', number, null, context)
    }
    await expectRefusal(twoFactor.destinations.add('t4', 'sms', number, null, context), 'send_limit')
    for (let sent = 0; sent < 10; sent++) {
      await twoFactor.sendCode(await challenge('owner'), 'sms', context)
      clock.advance(5 * minute)
    }
    await expectRefusal(twoFactor.sendCode(await challenge('owner'), 'sms', context), 'send_limit')
  })

  it('R25: a mailbox is one, in upper and lower case; what is sent and kept is as it was typed', async () => {
    const { twoFactor, context, email, codeOf } = withChannels()
    const spellings = ['Ada@example.com', 'aDa@EXAMPLE.com', 'ADA@example.com', 'ada@example.com']
    for (const [index, spelling] of spellings.entries()) {
      const sent = twoFactor.destinations.add(`account-${index}`, 'email', spelling, null, context)
      if (index === 3) await expectRefusal(sent, 'send_limit')
      else await twoFactor.destinations.confirm(`account-${index}`, (await sent).enrollment, codeOf(email), context)
    }
    expect(email.sent.map(({ to }) => to)).toEqual(spellings.slice(0, 3))
    expect((await twoFactor.status('account-1')).destinations).toMatchObject([{ hint: 'a•••@EXAMPLE.com' }])
  })
})

describe('removing a destination', () => {
  it('takes a proof; the last factor leaves through disable alone', async () => {
    const { twoFactor, context, enroll, enrollByPhone, grantByPhone, events } = withChannels()
    await enrollByPhone('alice')
    const proof = { grant: await grantByPhone('alice') }
    await expectRefusal(twoFactor.destinations.remove('alice', 'sms', proof, context), 'would_lock_out')
    await expectRefusal(twoFactor.destinations.remove('alice', 'email', proof, context), 'not_found')
    for (const odd of [undefined, 7, '__proto__', 'constructor']) {
      await expectRefusal(twoFactor.destinations.remove('alice', odd, proof, context), 'not_found')
    }
    const bob = await enroll('bob')
    await expectRefusal(twoFactor.destinations.remove('bob', 'sms', { method: 'totp', code: bob.code() }), 'not_found')
    events.length = 0
    await twoFactor.disable('alice', proof, context)
    expect(await twoFactor.status('alice')).toMatchObject({ enabled: false, destinations: [] })
  })

  it('R27: leaves an authenticator that is then the last factor', async () => {
    const { twoFactor, context, enroll, sms, codeOf } = withChannels()
    const alice = await enroll('alice')
    const proof = () => ({ method: 'recovery_code', code: alice.recoveryCodes.at(used++) })
    let used = 0
    const { enrollment } = await twoFactor.destinations.add('alice', 'sms', number, proof(), context)
    await twoFactor.destinations.confirm('alice', enrollment, codeOf(sms), context)
    await twoFactor.destinations.remove('alice', 'sms', proof(), context)
    await expectRefusal(twoFactor.totp.remove('alice', alice.id, proof(), context), 'would_lock_out')
  })
})

describe('what a sent code proves', () => {
  it('R27: no change of factors while an authenticator is on record', async () => {
    const { twoFactor, context, enroll, sms, codeOf, challenge } = withChannels()
    const alice = await enroll('alice')
    const first = { method: 'recovery_code', code: alice.recoveryCodes[0] }
    const { enrollment } = await twoFactor.destinations.add('alice', 'sms', number, first, context)
    await twoFactor.destinations.confirm('alice', enrollment, codeOf(sms), context)
    const asked = await twoFactor.stepUp.begin('alice', 'factors', context)
    expect(asked.methods.map(({ method }) => method)).toEqual(['totp', 'recovery_code'])
    await expectRefusal(twoFactor.sendCode(asked.challenge, 'sms', context), 'method_unavailable')
    const answer = { method: 'sms', code: '123456' }
    await expectRefusal(twoFactor.stepUp.verify('alice', asked.challenge, answer, context), 'method_unavailable')
    await expectRefusal(twoFactor.disable('alice', answer, context), 'method_unavailable')
    // It still signs in.
    const token = await challenge('alice')
    await twoFactor.sendCode(token, 'sms', context)
    await twoFactor.login.verify(token, { method: 'sms', code: codeOf(sms) }, context)
  })

  it('R27: nor by a grant that it earned before there was one', async () => {
    const { twoFactor, context, clock, enrollByPhone, grantByPhone } = withChannels()
    await enrollByPhone('alice')
    const proof = { grant: await grantByPhone('alice') }
    const pending = await twoFactor.totp.enroll('alice', { account: 'a', proof }, context)
    const code = virtualAuthenticator(pending.uri, clock).code()
    const { grant } = await twoFactor.totp.confirm('alice', pending.token, { code }, context)
    expect(grant).not.toBeNull()
    await expectRefusal(twoFactor.disable('alice', { grant: grant?.token }, context), 'proof_required')
  })

  it('R27: any change where all factors are destinations, or where the policy says so', async () => {
    const { twoFactor, context, enrollByPhone, grantByPhone } = withChannels()
    await enrollByPhone('alice')
    await twoFactor.recoveryCodes.regenerate('alice', { grant: await grantByPhone('alice') }, context)

    const weak = withChannels({ policy: { weakProofs: true } })
    const bob = await weak.enroll('bob')
    const first = { method: 'recovery_code', code: bob.recoveryCodes[0] }
    const { enrollment } = await weak.twoFactor.destinations.add('bob', 'sms', number, first, context)
    await weak.twoFactor.destinations.confirm('bob', enrollment, weak.codeOf(weak.sms), context)
    await weak.twoFactor.disable('bob', { grant: await weak.grantByPhone('bob') }, context)
  })

  it('R35: a pass, marked as weaker', async () => {
    const { twoFactor, context, enrollByPhone, challenge, sms, codeOf } = withChannels()
    await enrollByPhone('alice')
    const token = await challenge('alice')
    await twoFactor.sendCode(token, 'sms', context)
    const passed = await twoFactor.login.verify(token, { method: 'sms', code: codeOf(sms) }, context)
    expect(passed).toMatchObject({ method: 'sms', amr: ['sms', 'mfa'], recoveryCodesLeft: 10 })
  })
})

describe('an operator', () => {
  const audit = { by: 'operator', reason: 'moved' }

  it('imports destinations that the other system had confirmed', async () => {
    const { twoFactor, context } = withChannels()
    await twoFactor.operator.import(
      'alice',
      { destinations: { sms: '+1 202 555 0142', email: 'a@example.com' } },
      audit,
    )
    expect(await twoFactor.login.begin('alice', context)).toMatchObject({
      outcome: 'challenge',
      methods: [
        { method: 'sms', hint: '•••• 42' },
        { method: 'email', hint: 'a•••@example.com' },
      ],
    })
  })

  it('R40: is told what is wrong with an import, without a quotation', async () => {
    const { twoFactor } = withChannels()
    for (const factors of [
      {},
      { destinations: {} },
      { destinations: { 'nonsense@example.com': null as never } },
      { destinations: ['nonsense'] as never },
      { destinations: { fax: '1' } },
      { destinations: { sms: 'nonsense' } },
    ]) {
      const error = await errorOf(twoFactor.operator.import('alice', factors, audit))
      expect(error).toMatchObject({ kind: 'usage', message: expect.stringMatching(/^factors/) })
      expect(error.message).not.toContain('nonsense')
    }
  })

  it('takes destinations away with a reset', async () => {
    const { twoFactor, enrollByPhone } = withChannels()
    await enrollByPhone('alice')
    await twoFactor.operator.reset('alice', audit)
    expect(await twoFactor.status('alice')).toMatchObject({ enabled: false, permitRequired: true, destinations: [] })
  })
})

describe('a destination whose channel is gone', () => {
  it('is nothing to go on with: the last authenticator stays', async () => {
    const { twoFactor, context, enroll, sms, codeOf, settings } = withChannels()
    const alice = await enroll('alice')
    const proof = (nth: number) => ({ method: 'recovery_code', code: alice.recoveryCodes[nth] })
    const { enrollment } = await twoFactor.destinations.add('alice', 'sms', number, proof(0), context)
    await twoFactor.destinations.confirm('alice', enrollment, codeOf(sms), context)
    const without = createTwoFactor({ ...settings, channels: [] })
    await expectRefusal(without.totp.remove('alice', alice.id, proof(1), context), 'would_lock_out')
    const bySms = { ...context, signedInBy: 'sms' }
    await expectRefusal(twoFactor.totp.remove('alice', alice.id, proof(1), bySms), 'would_lock_out')
    await twoFactor.totp.remove('alice', alice.id, proof(1), context)
  })

  it('stays a factor, so that nobody gets in for want of a channel', async () => {
    const { twoFactor, context, enrollByPhone, settings } = withChannels()
    const { recoveryCodes } = await enrollByPhone('alice')
    const without = createTwoFactor({ ...settings, channels: [] })
    const gate = await without.login.begin('alice', context)
    expect(gate).toMatchObject({ outcome: 'challenge', methods: [{ method: 'recovery_code' }] })
    const token = gate.outcome === 'challenge' ? gate.challenge : ''
    await without.login.verify(token, { method: 'recovery_code', code: recoveryCodes[0] }, context)
    expect(await twoFactor.status('alice')).toMatchObject({ enabled: true })
  })
})

describe('a channel', () => {
  const send = async () => {}
  const wrong: [string, unknown][] = [
    ['no object', null],
    ['no id', { send }],
    ['the name of a method', { id: 'totp', send }],
    ['an odd name', { id: 'E-Mail', send }],
    ['the name of something stronger', { id: 'otp', send }],
    ['a name of every object', { id: 'constructor', send }],
    ['no send', { id: 'email' }],
    ['an addressOf that is none', { id: 'email', send, addressOf: 'a@b.org' }],
  ]
  it.each(wrong)('with %s is a usage error', (_what, channel) => {
    expect(() => withChannels({ channels: [channel as Channel] })).toThrow(/options.channels\[0\]/)
  })

  it('twice is a usage error, and so is one that first enrolments ask and that knows no addresses', () => {
    const email = memoryChannel('email')
    expect(() => withChannels({ channels: [email, memoryChannel('email')] })).toThrow('options.channels[1].id')
    const policy = { firstEnrollment: { channel: 'email' } }
    expect(() => withChannels({ channels: [email], policy })).toThrow('options.policy.firstEnrollment.channel')
  })
})

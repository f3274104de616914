/** A first enrolment that takes a code on the account's own address, by every path (R30). */
import { createTwoFactor } from '@sallyport/core'
import { memoryChannel, virtualAuthenticator } from '@sallyport/core/testing'
import { describe, expect, it } from 'vitest'
import { day, errorOf, expectRefusal, makeApplication, minute } from '../support/harness.js'

const policy = { required: true, firstEnrollment: { channel: 'email' } } as const

/** An application whose accounts have addresses, which may change. */
function withAddresses(options: Parameters<typeof makeApplication>[0] = {}) {
  const addresses = new Map<string, string | null>()
  const asked: string[] = []
  const email = memoryChannel('email', async subject => {
    asked.push(subject)
    return addresses.has(subject) ? (addresses.get(subject) ?? null) : `${subject}@example.com`
  })
  const sms = memoryChannel('sms')
  const application = makeApplication({ channels: [email, sms], policy, ...options })
  const { twoFactor, context, clock } = application
  const code = () => email.sent.at(-1)?.code ?? ''
  const account = 'alice@example.com'

  async function beginLogin(given: object = context) {
    const gate = await twoFactor.login.begin('alice', given)
    if (gate.outcome !== 'enroll') throw new Error(`not enroll but ${gate.outcome}`)
    return gate
  }
  /** Confirms an authenticator that login has asked for. */
  async function confirm(enrollment: { uri: string; token: string }) {
    const answer = { code: virtualAuthenticator(enrollment.uri, clock).code() }
    return twoFactor.login.confirm(enrollment.token, answer, context)
  }
  return { ...application, addresses, asked, email, sms, code, account, beginLogin, confirm }
}

describe('at login', () => {
  it('R30: asks for a code on the address first, and records both factors in the end', async () => {
    const { twoFactor, context, beginLogin, code, account, confirm, events } = withAddresses()
    const gate = await beginLogin()
    expect(gate.methods).toEqual([{ method: 'email', hint: 'a•••@example.com' }])
    await expectRefusal(twoFactor.login.enroll(gate.challenge, { account }, context), 'proof_required')
    await twoFactor.sendCode(gate.challenge, 'email', context)
    const answer = { method: 'email', code: code() }
    const enrollment = await twoFactor.login.enroll(gate.challenge, { account, answer }, context)
    expect(await twoFactor.status('alice', context)).toMatchObject({ enabled: false, destinations: [] })
    const passed = await confirm(enrollment)
    expect(passed).toMatchObject({ subject: 'alice', because: 'enrolled', recoveryCodesLeft: 10 })
    expect(await twoFactor.status('alice')).toMatchObject({
      methods: [{ method: 'totp' }, { method: 'email', hint: 'a•••@example.com' }, { method: 'recovery_code' }],
    })
    expect(events.map(({ type }) => type)).toEqual(['code_sent', 'verified', 'enrolled', 'destination_added'])
  })

  it('R25, R54: whoever signs up with another’s address takes none of the codes that its owner signs in with, nor of a new address', async () => {
    const { twoFactor, context, beginLogin, code, account, confirm, addresses, challenge, clock, settings } =
      withAddresses()
    const gate = await beginLogin()
    await twoFactor.sendCode(gate.challenge, 'email', context)
    const answer = { method: 'email', code: code() }
    await confirm(await twoFactor.login.enroll(gate.challenge, { account, answer }, context))
    clock.advance(2 * day)
    const signUp = async (subject: string) => {
      addresses.set(subject, 'Alice@example.com')
      const begun = await twoFactor.login.begin(subject, context)
      await twoFactor.sendCode(begun.outcome === 'enroll' ? begun.challenge : '', 'email', context)
    }
    for (let stranger = 0; stranger < 10; stranger++) await signUp(`stranger-${stranger}`)
    await expectRefusal(signUp('stranger-10'), 'send_limit')
    await twoFactor.sendCode(await challenge('alice'), 'email', context)
    const open = createTwoFactor({ ...settings, policy: {} })
    await open.destinations.add('bob', 'email', 'alice@example.com', null, context)
  })

  it('R12, R14: counts wrong codes over challenges and resends, and locks', async () => {
    const { twoFactor, context, beginLogin, code, account, clock } = withAddresses()
    let challenge = ''
    for (let guess = 0; guess < 5; guess++) {
      ;({ challenge } = await beginLogin())
      await twoFactor.sendCode(challenge, 'email', context)
      const wrong = code() === '000000' ? '000001' : '000000'
      const answer = { method: 'email', code: wrong }
      await expectRefusal(twoFactor.login.enroll(challenge, { account, answer }, context), 'invalid_code')
      if (guess < 4) clock.advance(5 * minute)
    }
    const answer = { method: 'email', code: code() }
    await expectRefusal(twoFactor.login.enroll(challenge, { account, answer }, context), 'locked')
    await expectRefusal(twoFactor.sendCode(challenge, 'email', context), 'locked')
    // Nothing is left to ask for, so nobody is asked.
    await expectRefusal(twoFactor.login.begin('alice', context), 'locked')
    await expectRefusal(twoFactor.stepUp.begin('alice', 'factors', context), 'locked')
    // An operator's reset lets the owner try, and gives no new guesses: the count goes on.
    const { permit } = await twoFactor.operator.reset('alice', { by: 'operator', reason: 'asked' })
    const again = await beginLogin({ ...context, permit: permit?.token })
    clock.advance(5 * minute)
    const refusals: (number | null)[] = []
    for (let guess = 0; guess < 5; guess++) {
      const wrong = { account, answer: { method: 'email', code: '000000' } }
      const refused = await expectRefusal(twoFactor.login.enroll(again.challenge, wrong, context), 'invalid_code')
      refusals.push(refused.retryAfter)
    }
    expect(refusals).toEqual([null, null, null, null, 30 * 60])
  })

  it('S13: resumes without another code, by the token alone', async () => {
    const { twoFactor, context, beginLogin, code, account } = withAddresses()
    const { challenge } = await beginLogin()
    await twoFactor.sendCode(challenge, 'email', context)
    const answer = { method: 'email', code: code() }
    const first = await twoFactor.login.enroll(challenge, { account, answer }, context)
    const again = await twoFactor.login.enroll(challenge, { account, resume: first.token }, context)
    expect(again).toEqual(first)
    await expectRefusal(twoFactor.login.enroll(challenge, { account, answer }, context), 'invalid_code')
  })

  it('R24, R29: takes the code for the address that was asked about, and a hijacked one gains nothing', async () => {
    const { twoFactor, context, beginLogin, code, account, addresses, email, confirm } = withAddresses()
    const { challenge } = await beginLogin()
    addresses.set('alice', 'mallory@example.com')
    await twoFactor.sendCode(challenge, 'email', context)
    expect(email.sent.map(({ to }) => to)).toEqual(['alice@example.com'])
    const answer = { method: 'email', code: code() }
    await confirm(await twoFactor.login.enroll(challenge, { account, answer }, context))
    expect((await twoFactor.status('alice')).destinations).toMatchObject([{ hint: 'a•••@example.com' }])
  })

  it('R50: asks also whom an operator’s permit lets in', async () => {
    const { twoFactor, context, beginLogin, account } = withAddresses()
    const { permit } = await twoFactor.operator.reset('alice', { by: 'operator', reason: 'lost phone' })
    const gate = await beginLogin({ ...context, permit: permit?.token })
    expect(gate.methods).toMatchObject([{ method: 'email' }])
    await expectRefusal(twoFactor.login.enroll(gate.challenge, { account }, context), 'proof_required')
  })

  it('refuses an account without an address, and one that signed in by that very channel', async () => {
    const { twoFactor, context, addresses } = withAddresses()
    addresses.set('alice', null)
    await expectRefusal(twoFactor.login.begin('alice', context), 'method_unavailable')
    await expectRefusal(twoFactor.login.begin('bob', { ...context, signedInBy: 'email' }), 'method_unavailable')
  })

  it('R30: takes no challenge and no enrolment that began before the policy asked for a code', async () => {
    const { settings, context, account, clock } = withAddresses()
    const lax = createTwoFactor({ ...settings, policy: { required: true, firstEnrollment: 'password' } })
    const strict = createTwoFactor(settings)
    const gate = await lax.login.begin('alice', context)
    const challenge = gate.outcome === 'enroll' ? gate.challenge : ''
    const enrollment = await lax.login.enroll(challenge, { account }, context)
    await expectRefusal(strict.login.enroll(challenge, { account }, context), 'challenge_expired')
    const first = { code: virtualAuthenticator(enrollment.uri, clock).code() }
    await expectRefusal(strict.login.confirm(enrollment.token, first, context), 'enrollment_expired')
    const pending = await lax.totp.enroll('alice', { account }, context)
    const second = { code: virtualAuthenticator(pending.uri, clock).code() }
    await expectRefusal(strict.totp.confirm('alice', pending.token, second, context), 'enrollment_expired')
  })
})

describe('an enrolment that began under a laxer policy', () => {
  it('R30: is not resumed, neither at login nor from the profile', async () => {
    const { settings, context, account, email } = withAddresses()
    const lax = createTwoFactor({ ...settings, policy: { firstEnrollment: 'password' } })
    const strict = createTwoFactor({ ...settings, policy: { firstEnrollment: { channel: 'email' } } })
    const { token } = await lax.totp.enroll('alice', { account }, context)
    await expectRefusal(strict.totp.enroll('alice', { account, resume: token }, context), 'proof_required')
    expect(email.sent).toEqual([])
  })
})

describe('from the profile', () => {
  it('R30: takes a grant that a code on the address has earned, for an authenticator and for a destination', async () => {
    for (const kind of ['authenticator', 'destination'] as const) {
      const { twoFactor, context, code, account, clock, sms } = withAddresses()
      await expectRefusal(twoFactor.totp.enroll('alice', { account }, context), 'proof_required')
      await expectRefusal(twoFactor.destinations.add('alice', 'sms', '+1202', null, context), 'proof_required')
      const asked = await twoFactor.stepUp.begin('alice', 'factors', context)
      expect(asked.methods).toEqual([{ method: 'email', hint: 'a•••@example.com' }])
      await twoFactor.sendCode(asked.challenge, 'email', context)
      const answer = { method: 'email', code: code() }
      const { grant } = await twoFactor.stepUp.verify('alice', asked.challenge, answer, context)
      const proof = { grant: grant.token }
      if (kind === 'authenticator') {
        const pending = await twoFactor.totp.enroll('alice', { account, proof }, context)
        const first = { code: virtualAuthenticator(pending.uri, clock).code() }
        await twoFactor.totp.confirm('alice', pending.token, first, context)
        await expectRefusal(twoFactor.totp.enroll('alice', { account, proof }, context), 'proof_required')
      } else {
        const { enrollment } = await twoFactor.destinations.add('alice', 'sms', '+1202', proof, context)
        await twoFactor.destinations.confirm('alice', enrollment, sms.sent.at(-1)?.code, context)
      }
      expect((await twoFactor.status('alice')).destinations).toContainEqual(
        expect.objectContaining({ channel: 'email', hint: 'a•••@example.com' }),
      )
    }
  })

  it('R30: takes no grant for something else, of somebody else, or twice, and no code as it is', async () => {
    const { twoFactor, context, code, account } = withAddresses()
    await expectRefusal(twoFactor.stepUp.begin('alice', 'pay', context), 'not_enrolled')
    const asked = await twoFactor.stepUp.begin('alice', 'factors', context)
    await twoFactor.sendCode(asked.challenge, 'email', context)
    const answer = { method: 'email', code: code() }
    await expectRefusal(twoFactor.totp.enroll('alice', { account, proof: answer }, context), 'method_unavailable')
    const { grant } = await twoFactor.stepUp.verify('alice', asked.challenge, answer, context)
    const proof = { grant: grant.token }
    await expectRefusal(twoFactor.totp.enroll('bob', { account, proof }, context), 'proof_required')
    await expectRefusal(twoFactor.disable('alice', proof, context), 'not_enrolled')
    await expectRefusal(twoFactor.recoveryCodes.regenerate('alice', proof, context), 'not_enrolled')
    await twoFactor.totp.enroll('alice', { account, proof }, context)
    await expectRefusal(twoFactor.totp.enroll('alice', { account, proof }, context), 'proof_required')
  })
})

describe('the account’s own address', () => {
  it('R41: that cannot be had costs neither the code that was mailed nor the grant that it earned', async () => {
    const outage = { now: false }
    const sms = memoryChannel('sms', async () => {
      if (outage.now) throw new Error('the database is down')
      return null
    })
    const email = memoryChannel('email', async subject => `${subject}@example.com`)
    const { twoFactor, context, settings } = makeApplication({ channels: [email, sms], policy })
    const code = () => email.sent.at(-1)?.code
    const gate = await twoFactor.login.begin('alice', context)
    const challenge = gate.outcome === 'enroll' ? gate.challenge : ''
    await twoFactor.sendCode(challenge, 'email', context)
    const options = { account: 'a', answer: { method: 'email', code: code() } }
    outage.now = true
    await expect(twoFactor.login.enroll(challenge, options, context)).rejects.toThrow('the database is down')
    outage.now = false
    await twoFactor.login.enroll(challenge, options, context)

    const asked = await twoFactor.stepUp.begin('bob', 'factors', context)
    await twoFactor.sendCode(asked.challenge, 'email', context)
    const answer = { method: 'email', code: code() }
    const { grant } = await twoFactor.stepUp.verify('bob', asked.challenge, answer, context)
    const proof = { grant: grant.token }
    outage.now = true
    await expect(twoFactor.totp.enroll('bob', { account: 'b', proof }, context)).rejects.toThrow('the database is down')
    const add = () => twoFactor.destinations.add('bob', 'sms', '+1202', proof, context)
    await expect(add()).rejects.toThrow('the database is down')
    outage.now = false
    // Nor where an enrolment is resumed that the factors have outlived.
    const relaxed = createTwoFactor({ ...settings, policy: { firstEnrollment: 'password' } })
    outage.now = false
    const outdated = await relaxed.totp.enroll('bob', { account: 'b' }, context)
    outage.now = true
    const resuming = twoFactor.totp.enroll('bob', { account: 'b', proof, resume: outdated.token }, context)
    await expect(resuming).rejects.toThrow('the database is down')
    outage.now = false
    await twoFactor.totp.enroll('bob', { account: 'b', proof, resume: outdated.token }, context)
  })

  it('R28, R30: a code on it is asked for once, though the first code to a new address is not delivered', async () => {
    const email = memoryChannel('email', async subject => `${subject}@example.com`)
    const sms = memoryChannel('sms')
    const { twoFactor, context, settings } = makeApplication({ channels: [email, sms], policy })
    const proofOf = async (subject: string) => {
      const { challenge } = await twoFactor.stepUp.begin(subject, 'factors', context)
      await twoFactor.sendCode(challenge, 'email', context)
      const answer = { method: 'email', code: email.sent.at(-1)?.code }
      return { grant: (await twoFactor.stepUp.verify(subject, challenge, answer, context)).grant.token }
    }
    const proof = await proofOf('alice')
    const failing = createTwoFactor({ ...settings, channels: [email, { ...sms, send: () => Promise.reject() }] })
    await expectRefusal(failing.destinations.add('alice', 'sms', '+1202', proof, context), 'delivery_failed')
    await twoFactor.destinations.add('alice', 'sms', '+1202', proof, context)
    await expectRefusal(twoFactor.destinations.add('alice', 'sms', '+1203', proof, context), 'proof_required')
    // Nor where that address has had enough today: it has had two, and this is one too many.
    const other = await proofOf('bob')
    await twoFactor.destinations.add('bob', 'sms', '+1202', other, context)
    const third = await proofOf('carol')
    await expectRefusal(twoFactor.destinations.add('carol', 'sms', '+1202', third, context), 'send_limit')
    await twoFactor.destinations.add('carol', 'sms', '+1203', third, context)
  })

  it('that its channel does not take is as good as none', async () => {
    const sms = { ...memoryChannel('sms', async () => '+99912345'), normalize: () => null }
    const { twoFactor, enroll } = makeApplication({ channels: [sms] })
    await enroll('alice')
    expect(await twoFactor.status('alice')).toMatchObject({ enabled: true, destinations: [] })
  })

  it('R29: is asked for at the first enrolment, and never again: a session that changes it gains nothing', async () => {
    const { twoFactor, enroll, addresses, asked, email, challenge, context } = withAddresses({ policy: {} })
    await enroll('alice')
    expect(asked).toEqual(['alice'])
    addresses.set('alice', 'mallory@example.com')
    await twoFactor.sendCode(await challenge('alice'), 'email', context)
    expect(email.sent.map(({ to }) => to)).toEqual(['alice@example.com'])
    expect(asked).toEqual(['alice'])
  })

  it('R30: comes from the moment at which the enrolment began', async () => {
    const { twoFactor, context, addresses, clock, account } = withAddresses({ policy: {} })
    const pending = await twoFactor.totp.enroll('alice', { account }, context)
    addresses.set('alice', 'mallory@example.com')
    const first = { code: virtualAuthenticator(pending.uri, clock).code() }
    await twoFactor.totp.confirm('alice', pending.token, first, context)
    expect((await twoFactor.status('alice')).destinations).toMatchObject([{ hint: 'a•••@example.com' }])
  })

  it('that is none refuses, and so does one that cannot be had: nothing is enrolled', async () => {
    for (const addressOf of [
      async () => 7 as unknown as string,
      () => Promise.reject(new Error('the database is down')),
    ]) {
      const email = memoryChannel('email', addressOf)
      const { twoFactor, context, calls } = makeApplication({ channels: [email] })
      await expect(twoFactor.totp.enroll('alice', { account: 'a' }, context)).rejects.toThrow(
        /addressOf of channel email|the database is down/,
      )
      expect(calls.put).toBe(0)
    }
    const hung = memoryChannel('email', () => new Promise(() => {}))
    const { twoFactor, context } = makeApplication({ channels: [hung], deadline: { callback: 20 } })
    const error = await errorOf(twoFactor.totp.enroll('alice', { account: 'a' }, context))
    expect(error.code).toBe('callback_timeout')
  })
})

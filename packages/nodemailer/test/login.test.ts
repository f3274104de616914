/** Whole logins, with the codes read from the mails. */
import { randomBytes } from 'node:crypto'
import { inspect } from 'node:util'
import { createTwoFactor, isRefusal, type TwoFactorOptions } from '@sallyport/core'
import { testClock, virtualAuthenticator } from '@sallyport/core/testing'
import { memoryStore } from '@sallyport/memory'
import { codeEmail, emailChannel } from '@sallyport/nodemailer'
import { createTransport } from 'nodemailer'
import { describe, expect, it, onTestFinished, vi } from 'vitest'
import { type Behaviour, localhost, type Received, reply, startMailServer } from './support/mail-server.js'

const minute = 60_000
const context = { binding: 'session-1' }
const from = 'Acme <codes@acme.example>'

/** The code, as a person finds it. */
const codeIn = (received: Received | undefined) => received?.mail.subject?.match(/^\d{6}/)?.[0]

/** An application that mails where a server is configured, as the documents show. */
function makeApplication(smtpUrl: string | undefined, options: Partial<TwoFactorOptions> = {}) {
  const clock = testClock()
  /** The codes of all messages, those that never left included. */
  const codes: string[] = []
  const email = (url: string) =>
    emailChannel({
      transport: createTransport(url),
      from,
      addressOf: async subject => (subject === 'jörg' ? 'jörg@example.org' : `${subject}@Example.ORG`),
      message(message) {
        codes.push(message.code)
        return codeEmail(message)
      },
    })
  const twoFactor = createTwoFactor({
    issuer: 'Acme',
    keys: [randomBytes(32).toString('base64')],
    store: memoryStore(),
    clock,
    channels: smtpUrl ? [email(smtpUrl)] : [],
    ...options,
  })

  async function enroll(subject: string) {
    const { uri, token } = await twoFactor.totp.enroll(subject, { account: subject }, context)
    const authenticator = virtualAuthenticator(uri, clock)
    await twoFactor.totp.confirm(subject, token, { code: authenticator.code() }, context)
    clock.advance(minute)
  }

  async function begin(subject: string) {
    const gate = await twoFactor.login.begin(subject, context)
    if (gate.outcome !== 'challenge') throw new Error(`no challenge but ${gate.outcome}`)
    return gate
  }
  return { twoFactor, clock, codes, enroll, begin }
}

async function withServer(behaviour: Behaviour = {}, options: Partial<TwoFactorOptions> = {}) {
  const server = await startMailServer(behaviour)
  return { server, ...makeApplication(`smtp://${localhost}:${server.port}`, options) }
}

/** Expects `delivery_failed`, and nothing that could not be shown. */
async function expectUndelivered(delivery: Promise<unknown>, codes: readonly string[]): Promise<void> {
  const error: unknown = await delivery.catch(thrown => thrown)
  expect(isRefusal(error) && error.code).toBe('delivery_failed')
  const shown = inspect(error, { depth: 9, showHidden: true })
  expect(shown).not.toMatch(/alice|mailbox/)
  expect(codes).toHaveLength(1)
  expect(shown).not.toContain(codes[0])
}

describe('a login by mail', () => {
  it('S6: is offered, sends one mail, and ends with the code that was in it', async () => {
    const { server, twoFactor, enroll, begin } = await withServer()
    await enroll('alice')
    const { challenge, methods } = await begin('alice')
    expect(methods).toContainEqual({ method: 'email', hint: 'a•••@example.org' })
    expect(server.received).toEqual([])
    await twoFactor.sendCode(challenge, 'email', context)
    const code = codeIn(server.received[0])
    const passed = await twoFactor.login.verify(challenge, { method: 'email', code }, context)
    expect(passed).toMatchObject({ because: 'verified', method: 'email', subject: 'alice' })
    expect(server.commands.filter(line => line.startsWith('RCPT'))).toEqual(['RCPT TO:<alice@example.org>'])
  })

  it('S6: is not offered where mail is not configured', async () => {
    const { enroll, begin } = makeApplication(undefined)
    await enroll('alice')
    expect((await begin('alice')).methods.map(({ method }) => method)).toEqual(['totp', 'recovery_code'])
  })

  it('S14: works with either of two mails, whichever comes first', async () => {
    const { server, twoFactor, clock, enroll, begin } = await withServer()
    await enroll('alice')
    const { challenge } = await begin('alice')
    await twoFactor.sendCode(challenge, 'email', context)
    clock.advance(minute)
    await twoFactor.sendCode(challenge, 'email', context)
    const [first, second] = server.received.map(codeIn)
    expect(first).toBe(second)
    await twoFactor.login.verify(challenge, { method: 'email', code: first }, context)
  })

  it('R30: begins a first enrolment where the policy asks for it, at the address that the application has confirmed', async () => {
    const { server, twoFactor } = await withServer(
      {},
      { policy: { required: true, firstEnrollment: { channel: 'email' } } },
    )
    const gate = await twoFactor.login.begin('alice', context)
    if (gate.outcome !== 'enroll') throw new Error(gate.outcome)
    await twoFactor.sendCode(gate.challenge, 'email', context)
    expect(server.received[0]?.mail.to).toMatchObject({ text: 'alice@example.org' })
  })

  it('is left out, and all else works, for an account whose own address cannot be mailed', async () => {
    const { enroll, begin } = await withServer()
    await enroll('jörg')
    expect((await begin('jörg')).methods.map(({ method }) => method)).toEqual(['totp', 'recovery_code'])
  })
})

describe('a destination by mail', () => {
  it('R26: is confirmed by the code that reached it, in the one form of the address', async () => {
    const { server, twoFactor } = await withServer()
    const { enrollment, hint } = await twoFactor.destinations.add('bob', 'email', ' Bob@EXAMPLE.com ', null, context)
    expect(hint).toBe('B•••@example.com')
    expect(server.received[0]?.mail).toMatchObject({
      to: { text: 'Bob@example.com' },
      text: expect.stringContaining('to confirm this address'),
    })
    await twoFactor.destinations.confirm('bob', enrollment, codeIn(server.received[0]), context)
    expect((await twoFactor.status('bob')).destinations).toMatchObject([{ channel: 'email', hint }])
  })

  it('is refused before anything is sent where it is no address', async () => {
    const { server, twoFactor } = await withServer()
    for (const typed of ['bob', 'bob@example.com, eve@example.com', '"bob@example.com" <eve@example.com>', 7]) {
      const error: unknown = await twoFactor.destinations
        .add('bob', 'email', typed, null, context)
        .catch(thrown => thrown)
      expect(error).toMatchObject({ code: 'invalid_input', field: 'address' })
    }
    expect(server.commands).toEqual([])
  })
})

describe('a delivery that fails', () => {
  it('R28: for now, by greylisting, is told, and a resend of the same code works', async () => {
    let greylisted = true
    const { server, twoFactor, clock, codes, enroll, begin } = await withServer({
      onRcptTo: (_address, _session, callback) =>
        greylisted ? callback(reply(451, 'no mailbox yet for alice')) : callback(),
    })
    await enroll('alice')
    const { challenge } = await begin('alice')
    await expectUndelivered(twoFactor.sendCode(challenge, 'email', context), codes)
    greylisted = false
    clock.advance(minute)
    await twoFactor.sendCode(challenge, 'email', context)
    expect(codes).toEqual([codeIn(server.received[0]), codeIn(server.received[0])])
    await twoFactor.login.verify(challenge, { method: 'email', code: codes[0] }, context)
  })

  it('R28: because the server hangs is told in time, and what arrives after all is good all the same', async () => {
    const { server, twoFactor, codes, enroll, begin } = await withServer({ answer: () => new Promise(() => {}) })
    await enroll('alice')
    const { challenge } = await begin('alice')
    const arrived = server.next()
    // The deadline of the channel, no timer of nodemailer's, which are all longer.
    const deadlines = vi.spyOn(globalThis, 'setTimeout')
    onTestFinished(() => deadlines.mockRestore())
    const delivery = twoFactor.sendCode(challenge, 'email', context)
    delivery.catch(() => {})
    const late = await arrived
    const [deadline] = deadlines.mock.calls.find(([, ms]) => ms === 10_000) ?? []
    deadline?.()
    await expectUndelivered(delivery, codes)
    await server.idle()
    await twoFactor.login.verify(challenge, { method: 'email', code: codeIn(late) }, context)
  })

  it('R28: for good leaves the other methods as they were', async () => {
    const { twoFactor, codes, enroll, begin } = await withServer({
      onRcptTo: (_address, _session, callback) => callback(reply(550, 'no mailbox here for alice')),
    })
    await enroll('alice')
    const { challenge, methods } = await begin('alice')
    await expectUndelivered(twoFactor.sendCode(challenge, 'email', context), codes)
    expect((await begin('alice')).methods).toEqual(methods)
    const guess = { method: 'email', code: '123456' }
    await expect(twoFactor.login.verify(challenge, guess, context)).rejects.toMatchObject({ code: 'invalid_code' })
  })
})

/** A whole login by SMS, over both channels. */
import { randomBytes } from 'node:crypto'
import { type Channel, createTwoFactor, type TwoFactorEvent } from '@sallyport/core'
import { testClock } from '@sallyport/core/testing'
import { memoryStore } from '@sallyport/memory'
import { afterAll, beforeAll, describe, expect, it, onTestFinished, vi } from 'vitest'
import { consoleChannel, twilioChannel } from '../src/index.js'
import { phoneNumbers } from '../src/phone.js'
import { rejection } from './support/message.js'
import { account, refuse, silence, twilioServer } from './support/twilio-server.js'

/** It is never answered for. */
const silent = '+12025550111'

let server: Awaited<ReturnType<typeof twilioServer>>
beforeAll(async () => {
  server = await twilioServer({
    '+12025550110': refuse(400, 21610, () => 'blocked'),
    [silent]: silence,
  })
})
afterAll(() => server.close())

const context = { binding: 'session-1' }
const normalize = phoneNumbers({ defaultCountry: 'US', countries: ['US', 'CA'] })

function application(channel: Channel) {
  const clock = testClock()
  const events: TwoFactorEvent[] = []
  const twoFactor = createTwoFactor({
    issuer: 'Acme',
    keys: [randomBytes(32).toString('base64')],
    store: memoryStore(),
    channels: [channel],
    clock,
    onEvent: event => void events.push(event),
  })
  return { twoFactor, clock, events }
}

function channels(): [string, () => { channel: Channel; lastText: () => string }][] {
  const byTwilio = () => {
    const channel = twilioChannel({ ...account, baseUrl: server.url, domain: 'acme.example', normalize })
    return { channel, lastText: () => server.messages.at(-1)?.text ?? '' }
  }
  const onConsole = () => {
    const lines: string[] = []
    const channel = consoleChannel({ print: line => void lines.push(line), normalize })
    return { channel, lastText: () => lines.at(-1)?.split(': ').at(-1) ?? '' }
  }
  return [
    ['twilioChannel', byTwilio],
    ['consoleChannel', onConsole],
  ]
}

describe.each(channels())('S7: a phone number over %s', (_, open) => {
  it('is confirmed by the code that it gets, and signs in by the next one', async () => {
    const { channel, lastText } = open()
    const { twoFactor, clock } = application(channel)
    const code = () => lastText().slice(0, 6)

    const added = await twoFactor.destinations.add('alice', 'sms', '(202) 555-0142', null, context)
    expect(added.hint).toBe('•••• 42')
    expect(lastText()).toMatch(/^\d{6} is your Acme code to confirm this number\./)
    await twoFactor.destinations.confirm('alice', added.enrollment, code(), context)
    clock.advance(60_000)

    const gate = await twoFactor.login.begin('alice', context)
    if (gate.outcome !== 'challenge') throw new Error(gate.outcome)
    expect(gate.methods[0]).toEqual({ method: 'sms', hint: '•••• 42' })
    await twoFactor.sendCode(gate.challenge, 'sms', context)
    expect(lastText()).toMatch(/^\d{6} is your Acme code to sign in\./)
    const passed = await twoFactor.login.verify(gate.challenge, { method: 'sms', code: code() }, context)
    expect(passed).toMatchObject({ subject: 'alice', because: 'verified', method: 'sms', amr: ['sms', 'mfa'] })
  })

  it('R25: is the same number where an address book has put invisible marks around it', async () => {
    const { channel } = open()
    const pasted = '\u202a+1 202 555 0142\u202c'
    expect(channel.normalize?.(pasted)).toBe('+12025550142')
    const { twoFactor } = application(channel)
    const added = await twoFactor.destinations.add('alice', 'sms', pasted, null, context)
    expect(added.hint).toBe('•••• 42')
  })

  it('R25: of another country, or that is none, is refused before anything is sent', async () => {
    const { channel, lastText } = open()
    const { twoFactor } = application(channel)
    const before = lastText()
    for (const typed of ['+44 7400 123456', '+1 900 555 0123', '555-0142', 'sms', ['+12025550142']]) {
      const added = twoFactor.destinations.add('alice', 'sms', typed, null, context)
      await expect(added).rejects.toMatchObject({ code: 'invalid_input', field: 'address' })
    }
    expect(lastText()).toBe(before)
  })
})

describe('a code that Twilio refuses, or never answers for', () => {
  it.each(['+12025550110', silent])('R28: is delivery_failed, and an event: %s', async number => {
    const channel = twilioChannel({ ...account, baseUrl: server.url, normalize })
    const { twoFactor, events } = application(channel)
    const reached = server.reached(number)
    // The deadlines of core: of those that still run there is that of the channel.
    const deadlines = vi.spyOn(globalThis, 'setTimeout')
    onTestFinished(() => deadlines.mockRestore())
    const added = rejection(twoFactor.destinations.add('alice', 'sms', number, null, context))
    await reached
    if (number === silent) for (const [end, ms] of deadlines.mock.calls) if (ms === 10_000) end()
    const refused = await added
    expect(refused).toMatchObject({ kind: 'refusal', code: 'delivery_failed' })
    expect(refused).not.toHaveProperty('cause')
    expect(events).toMatchObject([{ type: 'delivery_failed', channel: 'sms' }])
    await expect.poll(() => server.closed, { timeout: 10_000 }).toContain(number)
    expect(await twoFactor.status('alice')).toMatchObject({ enabled: false, destinations: [] })
  })
})

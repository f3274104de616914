/**
 * A record as the first release seals it, with the tokens of its day. Releases to come have to open it: where this test fails, stored
 * records of applications have become unreadable.
 */
import { readFileSync } from 'node:fs'
import { createTwoFactor } from '@sallyport/core'
import { memoryChannel, testClock, virtualAuthenticator } from '@sallyport/core/testing'
import { memoryStore } from '@sallyport/memory'
import { describe, expect, it } from 'vitest'
import { expectRefusal, minute } from '../support/harness.js'

const golden: {
  madeAt: string
  key: string
  storeKey: string
  version: string
  body: string
  uri: string
  recoveryCodes: string[]
  device: string
  challenge: string
  mailed: string
} = JSON.parse(readFileSync(new URL('golden-record.json', import.meta.url), 'utf8'))

async function fromThen() {
  const store = memoryStore()
  const body = new Uint8Array(Buffer.from(golden.body, 'base64'))
  await store.put(golden.storeKey, { version: golden.version, body, expiresAt: null, summary: null }, null)
  const clock = testClock(new Date(golden.madeAt))
  const twoFactor = createTwoFactor({
    issuer: 'Acme',
    keys: [golden.key],
    namespace: 'golden',
    store,
    clock,
    channels: [memoryChannel('email'), memoryChannel('sms')],
    policy: { allowlist: { mode: 'bypass', perSubject: true } },
  })
  const context = { binding: 'session-1', credential: 'password-1', ip: '198.51.100.1' }
  return { twoFactor, clock, context, phone: virtualAuthenticator(golden.uri, clock) }
}

describe('a record of the first release', () => {
  it('R39, R48: is found and opens, with all that was in it', async () => {
    const { twoFactor } = await fromThen()
    const status = await twoFactor.status('alice')
    expect(status).toMatchObject({
      enabled: true,
      // Five wrong codes had locked the phone number.
      methods: [{ method: 'totp' }, { method: 'email' }, { method: 'recovery_code' }],
      authenticators: [{ name: 'phone' }],
      recoveryCodes: { left: 9 },
      trustedDevices: [{ name: 'laptop' }],
      allowlist: [{ network: '203.0.113.0/24', name: 'office', proven: true }],
    })
    expect(status.destinations).toMatchObject([
      { channel: 'email', hint: 'a•••@example.com' },
      { channel: 'sms', hint: '•••• 42' },
    ])
  })

  it('R4, R18, R24, R36, R44: keeps what was used used, and takes what was not', async () => {
    const { twoFactor, clock, context, phone } = await fromThen()
    const verify = (answer: { method: string; code: string | undefined }) =>
      twoFactor.login.verify(golden.challenge, answer, context)
    await expectRefusal(verify({ method: 'totp', code: phone.code() }), 'invalid_code')
    await expectRefusal(verify({ method: 'recovery_code', code: golden.recoveryCodes[0] }), 'invalid_code')
    await expectRefusal(verify({ method: 'sms', code: '000000' }), 'locked')
    const begun = async (given: object) => {
      const gate = await twoFactor.login.begin('alice', { ...context, ...given })
      return gate.outcome === 'passed' ? gate.passed.because : gate.outcome
    }
    expect(await begun({})).toBe('challenge')
    expect(await begun({ trustedDevice: golden.device })).toBe('trusted_device')
    expect(await begun({ trustedDevice: golden.device, credential: 'password-2' })).toBe('challenge')
    expect(await begun({ ip: '203.0.113.9' })).toBe('allowlisted_address')
    expect(await verify({ method: 'email', code: golden.mailed })).toMatchObject({ because: 'verified' })
    await expectRefusal(verify({ method: 'recovery_code', code: golden.recoveryCodes[1] }), 'challenge_expired')
    clock.advance(minute)
    const proof = { method: 'totp', code: phone.code() }
    expect((await twoFactor.recoveryCodes.regenerate('alice', proof, context)).recoveryCodes).toHaveLength(10)
  })
})

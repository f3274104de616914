/** What a thief of the storage reads: every value that the backends keep, in search of anything that should not be there. */
import { createTwoFactor } from '@sallyport/core'
import { memoryChannel, testClock, virtualAuthenticator } from '@sallyport/core/testing'
import { base32 } from '@scure/base'
import { describe, expect, it } from 'vitest'
import { minute, newKey, start } from '../packages/core/test/support/harness.js'
import { connect, dropPlace, dumpPlace, makePlace, sharedBackendNames } from './backends/index.js'

/** A secret in the forms in which somebody might have stored it. */
function formsOf(secret: string): string[] {
  const bytes = Buffer.from(secret)
  // Base64 of a text within another depends on where it begins.
  const shifted = [0, 1, 2].map(pad => {
    const encoded = Buffer.concat([Buffer.alloc(pad), bytes]).toString('base64')
    return encoded.slice(Math.ceil((pad * 8) / 6), -4)
  })
  return [secret, bytes.toString('hex'), ...shifted.filter(form => form.length >= 6)]
}

/** A stored value in every way of reading it. */
function readings(value: unknown): string[] {
  if (value instanceof ArrayBuffer) return readings(Buffer.from(value))
  if (!ArrayBuffer.isView(value)) return [String(value)]
  const bytes = Buffer.from(value.buffer, value.byteOffset, value.byteLength)
  return [bytes.toString('latin1'), bytes.toString('utf16le'), bytes.toString('hex'), bytes.toString('base64')]
}

describe.each(sharedBackendNames)('what %s keeps', backend => {
  it('R40: holds no code, secret, key, token or address', async () => {
    const place = await makePlace(backend)
    const { store, close } = await connect(place)
    const clock = testClock(start)
    const [address, number, key] = ['alice.canary@example.com', '+12025550142', newKey()]
    const email = memoryChannel('email', async () => address)
    const sms = memoryChannel('sms')
    const settings = { issuer: 'Acme', keys: [key], store, clock, deadline: { store: 30_000 } }
    const twoFactor = createTwoFactor({ ...settings, channels: [email, sms] })
    const context = { binding: 'binding-canary', credential: 'credential-canary' }
    const secrets = new Set([
      address,
      'alice.canary',
      number,
      number.slice(1),
      key,
      'binding-canary',
      'credential-canary',
    ])

    const pending = await twoFactor.totp.enroll('alice', { account: address }, context)
    const authenticator = virtualAuthenticator(pending.uri, clock)
    const first = authenticator.code()
    const { recoveryCodes } = await twoFactor.totp.confirm('alice', pending.token, { code: first }, context)
    const setupKey = pending.setupKey.replaceAll(' ', '')
    for (const secret of [pending.token, setupKey, ...(recoveryCodes ?? [])]) secrets.add(secret)
    for (const code of recoveryCodes ?? []) secrets.add(code.replaceAll('-', ''))
    const proof = { method: 'recovery_code', code: recoveryCodes?.[0] }
    const { enrollment } = await twoFactor.destinations.add('alice', 'sms', number, proof, context)
    await twoFactor.destinations.confirm('alice', enrollment, sms.sent.at(-1)?.code, context)
    secrets.add(enrollment)
    // One code stays alive, one is answered wrongly, and a counter of the address is there.
    for (const [channel, { sent }] of [
      ['email', email],
      ['sms', sms],
    ] as const) {
      clock.advance(minute)
      const gate = await twoFactor.login.begin('alice', context)
      if (gate.outcome !== 'challenge') throw new Error(gate.outcome)
      secrets.add(gate.challenge)
      await twoFactor.sendCode(gate.challenge, channel, context)
      const code = sent.at(-1)?.code === '000000' ? '000001' : '000000'
      const wrong = twoFactor.login.verify(gate.challenge, { method: channel, code }, context)
      await expect(wrong).rejects.toMatchObject({ code: 'invalid_code' })
    }

    // What is begun, imported, reset, or fails.
    clock.advance(minute)
    const stepUp = await twoFactor.stepUp.begin('alice', 'pay', context)
    const answer = { method: 'totp', code: authenticator.code() }
    const { grant } = await twoFactor.stepUp.verify('alice', stepUp.challenge, answer, context)
    const replacing = { method: 'recovery_code', code: recoveryCodes?.[1] }
    const begun = await twoFactor.destinations.add('alice', 'sms', '+12025550143', replacing, context)
    for (const secret of [stepUp.challenge, grant.token, begun.enrollment, '12025550143']) secrets.add(secret)
    const imported = 'NB2HI4DTHIXS653XO4XHS33VMJSXG5BA'
    const audit = { by: 'operator', reason: 'moved' }
    const factors = { totp: { secret: imported }, destinations: { email: 'bob.canary@example.com' } }
    await twoFactor.operator.import('bob', factors, audit)
    const { permit } = await twoFactor.operator.reset('carol', audit)
    for (const secret of [imported, 'bob.canary', permit?.token ?? '']) secrets.add(secret)
    const deaf = { ...sms, send: () => Promise.reject(new Error('503')) }
    const failing = createTwoFactor({ ...settings, channels: [deaf] })
    const failed = failing.destinations.add('dave', 'sms', '+12025550144', null, context)
    await expect(failed).rejects.toMatchObject({ code: 'delivery_failed' })
    secrets.add('12025550144')

    const kept = await dumpPlace(place)
    const text = kept.flatMap(readings).join('\n')
    expect(kept.length).toBeGreaterThan(6)
    expect([...secrets].filter(secret => formsOf(secret).some(form => text.includes(form)))).toEqual([])
    const raw = [setupKey, imported].map(secret => Buffer.from(base32.decode(secret)))
    const asStored = raw.flatMap(bytes => [
      bytes.toString('latin1'),
      bytes.toString('hex'),
      bytes.toString('base64').slice(0, -4),
    ])
    expect(asStored.filter(form => text.includes(form))).toEqual([])
    // Six digits are found in any long hex by chance: they are looked for between what is no digit.
    for (const { code } of [...email.sent, ...sms.sent, { code: first }, answer])
      expect(text).not.toMatch(new RegExp(`(?<![\\da-f])${code}(?![\\da-f])`))
    await close()
    await dropPlace(place)
  })
})

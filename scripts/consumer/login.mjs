/**
 * What `npm test` runs in an empty project that has installed the packed packages: a person enrols and logs in. The CommonJS
 * project runs the same lines, with `require` in place of the imports.
 */
import assert from 'node:assert/strict'
import { randomBytes } from 'node:crypto'
import { createTwoFactor, isRefusal } from '@sallyport/core'
import { problem } from '@sallyport/core/http'
import { clientIp } from '@sallyport/core/ip'
import { parseKeyUri } from '@sallyport/core/otp'
import { qrSvg } from '@sallyport/core/qr'
import { testClock, virtualAuthenticator } from '@sallyport/core/testing'
import { memoryStore } from '@sallyport/memory'

const clock = testClock()
const twoFactor = createTwoFactor({
  issuer: 'Acme',
  keys: [randomBytes(32).toString('base64')],
  store: memoryStore(),
  clock,
})

async function main() {
  const before = await twoFactor.login.begin('alice')
  assert.equal(before.outcome, 'passed')

  const enrollment = await twoFactor.totp.enroll('alice', { account: 'alice@example.com' }, { binding: 'session 1' })
  assert.match(qrSvg(enrollment.uri), /^<svg/)
  assert.equal(parseKeyUri(enrollment.uri).issuer, 'Acme')
  const authenticator = virtualAuthenticator(enrollment.uri, clock)
  const answer = { code: authenticator.code() }
  const { recoveryCodes } = await twoFactor.totp.confirm('alice', enrollment.token, answer, { binding: 'session 1' })
  assert.equal(recoveryCodes?.length, 10)

  const gate = await twoFactor.login.begin('alice', { binding: 'session 2' })
  assert(gate.outcome === 'challenge')
  const wrong = { method: 'totp', code: '000000' }
  await assert.rejects(twoFactor.login.verify(gate.challenge, wrong, { binding: 'session 2' }), error => {
    return isRefusal(error) && error.code === 'invalid_code' && problem(error)?.body.code === 'invalid_code'
  })
  const right = { method: 'totp', code: authenticator.code() }
  const passed = await twoFactor.login.verify(gate.challenge, right, { binding: 'session 2' })
  assert.equal(passed.subject, 'alice')
  assert.equal(passed.because, 'verified')

  const again = await twoFactor.login.begin('alice')
  assert(again.outcome === 'challenge')
  const recovery = { method: 'recovery_code', code: recoveryCodes[0] }
  assert.equal((await twoFactor.login.verify(again.challenge, recovery)).recoveryCodesLeft, 9)
  const headers = { 'x-forwarded-for': '192.0.2.1, 203.0.113.7' }
  assert.equal(clientIp({ remoteAddress: '::ffff:10.0.0.1', headers, trustedProxies: ['10.0.0.0/8'] }), '203.0.113.7')
  console.log('enrolled and logged in')
}

main().catch(error => {
  console.error(error)
  process.exitCode = 1
})

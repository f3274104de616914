/** What people do with a second factor. All that comes of it, and is secret, is told to the application's `secrets`. */
import { virtualAuthenticator } from '@sallyport/core/testing'
import { base64urlnopad } from '@scure/base'
import { expect } from 'vitest'
import { minute } from '../../packages/core/test/support/harness.js'
import { type Application, context } from './application.js'

export type Alice = Awaited<ReturnType<typeof enroll>>

const audit = { by: 'operator', reason: 'moved' }

/** Somebody with an authenticator and recovery codes. */
export async function enroll({ twoFactor, clock, secrets, addressOf }: Application) {
  const pending = await twoFactor.totp.enroll('alice', { account: addressOf('alice') }, context)
  secrets.add(pending.token)
  secrets.addSetupKey(pending.setupKey)
  const authenticator = virtualAuthenticator(pending.uri, clock)
  /** A fresh code of it. */
  const answer = () => {
    clock.advance(minute)
    const code = authenticator.code()
    secrets.codes.push(code)
    return { method: 'totp', code }
  }
  const { recoveryCodes } = await twoFactor.totp.confirm('alice', pending.token, answer(), context)
  secrets.addRecoveryCodes(recoveryCodes ?? [])
  return { answer, recoveryCodes: recoveryCodes ?? [] }
}

export async function addNumber({ twoFactor, sms, secrets }: Application, { recoveryCodes }: Alice): Promise<void> {
  const proof = { method: 'recovery_code', code: recoveryCodes[0] }
  const { enrollment } = await twoFactor.destinations.add('alice', 'sms', '+12025550142', proof, context)
  await twoFactor.destinations.confirm('alice', enrollment, sms.sent.at(-1)?.code, context)
  secrets.add(enrollment, '12025550142')
}

/** One code stays alive on each channel, and was answered wrongly; a counter of the address is there. */
export async function answerWrongly(application: Application): Promise<void> {
  const { twoFactor, email, sms, clock } = application
  for (const channel of [email, sms]) {
    clock.advance(minute)
    const challenge = await challengeOf(application)
    await twoFactor.sendCode(challenge, channel.id, context)
    const code = channel.sent.at(-1)?.code === '000000' ? '000001' : '000000'
    const wrong = twoFactor.login.verify(challenge, { method: channel.id, code }, context)
    await expect(wrong).rejects.toMatchObject({ code: 'invalid_code' })
  }
}

export async function stepUp({ twoFactor, secrets }: Application, { answer }: Alice): Promise<void> {
  const { challenge } = await twoFactor.stepUp.begin('alice', 'pay', context)
  const { grant } = await twoFactor.stepUp.verify('alice', challenge, answer(), context)
  secrets.add(challenge, grant.token)
}

export async function regenerate({ twoFactor, secrets }: Application, { answer }: Alice): Promise<void> {
  const { recoveryCodes } = await twoFactor.recoveryCodes.regenerate('alice', answer(), context)
  secrets.addRecoveryCodes(recoveryCodes)
}

export async function listNetworks({ twoFactor, secrets }: Application, { answer }: Alice): Promise<void> {
  for (const network of ['198.51.100.0/24', '2001:db8:77::/48']) {
    await twoFactor.allowlist.add('alice', { network }, answer(), context)
  }
  const listed = '198.51.100.177'
  const gate = await twoFactor.login.begin('alice', { ...context, ip: listed })
  expect(gate).toMatchObject({ passed: { because: 'allowlisted_address' } })
  secrets.add(listed, '198.51.100.0', '2001:db8:77')
}

export async function trustBrowser(application: Application, { answer }: Alice): Promise<void> {
  const { twoFactor, secrets } = application
  const trusting = { ...answer(), trustDevice: { name: 'laptop' } }
  const { trustedDevice } = await twoFactor.login.verify(await challengeOf(application), trusting, context)
  const token = trustedDevice?.token ?? ''
  const gate = await twoFactor.login.begin('alice', { ...context, trustedDevice: token })
  expect(gate).toMatchObject({ passed: { because: 'trusted_device' } })
  secrets.add(token)
  secrets.bytes.push(base64urlnopad.decode(token))
}

/** A change of a destination that nobody has confirmed yet. */
export async function beginNumber({ twoFactor, secrets }: Application, { answer }: Alice): Promise<void> {
  const begun = await twoFactor.destinations.add('alice', 'sms', '+12025550143', answer(), context)
  secrets.add(begun.enrollment, '12025550143')
}

/** Somebody's first factor, after a code on the account's own address; `look` sees what is kept while it is on its way. */
export async function enrollByChannel(application: Application, look: () => Promise<void>): Promise<void> {
  const { otherwise, email, clock, secrets, addressOf } = application
  const twoFactor = otherwise({ policy: { required: true, firstEnrollment: { channel: 'email' } } })
  const gate = await twoFactor.login.begin('erin', context)
  if (gate.outcome !== 'enroll') throw new Error(gate.outcome)
  await twoFactor.sendCode(gate.challenge, 'email', context)
  await look()
  const answer = { method: 'email', code: email.sent.at(-1)?.code }
  const account = addressOf('erin')
  const pending = await twoFactor.login.enroll(gate.challenge, { account, answer }, context)
  await look()
  const code = virtualAuthenticator(pending.uri, clock).code()
  const { recoveryCodes } = await twoFactor.login.confirm(pending.token, { code }, context)
  secrets.add(gate.challenge, pending.token)
  secrets.addSetupKey(pending.setupKey)
  secrets.addRecoveryCodes(recoveryCodes)
  secrets.codes.push(code)
}

/** What is imported, reset, or fails. */
export async function operate({ twoFactor, otherwise, sms, secrets, addressOf }: Application): Promise<void> {
  const imported = 'NB2HI4DTHIXS653XO4XHS33VMJSXG5BA'
  const factors = { totp: { secret: imported }, destinations: { email: addressOf('bob') } }
  await twoFactor.operator.import('bob', factors, audit)
  const { permit } = await twoFactor.operator.reset('carol', audit)
  const deaf = otherwise({ channels: [{ ...sms, send: () => Promise.reject(new Error('503')) }] })
  const failed = deaf.destinations.add('dave', 'sms', '+12025550144', null, context)
  await expect(failed).rejects.toMatchObject({ code: 'delivery_failed' })
  secrets.addSetupKey(imported)
  secrets.add(permit?.token ?? '', '12025550144')
}

async function challengeOf({ twoFactor, secrets }: Application): Promise<string> {
  const gate = await twoFactor.login.begin('alice', context)
  if (gate.outcome !== 'challenge') throw new Error(gate.outcome)
  secrets.add(gate.challenge)
  return gate.challenge
}

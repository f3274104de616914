import { runInNewContext } from 'node:vm'
import { createTwoFactor, type TwoFactorOptions } from '@sallyport/core'
import { memoryStore } from '@sallyport/memory'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { errorOf, expectRefusal, makeApplication, newKey, refusalOf } from '../support/harness.js'

const megabytes = 'A'.repeat(4 * 1024 * 1024)
const digits = '1'.repeat(4 * 1024 * 1024)

/** What may come in where a string belongs. */
const hostile: unknown[] = [
  undefined,
  null,
  0,
  123456,
  Number.NaN,
  true,
  '',
  ' ',
  [],
  ['123456'],
  {},
  { $ne: null },
  { toString: () => '123456' },
  { valueOf: () => 123456, length: 6 },
  () => '123456',
  Symbol('code'),
  new Date(),
  new Map(),
  new String('123456'),
  123456n,
  '１２３４５６',
  '١٢٣٤٥٦',
  '12345６',
  '1e5000',
  '+12345',
  '12345',
  '123456789',
  '123456\u0000',
  '\u202E123456',
  '0x1234',
  megabytes,
  digits,
  `${' '.repeat(100)}123456`,
]

describe('input from a browser', () => {
  it('R45: that is no code is refused before the store is touched', async () => {
    const { twoFactor, enroll, challenge, context, calls, reset } = makeApplication()
    const alice = await enroll('alice')
    const token = await challenge('alice')
    const stepUp = await twoFactor.stepUp.begin('alice', 'pay', context)
    const pending = await twoFactor.totp.enroll(
      'alice',
      { account: 'alice', proof: { method: 'totp', code: alice.code() } },
      context,
    )
    reset()
    for (const code of hostile) {
      for (const method of ['totp', 'recovery_code']) {
        const answer = { method, code }
        await expectRefusal(twoFactor.login.verify(token, answer, context), 'invalid_code')
        await expectRefusal(twoFactor.stepUp.verify('alice', stepUp.challenge, answer, context), 'invalid_code')
        await expectRefusal(twoFactor.disable('alice', answer, context), 'invalid_code')
        await expectRefusal(twoFactor.recoveryCodes.regenerate('alice', answer, context), 'invalid_code')
        await expectRefusal(twoFactor.totp.remove('alice', alice.id, answer, context), 'invalid_code')
        await expectRefusal(twoFactor.totp.enroll('alice', { account: 'a', proof: answer }, context), 'invalid_code')
      }
      await expectRefusal(twoFactor.totp.confirm('alice', pending.token, { code }, context), 'invalid_code')
      await expectRefusal(twoFactor.login.confirm(pending.token, { code }, context), 'invalid_code')
    }
    expect(calls).toEqual({ get: 0, put: 0, delete: 0 })
  })

  it('R45: that is no token is refused before the store is touched', async () => {
    const { twoFactor, enroll, context, calls, reset } = makeApplication()
    const alice = await enroll('alice')
    const answer = { method: 'totp', code: '123456' }
    reset()
    for (const token of hostile) {
      await expectRefusal(twoFactor.login.verify(token, answer, context), 'challenge_expired')
      await expectRefusal(twoFactor.login.enroll(token, { account: 'a' }, context), 'challenge_expired')
      await expectRefusal(twoFactor.login.confirm(token, answer, context), 'enrollment_expired')
      await expectRefusal(twoFactor.stepUp.verify('alice', token, answer, context), 'challenge_expired')
      await expectRefusal(twoFactor.stepUp.redeem(token, 'alice', 'pay', context), 'proof_required')
      await expectRefusal(twoFactor.totp.confirm('alice', token, answer, context), 'enrollment_expired')
      await expectRefusal(twoFactor.disable('alice', { grant: token }, context), 'proof_required')
    }
    expect(calls).toEqual({ get: 0, put: 0, delete: 0 })
    for (const resume of hostile) {
      const proof = { method: 'totp', code: 'wrong' }
      await expectRefusal(twoFactor.totp.enroll('alice', { account: 'a', resume, proof }, context), 'invalid_code')
    }
    expect(calls).toEqual({ get: 0, put: 0, delete: 0 })
    const foreign = await twoFactor.totp.enroll('mallory', { account: 'm' }, context)
    const elsewhere = await twoFactor.totp.enroll('bob', { account: 'b' }, { binding: 'other' })
    reset()
    for (const resume of [foreign.token, elsewhere.token]) {
      const proof = { method: 'totp', code: 'wrong' }
      await expectRefusal(twoFactor.totp.enroll('alice', { account: 'a', resume, proof }, context), 'invalid_code')
    }
    expect(calls).toEqual({ get: 0, put: 0, delete: 0 })
    for (const permit of hostile) {
      expect((await twoFactor.login.begin('alice', { ...context, permit })).outcome).toBe('challenge')
    }
    expect(alice.recoveryCodes).toHaveLength(10)
  })

  it('R45: that is no method is refused before the store is touched', async () => {
    const { twoFactor, enroll, challenge, context, calls, reset } = makeApplication()
    await enroll('alice')
    const token = await challenge('alice')
    reset()
    for (const method of [...hostile, 'TOTP', 'email', '__proto__', 'constructor']) {
      const answer = { method, code: '123456' }
      await expectRefusal(twoFactor.login.verify(token, answer, context), 'method_unavailable')
    }
    expect(calls).toEqual({ get: 0, put: 0, delete: 0 })
  })

  it('R45: of any kind ends in a refusal, never in a crash or in a pass', async () => {
    const { twoFactor, enroll, challenge, context } = makeApplication()
    await enroll('alice')
    const token = await challenge('alice')
    const anything = fc.anything({ withBigInt: true, withDate: true, withMap: true, withTypedArray: true })
    await fc.assert(
      fc.asyncProperty(anything, anything, fc.oneof(anything, fc.constant(token)), async (method, code, challenge) => {
        await refusalOf(twoFactor.login.verify(challenge, { method, code }, context))
        await refusalOf(twoFactor.disable('alice', { method, code }, context))
        await refusalOf(twoFactor.disable('alice', { grant: code }, context))
        await refusalOf(twoFactor.totp.confirm('alice', challenge, { code, name: method }, context))
      }),
      { numRuns: 300 },
    )
  })
})

describe('what the programmer passes wrong', () => {
  const names = (error: { kind: string; message: string }, argument: string) => {
    expect(error.kind).toBe('usage')
    expect(error.message.startsWith(`${argument} `), `${error.message} names ${argument}`).toBe(true)
  }

  it.each<[string, unknown]>([
    ['empty', ''],
    ['undefined', undefined],
    ['null', null],
    ['a number', 7],
    ['an object', { id: 'alice' }],
    ['an array', ['alice']],
    ['too long', 'a'.repeat(257)],
    ['a lone surrogate', 'alice\uD800'],
  ])('a subject that is %s is a usage error at every verb, before the store is touched', async (_what, wrong) => {
    const { twoFactor, context, calls } = makeApplication()
    const subject = wrong as string
    const proof = { method: 'totp', code: '123456' }
    const audit = { by: 'op', reason: 'r' }
    for (const verb of [
      () => twoFactor.login.begin(subject, context),
      () => twoFactor.stepUp.begin(subject, 'pay', context),
      () => twoFactor.stepUp.verify(subject, 'token', proof, context),
      () => twoFactor.stepUp.redeem('token', subject, 'pay', context),
      () => twoFactor.totp.enroll(subject, { account: 'a' }, context),
      () => twoFactor.totp.confirm(subject, 'token', proof, context),
      () => twoFactor.totp.remove(subject, 'id', proof, context),
      () => twoFactor.recoveryCodes.regenerate(subject, proof, context),
      () => twoFactor.status(subject, context),
      () => twoFactor.disable(subject, proof, context),
      () => twoFactor.allowlist.add(subject, { network: '203.0.113.7' }, proof, context),
      () => twoFactor.allowlist.remove(subject, { id: 'id' }, proof, context),
      () => twoFactor.trustedDevices.revoke(subject, 'id'),
      () => twoFactor.trustedDevices.revokeAll(subject),
      () => twoFactor.operator.reset(subject, audit),
      () => twoFactor.operator.clearAllowlist(subject, audit),
      () => twoFactor.operator.unlock(subject, audit),
      () => twoFactor.operator.forget(subject, audit),
      () => twoFactor.operator.import(subject, { totp: { secret: 'GEZDGNBVGY3TQOJQ' } }, audit),
      () => twoFactor.operator.reseal([subject]),
    ]) {
      names(await errorOf(verb()), 'subject')
    }
    expect(calls).toEqual({ get: 0, put: 0, delete: 0 })
  })

  it.each<[string, unknown]>([
    ['context', 7],
    ['context', null],
    ['context', { ipAddress: '203.0.113.7' }],
    ['context', Promise.resolve({ binding: 'session-1' })],
    ['context', new Map([['binding', 'session-1']])],
    ['context', new Date()],
    ['context', Math],
    [
      'context',
      new (class Context {
        get binding() {
          return 'session-1'
        }
      })(),
    ],
    ['context.binding', { binding: 7 }],
    ['context.binding', { binding: '' }],
    ['context.binding', { binding: 'session\uD800' }],
    ['context.binding', { binding: 'a'.repeat(4097) }],
    ['context.credential', { credential: new Date() }],
    ['context.generation', { generation: -1 }],
    ['context.generation', { generation: 1.5 }],
    ['context.generation', { generation: '7' }],
    ['context.createdAt', { createdAt: new Date('nonsense') }],
    ['context.eligible', { eligible: 'no' }],
    ['context.required', { required: 'yes' }],
    ['context.required', { required: new Date('nonsense') }],
  ])('%s: %j is a usage error that names it', async (argument, context) => {
    const { twoFactor, calls } = makeApplication({ policy: { firstEnrollment: 'password' } })
    names(await errorOf(twoFactor.login.begin('alice', context as object)), argument)
    expect(calls).toEqual({ get: 0, put: 0, delete: 0 })
  })

  it.each<[string, object]>([
    ['options.account', { account: '' }],
    ['options.account', { account: '  ' }],
    ['options.account', { account: 'a:b' }],
    ['options.account', { account: 7 }],
    ['options.account', {}],
    ['options', { account: 'a', accountName: 'b' }],
  ])('%s: %j is a usage error at enrolment', async (argument, options) => {
    const { twoFactor, context, calls } = makeApplication()
    names(await errorOf(twoFactor.totp.enroll('alice', options as { account: string }, context)), argument)
    expect(calls).toEqual({ get: 0, put: 0, delete: 0 })
  })

  it('a proof, or what it replaces, is a usage error at the enrolment of a first authenticator at login', async () => {
    const { twoFactor, context } = makeApplication()
    for (const options of [
      { account: 'a', proof: null },
      { account: 'a', replaces: 'b' },
    ]) {
      names(await errorOf(twoFactor.login.enroll('token', options as { account: string }, context)), 'options')
    }
  })

  it('an answer or a proof that is no object is a usage error', async () => {
    const { twoFactor, context } = makeApplication()
    for (const wrong of [undefined, null, '123456', 7]) {
      names(await errorOf(twoFactor.login.verify('token', wrong as never, context)), 'answer')
      names(await errorOf(twoFactor.totp.confirm('alice', 'token', wrong as never, context)), 'answer')
    }
    names(await errorOf(twoFactor.disable('alice', '123456' as never, context)), 'proof')
    const options = { account: 'a', proof: '123456' as never }
    names(await errorOf(twoFactor.totp.enroll('alice', options, context)), 'options.proof')
  })

  const fine: TwoFactorOptions = { issuer: 'Acme', keys: [newKey()], store: memoryStore() }
  const duplicate = newKey()
  it.each<[string, object | undefined]>([
    ['options', undefined],
    ['options', { trustProxy: true }],
    ['options.issuer', { issuer: '' }],
    ['options.issuer', { issuer: 'Acme: the best' }],
    ['options.issuer', { issuer: 7 }],
    ['options.keys', { keys: [] }],
    ['options.keys', { keys: newKey() }],
    ['options.keys[0]', { keys: [undefined] }],
    ['options.keys[1]', { keys: [newKey(), undefined] }],
    ['options.keys[1]', { keys: [newKey(), 'short'] }],
    ['options.keys[1]', { keys: [duplicate, duplicate] }],
    ['options.store', { store: null }],
    ['options.store', { store: { get() {}, put() {} } }],
    ['options.policy', { policy: { mandatory: true } }],
    ['options.policy', { policy: Promise.resolve({ required: true }) }],
    ['options.totp', { totp: new Map() }],
    ['options.issuer', { issuer: '  ' }],
    ['options.policy.required', { policy: { required: new Date('nonsense'), firstEnrollment: 'password' } }],
    ['options.policy.firstEnrollment', { policy: { required: true } }],
    ['options.policy.firstEnrollment.channel', { policy: { required: true, firstEnrollment: { channel: 'email' } } }],
    ['options.policy.unenrolled', { policy: { unenrolled: 'ignore' } }],
    ['options.totp.digits', { totp: { digits: 5 } }],
    ['options.totp.period', { totp: { period: 1 } }],
    ['options.totp.window', { totp: { window: 11 } }],
    ['options.totp.algorithm', { totp: { algorithm: 'MD5' } }],
    ['options.onEvent', { onEvent: 'console.log' }],
    ['options.endOtherSessions', { endOtherSessions: true }],
    ['options.clock', { clock: 7 }],
    ['options.deadline.store', { deadline: { store: 0 } }],
    ['options.namespace', { namespace: 7 }],
    ['options.namespace', { namespace: '\uDC00' }],
  ])('createTwoFactor: names %s where it is %j', (argument, wrong) => {
    const options = wrong === undefined ? wrong : { ...fine, ...wrong }
    let thrown: unknown
    try {
      createTwoFactor(options as TwoFactorOptions)
    } catch (error) {
      thrown = error
    }
    names(thrown as { kind: string; message: string }, argument)
  })

  it('a string where a list of subjects belongs is a usage error', async () => {
    const { twoFactor, calls } = makeApplication()
    names(await errorOf(twoFactor.operator.reseal('alice')), 'subjects')
    expect(calls.get).toBe(0)
  })

  it('a context of another realm, or without a prototype, is as good as any', async () => {
    const { twoFactor, enroll } = makeApplication()
    await enroll('alice')
    const foreign = runInNewContext('({ binding: "session-1" })') as object
    const bare = Object.assign(Object.create(null), { binding: 'session-1' }) as object
    const parsed = JSON.parse('{"binding":"session-1"}') as object
    for (const context of [foreign, bare, parsed, structuredClone(parsed)]) {
      expect((await twoFactor.login.begin('alice', context)).outcome).toBe('challenge')
    }
  })

  it('a clock that gives no number is a usage error, and nothing is written', async () => {
    const { twoFactor, calls } = makeApplication({ clock: () => Number.NaN })
    names(await errorOf(twoFactor.login.begin('alice')), 'options.clock')
    expect(calls.put).toBe(0)
  })
})

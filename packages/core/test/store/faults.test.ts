import { createTwoFactor, type RefusalCode, SallyportError } from '@sallyport/core'
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { faultyStore, type GetFault, type PutFault } from '../support/faulty-store.js'
import { errorOf, expectRefusal, makeApplication, minute, refusalOf } from '../support/harness.js'
import { storeIsRemote } from '../support/new-store.js'

/** ms. In memory nothing takes time; elsewhere no call may take so long, and those that hang are given up at once: {@link giveUp}. */
const storeDeadline = storeIsRemote ? 59_999 : 40

/** What ends the deadlines that core has set for calls of the store. */
const deadlines: (() => void)[] = []
function giveUp(): void {
  for (const end of deadlines.splice(0)) end()
}

beforeEach(() => {
  if (!storeIsRemote) return
  const { setTimeout } = globalThis
  const watched = (end: () => void, ms?: number, ...rest: []) => {
    if (ms === storeDeadline) deadlines.push(end)
    return setTimeout(end, ms, ...rest)
  }
  vi.spyOn(globalThis, 'setTimeout').mockImplementation(watched as typeof setTimeout)
})

afterEach(() => {
  vi.restoreAllMocks()
  deadlines.length = 0
})

/** An enrolled subject on a store that is about to fail. */
async function beforeTheFault() {
  const faulty = faultyStore(giveUp)
  const application = makeApplication({ store: faulty.store, deadline: { store: storeDeadline } })
  const alice = await application.enroll('alice')
  const token = await application.challenge('alice')
  const code = alice.code()
  faulty.writes.length = 0
  /** Another process on the same store. */
  const elsewhere = createTwoFactor({ ...application.settings, store: faulty.inner })
  const login = () => application.twoFactor.login.verify(token, { method: 'totp', code }, application.context)
  return { ...application, ...faulty, alice, token, code, login, elsewhere }
}

describe('a store that fails while a right code is taken', () => {
  const landed: { faults: PutFault[] }[] = [
    { faults: ['throw after'] },
    { faults: ['resend'] },
    { faults: ['hang after'] },
    { faults: ['throw before', 'throw after'] },
    { faults: ['throw before', 'resend'] },
    { faults: ['land later'] },
    { faults: ['conflict', 'resend'] },
    { faults: ['throw before', 'fine'] },
    { faults: ['hang before', 'fine'] },
    { faults: ['conflict', 'conflict', 'fine'] },
    { faults: ['nonsense', 'fine'] },
    { faults: ['land at second look', 'conflict'] },
  ]
  it.each(landed)('R47: recognises that it landed after $faults', async ({ faults }) => {
    const { login, puts, events, twoFactor, challenge, code, context } = await beforeTheFault()
    puts.push(...faults)
    expect(await login()).toMatchObject({ because: 'verified', method: 'totp' })
    expect(events.filter(event => event.type === 'verified')).toHaveLength(1)
    const again = twoFactor.login.verify(await challenge('alice'), { method: 'totp', code }, context)
    await expectRefusal(again, 'invalid_code')
  })

  const refused: [PutFault[], string][] = [
    [['throw before', 'throw before'], 'store_failed'],
    [['nonsense', 'nonsense'], 'store_failed'],
    [['hang before', 'hang before'], 'outcome_unknown'],
    [['hang before', 'throw before'], 'outcome_unknown'],
    [['throw before', 'hang before'], 'outcome_unknown'],
    [['hang before', ...Array<PutFault>(7).fill('conflict')], 'outcome_unknown'],
    [['throw before', ...Array<PutFault>(7).fill('conflict')], 'outcome_unknown'],
    [Array<PutFault>(8).fill('conflict'), 'busy'],
  ]
  it.each(refused)('R41: refuses after %j with %s, and tells nobody of a success', async (faults, code) => {
    const { login, puts, events, twoFactor, challenge, alice, context, clock } = await beforeTheFault()
    puts.push(...faults)
    expect((await errorOf(login())).code).toBe(code)
    expect(events).toEqual([])
    expect(puts).toEqual([])
    clock.advance(minute)
    const next = twoFactor.login.verify(await challenge('alice'), { method: 'totp', code: alice.code() }, context)
    expect((await next).because).toBe('verified')
  })

  it('R41: keeps the cause that the store gave, and no more of it in the message', async () => {
    const { login, puts } = await beforeTheFault()
    puts.push('throw before', 'throw before')
    const error = await errorOf(login())
    expect(error.kind).toBe('store')
    expect(error.message).toBe('the store failed to write, and may have written all the same')
    expect(error.cause).toEqual(new Error('connection reset'))
  })

  it('R40, R41: says on what an adapter says of its failure, and of no other', async () => {
    const { settings, context } = await beforeTheFault()
    const failWith = (cause: unknown) => {
      const store = { ...settings.store, get: () => Promise.reject(cause) }
      return errorOf(createTwoFactor({ ...settings, store }).login.begin('alice', context))
    }
    const said = new SallyportError('store', 'store_failed', 'the table is missing')
    expect(await failWith(said)).toMatchObject({
      message: 'the store failed to read: the table is missing',
      cause: said,
    })
    for (const other of [
      new Error('secret'),
      new SallyportError('usage', 'invalid_argument', 'secret'),
      Object.assign(new Error('secret'), { kind: 'store' }),
      'secret',
      null,
    ]) {
      expect(await failWith(other)).toMatchObject({ kind: 'store', message: 'the store failed to read', cause: other })
    }
  })

  it.each<[PutFault, GetFault]>([
    ['throw after', 'throw'],
    ['throw before', 'throw'],
    ['resend', 'hang'],
    ['throw after', 'nonsense'],
  ])('R41: says that the outcome is unknown after %s when the second look ends in %s', async (put, get) => {
    const { login, puts, gets } = await beforeTheFault()
    puts.push(put)
    gets.push('fine', get)
    await expectRefusal(login(), 'outcome_unknown')
  })

  it('R41: never accepts a code twice whose first outcome was unknown', async () => {
    const { login, puts, gets, twoFactor, challenge, code, context } = await beforeTheFault()
    puts.push('throw after')
    gets.push('fine', 'throw')
    await expectRefusal(login(), 'outcome_unknown')
    await expectRefusal(login(), 'challenge_expired')
    const again = twoFactor.login.verify(await challenge('alice'), { method: 'totp', code }, context)
    await expectRefusal(again, 'invalid_code')
  })

  it('R47: says that the outcome is unknown where the record vanished after a lost reply', async () => {
    const { login, puts, gets } = await beforeTheFault()
    puts.push('throw after')
    gets.push('fine', 'nothing')
    await expectRefusal(login(), 'outcome_unknown')
  })

  it('R47: says that the outcome is unknown where so much was written since that nothing can be told', async () => {
    const { login, puts, other, elsewhere, alice } = await beforeTheFault()
    puts.push('overtaken')
    other.write = async () => {
      for (const code of alice.recoveryCodes.slice(0, 9)) {
        const challenge = await elsewhere.stepUp.begin('alice', 'pay')
        await elsewhere.stepUp.verify('alice', challenge.challenge, { method: 'recovery_code', code })
      }
    }
    await expectRefusal(login(), 'outcome_unknown')
  })

  it('R47: takes a code where others wrote in between, up to the history that a record keeps', async () => {
    const { login, puts, other, elsewhere, alice } = await beforeTheFault()
    puts.push('overtaken')
    other.write = async () => {
      for (const code of alice.recoveryCodes.slice(0, 8)) {
        const challenge = await elsewhere.stepUp.begin('alice', 'pay')
        await elsewhere.stepUp.verify('alice', challenge.challenge, { method: 'recovery_code', code })
      }
    }
    expect((await login()).recoveryCodesLeft).toBe(2)
  })

  it('R4: refuses a code that another process took between the read and the write', async () => {
    const { login, puts, other, elsewhere, code, challenge, context } = await beforeTheFault()
    const second = await challenge('alice')
    puts.push('overtaken')
    other.write = () => elsewhere.login.verify(second, { method: 'totp', code }, context)
    await expectRefusal(login(), 'invalid_code')
  })

  it('R33: refuses a code where another process changed the factors between the read and the write', async () => {
    const { login, puts, other, elsewhere, alice } = await beforeTheFault()
    const [recoveryCode] = alice.recoveryCodes
    puts.push('overtaken')
    other.write = () => elsewhere.disable('alice', { method: 'recovery_code', code: recoveryCode })
    await expectRefusal(login(), 'challenge_expired')
  })

  it('R47: takes nothing by a stale read, since the write is conditional', async () => {
    const { login, twoFactor, challenge, code, context, gets } = await beforeTheFault()
    const second = await challenge('alice')
    await login()
    gets.push('stale')
    await expectRefusal(twoFactor.login.verify(second, { method: 'totp', code }, context), 'invalid_code')
  })

  it('R41: gives up on a store that only ever reads stale', async () => {
    const { login, twoFactor, challenge, code, context, gets } = await beforeTheFault()
    const second = await challenge('alice')
    await login()
    gets.push(...Array<GetFault>(40).fill('stale'))
    const refused = await refusalOf(twoFactor.login.verify(second, { method: 'totp', code }, context))
    expect(['busy', 'outcome_unknown'] satisfies RefusalCode[]).toContain(refused.code)
  })
})

describe('a store that fails while a wrong code is counted', () => {
  it.each<PutFault>(['throw after', 'resend', 'hang after'])('R10: counts it once after %s', async fault => {
    const { twoFactor, puts, events, alice, token, context } = await beforeTheFault()
    const guess = () => twoFactor.login.verify(token, { method: 'totp', code: alice.wrongCode() }, context)
    puts.push(fault)
    for (let failures = 0; failures < 5; failures++) await expectRefusal(guess(), 'invalid_code')
    expect(events.filter(event => event.type === 'failed')).toHaveLength(5)
    expect(events.filter(event => event.type === 'locked')).toHaveLength(1)
    await expectRefusal(guess(), 'locked')
  })

  it('R10: does not answer a guess that it could not count', async () => {
    const { twoFactor, puts, alice, token, context, code } = await beforeTheFault()
    puts.push('throw before', 'throw before', 'throw before', 'throw before')
    const wrong = twoFactor.login.verify(token, { method: 'totp', code: alice.wrongCode() }, context)
    const right = twoFactor.login.verify(token, { method: 'totp', code }, context)
    const refused = await Promise.all([errorOf(wrong), errorOf(right)])
    expect(refused.map(error => error.code)).toEqual(['store_failed', 'store_failed'])
  })
})

describe('a store that cannot be read', () => {
  it.each<[GetFault, string]>([
    ['throw', 'the store failed to read'],
    ['hang', `the store did not read within ${storeDeadline} ms`],
    ['nonsense', 'the store gave something that is no record'],
  ])('R41: refuses at every verb after %s', async (fault, message) => {
    const { twoFactor, gets, token, code, alice, context, writes } = await beforeTheFault()
    const proof = { method: 'totp', code }
    const verbs = [
      () => twoFactor.login.begin('alice', context),
      () => twoFactor.login.verify(token, proof, context),
      () => twoFactor.stepUp.begin('alice', 'pay'),
      () => twoFactor.totp.enroll('alice', { account: 'alice', proof }, context),
      () => twoFactor.totp.remove('alice', alice.id, proof),
      () => twoFactor.recoveryCodes.regenerate('alice', proof),
      () => twoFactor.status('alice'),
      () => twoFactor.disable('alice', proof),
      () => twoFactor.operator.reset('alice', { by: 'op', reason: 'lost' }),
      () => twoFactor.operator.unlock('alice', { by: 'op', reason: 'called' }),
      () => twoFactor.operator.import('alice', { totp: { secret: alice.setupKey } }, { by: 'op', reason: 'moved' }),
    ]
    // At once, since most of it is waiting; each reads once.
    gets.push(...verbs.map(() => fault))
    for (const error of await Promise.all(verbs.map(verb => errorOf(verb())))) {
      expect(error).toMatchObject({ kind: 'store', code: 'store_failed', message })
    }
    expect([gets, writes]).toEqual([[], []])
  })
})

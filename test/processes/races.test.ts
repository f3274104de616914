/** What must come out once comes out once, also where several processes ask for it at the same time, on every store they can share. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { newKey } from '../../packages/core/test/support/harness.js'
import { sharedBackendNames } from '../backends/index.js'
import { context, count, type House, openHouse } from './house.js'

/** A code that is taken no more: used in the meantime, or locked by too many who tried it. `busy`: nothing was decided. */
const late = ['invalid_code', 'locked', 'busy']
const audit = { by: 'operator', reason: 'lost phone' }

describe.each(sharedBackendNames)('four processes on %s', backend => {
  let house: House
  beforeAll(async () => {
    // All of it in the midst of a rotation of keys: half of the processes seal with one of them, and half with the other.
    const keys = [newKey(), newKey()]
    house = await openHouse(backend, keys)
    await Promise.all([house.startProcesses(2), house.startProcesses(2, [...keys].reverse())])
  })
  afterAll(() => house.close())

  type Person = Awaited<ReturnType<House['newPerson']>>

  /** Somebody at many doors with the one right code. */
  async function crowdOf(size: number, person: Person) {
    const answer = { method: 'totp', code: person.code() }
    const challenges = await person.challenges(size)
    return { person, answer, calls: challenges.map(token => house.call('login.verify', token, answer, context)) }
  }

  /** The code counts as used, and not only for as long as a lock answers for it. */
  async function expectUsed({ person, answer }: Awaited<ReturnType<typeof crowdOf>>): Promise<void> {
    await house.twoFactor.operator.unlock(person.subject, audit)
    const [token] = await person.challenges(1)
    expect(await house.run([house.call('login.verify', token, answer, context)])).toEqual([{ code: 'invalid_code' }])
  }

  it.each([16, 50])('R4, R48: take one code once in %i parallel logins, whichever key each seals with', async size => {
    const crowd = await crowdOf(size, await house.newPerson())
    const { ok, ...others } = count(await house.run(crowd.calls))
    expect(ok).toBe(1)
    expect(late).toEqual(expect.arrayContaining(Object.keys(others)))
    await expectUsed(crowd)
    // Each opens what the one before it has sealed.
    const { person } = crowd
    for (const [nth, process] of house.processes.entries()) {
      const [token] = await person.challenges(1)
      const answer = { method: 'recovery_code', code: person.recoveryCodes[nth] }
      const [outcome] = await process.run([house.call('login.verify', token, answer, context)])
      expect(outcome).toMatchObject({ value: { recoveryCodesLeft: 9 - nth } })
    }
  })

  it.each([
    ['before the write', [1]],
    ['within the write', [0, 1]],
    ['after the write', [0]],
  ] as const)(
    'R41: take one code once that 16, and 50, give while another who gives it is killed %s',
    async (stopsAt, taken) => {
      const victim = await house.startAnother(stopsAt)
      const [one, another] = [await house.newPerson(), await house.newPerson()]
      const [few, many] = [await crowdOf(17, one), await crowdOf(51, another)]
      // The last of each stands there with the right code, and the record as it was before all others.
      await victim.runUntilItStops(...few.calls.splice(16), ...many.calls.splice(50))
      const [outcomes] = await Promise.all([house.run([...few.calls, ...many.calls]), victim.kill()])
      for (const crowd of [outcomes.splice(0, 16), outcomes]) {
        const { ok = 0, ...others } = count(crowd)
        expect(taken).toContain(ok)
        expect(late).toEqual(expect.arrayContaining(Object.keys(others)))
      }
      for (const crowd of [few, many]) await expectUsed(crowd)
    },
  )

  it.each([16, 50])(
    'R18: take one recovery code once in %i parallel uses, whatever it is used for',
    async contenders => {
      const person = await house.newPerson()
      const { subject } = person
      const answer = { method: 'recovery_code', code: person.recoveryCodes[0] }
      const challenges = await person.challenges(contenders)
      const stepUp = await house.twoFactor.stepUp.begin(subject, 'pay', context)
      const verbs = (token: unknown) => [
        house.call('login.verify', token, answer, context),
        house.call('stepUp.verify', subject, stepUp.challenge, answer, context),
        house.call('totp.enroll', subject, { account: subject, proof: answer }, context),
        house.call('recoveryCodes.regenerate', subject, answer, context),
        house.call('disable', subject, answer, context),
      ]
      const calls = challenges.flatMap((token, nth) => verbs(token)[nth % 5] ?? [])
      const outcomes = await house.run(calls)
      expect(outcomes.filter(({ code }) => code === 'ok')).toHaveLength(1)
      expect(outcomes.filter(({ code }) => code === 'outcome_unknown')).toEqual([])
    },
  )

  it.each([16, 50])(
    'R10, R15: answer five of %i parallel wrong guesses, and none to who starts later',
    async contenders => {
      const person = await house.newPerson()
      const answer = { method: 'totp', code: person.wrongCode() }
      const challenges = await person.challenges(contenders)
      const outcomes = await house.run(challenges.map(token => house.call('login.verify', token, answer, context)))
      const { invalid_code: answered = 0, locked = 0, busy = 0, ...others } = count(outcomes)
      expect(others).toEqual({})
      expect(answered + locked + busy).toBe(contenders)
      expect(answered).toBe(5)
      const newcomer = await house.startAnother()
      const right = { method: 'totp', code: person.code() }
      for (const process of [newcomer, ...house.processes]) {
        const [token] = await person.challenges(1)
        const outcome = await process.run([house.call('login.verify', token, right, context)])
        expect(outcome).toEqual([{ code: 'locked' }])
      }
    },
  )

  it.each([16, 50])(
    'R34: take one challenge once in %i parallel answers, each with another right code',
    async contenders => {
      const person = await house.newPerson()
      const [token] = await person.challenges(1)
      const calls = Array.from({ length: contenders }, (_, nth) => {
        const code = person.recoveryCodes[nth % person.recoveryCodes.length]
        return house.call('login.verify', token, { method: 'recovery_code', code }, context)
      })
      const { ok, ...others } = count(await house.run(calls))
      expect(ok).toBe(1)
      expect(['challenge_expired', 'busy']).toEqual(expect.arrayContaining(Object.keys(others)))
      expect((await house.twoFactor.status(person.subject)).recoveryCodes?.left).toBe(9)
    },
  )

  it.each([16, 50])('R34: take one grant once in %i parallel uses', async contenders => {
    const person = await house.newPerson()
    const { subject } = person
    const { challenge } = await house.twoFactor.stepUp.begin(subject, 'pay', context)
    const answer = { method: 'totp', code: person.code() }
    const { grant } = await house.twoFactor.stepUp.verify(subject, challenge, answer, context)
    const uses = Array.from({ length: contenders }, () =>
      house.call('stepUp.redeem', grant.token, subject, 'pay', context),
    )
    expect(count(await house.run(uses))['ok']).toBe(1)
  })

  it('R20: keep one new set of recovery codes where several are made at once', async () => {
    const person = await house.newPerson()
    const calls = person.recoveryCodes
      .slice(0, 8)
      .map(code => house.call('recoveryCodes.regenerate', person.subject, { method: 'recovery_code', code }, context))
    const outcomes = await house.run(calls)
    const made = outcomes.flatMap(outcome => ('value' in outcome ? [outcome.value as { recoveryCodes: string[] }] : []))
    expect(made).toHaveLength(1)
    const [token] = await person.challenges(1)
    const answer = { method: 'recovery_code', code: made[0]?.recoveryCodes[9] }
    expect(await house.twoFactor.login.verify(token, answer, context)).toMatchObject({ recoveryCodesLeft: 9 })
  })

  it('R47: see at once what another has written, every time', async () => {
    const person = await house.newPerson()
    for (let round = 0; round < 8; round++) {
      const writer = house.processes[round % 4]
      const proof = { method: 'recovery_code', code: person.recoveryCodes[round] }
      const [token] = await person.challenges(1)
      expect(await writer?.run([house.call('login.verify', token, proof, context)])).toMatchObject([{ code: 'ok' }])
      const seen = await house.run(house.processes.map(() => house.call('status', person.subject)))
      const left = seen.map(outcome => ('value' in outcome ? outcome.value : null))
      expect(left).toEqual(
        Array(4).fill(expect.objectContaining({ recoveryCodes: expect.objectContaining({ left: 9 - round }) })),
      )
    }
  })

  it.each([16, 50])('R47: know which of %i parallel writes landed, though nobody hears so', async size => {
    const crowd = await crowdOf(size, await house.newPerson())
    // Each of the processes meets both.
    const replies = (nth: number) => (nth % 8 < 4 ? 'lost' : 'of the second write')
    const outcomes = await house.run(crowd.calls.map((call, nth) => ({ ...call, replies: replies(nth) })))
    const { ok, ...others } = count(outcomes)
    expect(ok).toBe(1)
    // `store_failed`: two replies were lost, and neither write had landed.
    expect([...late, 'store_failed']).toEqual(expect.arrayContaining(Object.keys(others)))
    await expectUsed(crowd)
  })

  it.each([16, 50])('R46: read nothing into a row that is gone, in %i parallel uses, until it is reset', async size => {
    const person = await house.newPerson()
    const { subject, generation } = person
    const known = { ...context, generation }
    const answers = [
      { method: 'totp', code: person.code() },
      { method: 'recovery_code', code: person.recoveryCodes[0] },
    ]
    const verbs = (token: string, answer: object | undefined) => [
      house.call('login.verify', token, answer, known),
      house.call('login.begin', subject, known),
      house.call('totp.enroll', subject, { account: subject }, known),
      house.call('recoveryCodes.regenerate', subject, answer, known),
      house.call('disable', subject, answer, known),
    ]
    const challenges = await person.challenges(size)
    const calls = challenges.flatMap((token, nth) => verbs(token, answers[nth % 2])[nth % 5] ?? [])
    await house.twoFactor.operator.forget(subject, audit)
    expect(count(await house.run(calls))).toEqual({ record_missing: size })
    expect(await house.twoFactor.operator.reseal([subject])).toMatchObject({ absent: 1 })

    // Once more, with the operator among them: whoever is later is refused for that.
    const reset = house.call('operator.reset', subject, audit)
    const { ok, ...others } = count(await house.run([...calls.slice(0, 8), reset, ...calls.slice(8)]))
    expect(ok).toBe(1)
    const refusals = ['record_missing', 'challenge_expired', 'permit_required']
    expect(refusals).toEqual(expect.arrayContaining(Object.keys(others)))
    const begins = house.processes.map(() => house.call('login.begin', subject, known))
    expect(count(await house.run(begins))).toEqual({ permit_required: 4 })
  })

  it.each([16, 50])('R46, R50: let in none of %i any more once an operator among them has reset it', async size => {
    const { person, calls } = await crowdOf(size, await house.newPerson())
    const reset = house.call('operator.reset', person.subject, audit)
    const outcomes = await house.run([...calls.slice(0, 8), reset, ...calls.slice(8)])
    expect(outcomes.splice(8, 1)).toMatchObject([{ code: 'ok' }])
    const { ok = 0, ...others } = count(outcomes)
    expect(ok).toBeLessThanOrEqual(1)
    expect([...late, 'challenge_expired']).toEqual(expect.arrayContaining(Object.keys(others)))
    expect(await house.twoFactor.status(person.subject)).toMatchObject({ enabled: false, permitRequired: true })
    expect(count(await house.run(calls))).toEqual({ challenge_expired: size })
    const begins = house.processes.map(() => house.call('login.begin', person.subject, context))
    expect(count(await house.run(begins))).toEqual({ permit_required: 4 })
  })
})

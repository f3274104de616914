/** What must come out once comes out once, also where several processes ask for it at the same time, on every store they can share. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { sharedBackendNames } from '../backends/index.js'
import { context, count, type House, openHouse } from './house.js'

/** A code that is taken no more: used in the meantime, or locked by too many who tried it. `busy`: nothing was decided. */
const late = ['invalid_code', 'locked', 'busy']

describe.each(sharedBackendNames)('four processes on %s', backend => {
  let house: House
  beforeAll(async () => {
    house = await openHouse(backend)
    await house.startProcesses(4)
  })
  afterAll(() => house.close())

  it.each([16, 50])('R4: take one code once in %i parallel logins', async contenders => {
    const person = await house.newPerson()
    const answer = { method: 'totp', code: person.code() }
    const challenges = await person.challenges(contenders)
    const outcomes = await house.run(challenges.map(token => house.call('login.verify', token, answer, context)))
    const { ok, ...others } = count(outcomes)
    expect(ok).toBe(1)
    expect(late).toEqual(expect.arrayContaining(Object.keys(others)))
    const [again] = await person.challenges(1)
    const replay = await house.run([house.call('login.verify', again, answer, context)])
    expect(replay[0]?.code).toMatch(/invalid_code|locked/)
  })

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

  it.each([16, 50])('R10: answer five of %i parallel wrong guesses, and no more', async contenders => {
    const person = await house.newPerson()
    const answer = { method: 'totp', code: person.wrongCode() }
    const challenges = await person.challenges(contenders)
    const outcomes = await house.run(challenges.map(token => house.call('login.verify', token, answer, context)))
    const { invalid_code: answered = 0, locked = 0, busy = 0, ...others } = count(outcomes)
    expect(others).toEqual({})
    expect(answered + locked + busy).toBe(contenders)
    expect(answered).toBe(5)
    const [token] = await person.challenges(1)
    const right = await house.run([house.call('login.verify', token, { ...answer, code: person.code() }, context)])
    expect(right[0]?.code).toBe('locked')
  })

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
})

/** Codes that are sent, where several processes send, count and take them, on every store they can share. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { sharedBackendNames } from '../backends/index.js'
import { context, count, type House, openHouse } from './house.js'
import type { Outcome } from './process.js'

const minute = 60_000

describe.each(sharedBackendNames)('four processes on %s', backend => {
  let house: House
  beforeAll(async () => {
    house = await openHouse(backend)
    await house.startProcesses(4)
  })
  afterAll(() => house.close())

  let requests = 0
  const sendCode = (challenge: unknown) => {
    return house.call('sendCode', challenge, 'email', { ...context, request: `request ${++requests}` })
  }
  const mailed = (outcome: Outcome | undefined) => (outcome && 'mailed' in outcome ? outcome.mailed : null)

  /** A challenge, and a code that one of the processes has mailed for it. */
  async function challengeWithCode() {
    const person = await house.newPerson()
    const [token] = await person.challenges(1)
    const [outcome] = (await house.processes[0]?.run([sendCode(token)])) ?? []
    return { person, token, code: mailed(outcome) }
  }

  it.each([16, 50])('R29: take one sent code once in %i parallel answers', async contenders => {
    const { token, code } = await challengeWithCode()
    const answer = { method: 'email', code }
    const calls = Array.from({ length: contenders }, () => house.call('login.verify', token, answer, context))
    const { ok, ...others } = count(await house.run(calls))
    expect(ok).toBe(1)
    expect(['challenge_expired', 'busy']).toEqual(expect.arrayContaining(Object.keys(others)))
  })

  it.each([16, 50])('R10: answer five of %i parallel guesses at a sent code, and no more', async contenders => {
    const { person, token, code } = await challengeWithCode()
    const wrong = { method: 'email', code: code === '000000' ? '000001' : '000000' }
    const calls = Array.from({ length: contenders }, () => house.call('login.verify', token, wrong, context))
    const { invalid_code: answered } = count(await house.run(calls))
    expect(answered).toBe(5)
    const right = await house.run([house.call('login.verify', token, { method: 'email', code }, context)])
    expect(right[0]?.code).toBe('locked')
    expect((await house.twoFactor.status(person.subject)).locks).toMatchObject([{ method: 'email' }])
  })

  it('S14: repeat the same code, whichever of them sends it again', async () => {
    const { token, code } = await challengeWithCode()
    const codes = [code]
    for (const process of house.processes.slice(1)) {
      house.clock.advance(minute)
      const [outcome] = await process.run([sendCode(token)])
      codes.push(mailed(outcome))
    }
    expect(code).toMatch(/^\d{6}$/)
    expect(new Set(codes)).toEqual(new Set([code]))
  })

  it('R25: send one of 16 codes that are asked for at once for one challenge', async () => {
    const person = await house.newPerson()
    const [token] = await person.challenges(1)
    const { ok, ...others } = count(await house.run(Array.from({ length: 16 }, () => sendCode(token))))
    expect(ok).toBe(1)
    expect(['send_too_soon', 'busy']).toEqual(expect.arrayContaining(Object.keys(others)))
  })

  it('R25: send ten a day together, however many ask', async () => {
    const person = await house.newPerson()
    let sent = 0
    for (let round = 0; round < 8; round++) {
      const challenges = await person.challenges(3)
      sent += count(await house.run(challenges.map(sendCode)))['ok'] ?? 0
      house.clock.advance(5 * minute)
    }
    expect(sent).toBe(10)
  })
})

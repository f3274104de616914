/** What outlives the process that wrote it, and what one process cannot undo of another's, on every store they can share. */
import { createTwoFactor } from '@sallyport/core'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { newKey } from '../../packages/core/test/support/harness.js'
import { sharedBackendNames } from '../backends/index.js'
import { context, type House, openHouse } from './house.js'
import type { Process } from './process.js'

describe.each(sharedBackendNames)('processes on %s', backend => {
  let house: House
  beforeEach(async () => {
    house = await openHouse(backend)
  })
  afterEach(() => house.close())

  async function codeOf(
    process: Process | undefined,
    verb: string,
    ...args: readonly unknown[]
  ): Promise<string | undefined> {
    return (await process?.run([house.call(verb, ...args)]))?.[0]?.code
  }

  it('R15: go on counting where a killed one left off, and hold its lock and its used codes', async () => {
    const person = await house.newPerson()
    const [token] = await person.challenges(1)
    const [first] = await house.startProcesses(1)
    const used = { method: 'totp', code: person.code() }
    expect(await codeOf(first, 'login.verify', token, used, context)).toBe('ok')
    const wrong = { method: 'totp', code: person.wrongCode() }
    for (const _ of [1, 2, 3]) {
      const [fresh] = await person.challenges(1)
      expect(await codeOf(first, 'login.verify', fresh, wrong, context)).toBe('invalid_code')
    }
    await first?.kill()

    const [second] = await house.startProcesses(1)
    const [next] = await person.challenges(1)
    expect(await codeOf(second, 'login.verify', token, used, context)).toBe('challenge_expired')
    expect(await codeOf(second, 'login.verify', next, used, context)).toBe('invalid_code')
    expect(await codeOf(second, 'login.verify', next, wrong, context)).toBe('invalid_code')
    await second?.kill()

    const [third] = await house.startProcesses(1)
    house.clock.advance(30_000)
    expect(await codeOf(third, 'login.verify', next, { ...used, code: person.code() }, context)).toBe('locked')
    house.clock.advance(15 * 60_000)
    const [afterwards] = await person.challenges(1)
    expect(await codeOf(third, 'login.verify', afterwards, { ...used, code: person.code() }, context)).toBe('ok')
  })

  it('R36: know a trusted browser everywhere, after a restart as well, and nowhere once one of them revoked it', async () => {
    const person = await house.newPerson()
    const { subject } = person
    const tokens = await person.challenges(4)
    const code = person.code()
    const processes = await house.startProcesses(4)
    const answer = { method: 'totp', code, trustDevice: true }
    const ends = await Promise.all(
      processes.map((one, at) => one.run([house.call('login.verify', tokens[at], answer, context)])),
    )
    const passes = ends.flat().filter(end => end.code === 'ok') as { value: { trustedDevice: { token: string } } }[]
    expect(passes).toHaveLength(1)
    const trusted = { ...context, trustedDevice: passes[0]?.value.trustedDevice.token }
    const [first, second, ...others] = processes
    await Promise.all(others.map(one => one.kill()))
    const [anew] = await house.startProcesses(1)
    const begin = async (one: Process | undefined) =>
      (await one?.run([house.call('login.begin', subject, trusted)]))?.[0]
    for (const one of [first, second, anew]) expect(await begin(one)).toMatchObject({ value: { outcome: 'passed' } })
    const status = (await first?.run([house.call('status', subject, trusted)]))?.[0]
    const { trustedDevices } = (status as { value: { trustedDevices: { id: string }[] } }).value
    expect(trustedDevices).toMatchObject([{ current: true }])
    expect(await codeOf(second, 'trustedDevices.revoke', subject, trustedDevices[0]?.id)).toBe('ok')
    for (const one of [first, second, anew]) {
      expect(await begin(one)).toMatchObject({ value: { outcome: 'challenge' } })
    }
  })

  it('R46, R50: refuse everywhere what a reset, or a row that is gone, has ended', async () => {
    const person = await house.newPerson()
    const { subject, generation } = person
    const [token, another] = await person.challenges(2)
    const [first, second] = await house.startProcesses(2)
    const audit = { by: 'operator', reason: 'lost phone' }
    const reset = (await first?.run([house.call('operator.reset', subject, audit)]))?.[0]
    const answer = { method: 'totp', code: person.code() }
    expect(await codeOf(second, 'login.verify', token, answer, context)).toBe('challenge_expired')
    expect(await codeOf(second, 'login.begin', subject, context)).toBe('permit_required')
    expect(await codeOf(second, 'totp.enroll', subject, { account: subject }, context)).toBe('permit_required')
    const permit = (reset as { value: { permit: { token: string } } }).value.permit.token
    const seen = (await second?.run([house.call('login.begin', subject, { ...context, permit })]))?.[0]
    expect(seen).toMatchObject({ value: { outcome: 'enroll' } })

    await house.twoFactor.operator.forget(subject, audit)
    const known = { ...context, generation }
    for (const process of [first, second]) {
      expect(await codeOf(process, 'login.begin', subject, known)).toBe('record_missing')
      expect(await codeOf(process, 'login.verify', another, answer, known)).toBe('record_missing')
    }
  })

  it('R46: refuse everywhere a row that was put back from an older copy', async () => {
    const person = await house.newPerson()
    const rows = new Map<string, Awaited<ReturnType<typeof house.client.store.get>>>()
    const watched = createTwoFactor({
      ...house.settings,
      keys: house.keys,
      store: {
        ...house.client.store,
        async get(key) {
          const stored = await house.client.store.get(key)
          if (!rows.has(key)) rows.set(key, stored)
          return stored
        },
      },
    })
    const proof = { method: 'totp', code: person.code() }
    const { generation } = await watched.recoveryCodes.regenerate(person.subject, proof, context)
    const [[key, older] = []] = rows
    await house.client.store.delete(key ?? '')
    const body = older?.body.slice() ?? new Uint8Array()
    await house.client.store.put(
      key ?? '',
      { version: older?.version ?? '', body, expiresAt: null, summary: null },
      null,
    )
    const [process] = await house.startProcesses(1)
    expect(await codeOf(process, 'login.begin', person.subject, { ...context, generation })).toBe('record_stale')
    expect(await codeOf(process, 'status', person.subject, { generation })).toBe('record_stale')
  })

  it('R48: agree on codes, counts and recovery codes at every stage of a rotation of keys, and none opens with a retired one alone', async () => {
    const [older = ''] = house.keys
    const newer = newKey()
    const person = await house.newPerson()
    const [[before], [added], [moved]] = await Promise.all([
      house.startProcesses(1),
      house.startProcesses(1, [older, newer]),
      house.startProcesses(1, [newer, older]),
    ])
    const wrong = { method: 'totp', code: person.wrongCode() }
    const verify = async (process: Process | undefined, answer: object) => {
      const gate = (await process?.run([house.call('login.begin', person.subject, context)]))?.[0]
      const { challenge } = (gate as { value: { challenge: string } }).value
      return codeOf(process, 'login.verify', challenge, answer, context)
    }
    // The first of two deployments: some have the new key last, some not at all yet.
    const used = { method: 'totp', code: person.code() }
    expect(await verify(before, used)).toBe('ok')
    expect(await verify(added, used)).toBe('invalid_code')
    expect(await verify(before, wrong)).toBe('invalid_code')
    // The second: some have it first. The count goes on, whoever sealed last.
    expect(await verify(moved, wrong)).toBe('invalid_code')
    expect(await verify(added, wrong)).toBe('invalid_code')
    expect(await verify(moved, wrong)).toBe('invalid_code')
    house.clock.advance(30_000)
    expect(await verify(added, { method: 'totp', code: person.code() })).toBe('locked')
    const recovery = { method: 'recovery_code', code: person.recoveryCodes[0] }
    expect(await verify(moved, recovery)).toBe('ok')
    expect(await verify(added, recovery)).toBe('invalid_code')
    // Once the new key has sealed the record, the old one alone does not open it: corrupt, and not empty.
    await moved?.run([house.call('operator.reseal', [person.subject])])
    expect(await codeOf(before, 'login.begin', person.subject, context)).toBe('record_unreadable')
    const [retired] = await house.startProcesses(1, [newer])
    expect(await verify(retired, { method: 'recovery_code', code: person.recoveryCodes[1] })).toBe('ok')
  })
})

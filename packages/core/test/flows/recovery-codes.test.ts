import type { TwoFactor } from '@sallyport/core'
import { describe, expect, it } from 'vitest'
import { type Application, expectRefusal, makeApplication, tally } from '../support/harness.js'

type Attempt = (application: Application, code: string) => Promise<(twoFactor: TwoFactor) => Promise<unknown>>

const verbs: Record<string, Attempt> = {
  'login.verify': async ({ challenge, context }, code) => {
    const token = await challenge('alice')
    return twoFactor => twoFactor.login.verify(token, { method: 'recovery_code', code }, context)
  },
  'stepUp.verify': async ({ twoFactor, context }, code) => {
    const { challenge } = await twoFactor.stepUp.begin('alice', 'pay', context)
    return again => again.stepUp.verify('alice', challenge, { method: 'recovery_code', code }, context)
  },
  'totp.enroll': async ({ context }, code) => {
    const proof = { method: 'recovery_code', code }
    return twoFactor => twoFactor.totp.enroll('alice', { account: 'alice', proof }, context)
  },
  'recoveryCodes.regenerate': async (_, code) => twoFactor =>
    twoFactor.recoveryCodes.regenerate('alice', { method: 'recovery_code', code }),
  disable: async (_, code) => twoFactor => twoFactor.disable('alice', { method: 'recovery_code', code }),
}

describe('recovery codes', () => {
  it.each(Object.keys(verbs))('R18: %s takes one code once in 16 parallel uses', async name => {
    const application = makeApplication()
    const alice = await application.enroll('alice')
    const [code = ''] = alice.recoveryCodes
    const prepare = verbs[name] as Attempt
    const attempts = await Promise.all(Array.from({ length: 16 }, () => prepare(application, code)))
    const counts = await tally(attempts.map(attempt => attempt(application.twoFactor)))
    expect(counts['ok']).toBe(1)
    expect(counts['outcome_unknown'] ?? 0).toBe(0)
  })

  it('R18: takes one code once in parallel over every verb at once', async () => {
    const application = makeApplication()
    const alice = await application.enroll('alice')
    const [code = ''] = alice.recoveryCodes
    const attempts = await Promise.all(Object.values(verbs).map(prepare => prepare(application, code)))
    const counts = await tally([...attempts, ...attempts].map(attempt => attempt(application.twoFactor)))
    expect(counts['ok']).toBe(1)
  })

  it('are ten, in four groups of six, and work in any order and spelling', async () => {
    const { twoFactor, enroll, challenge, context } = makeApplication()
    const alice = await enroll('alice')
    expect(alice.recoveryCodes).toHaveLength(10)
    expect(new Set(alice.recoveryCodes).size).toBe(10)
    for (const code of alice.recoveryCodes) expect(code).toMatch(/^[0-9A-HJKMNP-TV-Z]{6}(-[0-9A-HJKMNP-TV-Z]{6}){3}$/)
    const spell = [
      (code: string) => code.toLowerCase(),
      (code: string) => code.replaceAll('-', ''),
      (code: string) => ` ${code.replaceAll('-', ' ')} `,
      (code: string) => code.replaceAll('0', 'o').replaceAll('1', 'l'),
    ]
    for (const [index, code] of [...alice.recoveryCodes].reverse().entries()) {
      const spelled = (spell[index % spell.length] as (code: string) => string)(code)
      const answer = { method: 'recovery_code', code: spelled }
      const passed = await twoFactor.login.verify(await challenge('alice'), answer, context)
      expect(passed).toMatchObject({ method: 'recovery_code', amr: ['mfa'], recoveryCodesLeft: 9 - index })
    }
    const answer = { method: 'recovery_code', code: alice.recoveryCodes[0] }
    await expectRefusal(twoFactor.login.verify(await challenge('alice'), answer, context), 'method_unavailable')
  })

  it('R21: raises an event at each use, and warns at two or fewer left', async () => {
    const { twoFactor, enroll, challenge, context, events } = makeApplication()
    const alice = await enroll('alice')
    const warnings: (readonly string[])[] = []
    for (const code of alice.recoveryCodes) {
      const answer = { method: 'recovery_code', code }
      warnings.push((await twoFactor.login.verify(await challenge('alice'), answer, context)).warnings)
    }
    expect(warnings.slice(0, 7)).toEqual(Array(7).fill([]))
    expect(warnings.slice(7)).toEqual([['recovery_codes_low'], ['recovery_codes_low'], ['no_recovery_codes']])
    const used = events.flatMap(event => (event.type === 'recovery_code_used' ? [event.left] : []))
    expect(used).toEqual([9, 8, 7, 6, 5, 4, 3, 2, 1, 0])
    const low = events.flatMap(event => (event.type === 'recovery_codes_low' ? [event.left] : []))
    expect(low).toEqual([2, 1, 0])
  })

  it('R20: are void as soon as a new set is made, and the new set works', async () => {
    const { twoFactor, enroll, challenge, context, calls, reset } = makeApplication()
    const alice = await enroll('alice')
    reset()
    const { recoveryCodes } = await twoFactor.recoveryCodes.regenerate('alice', { method: 'totp', code: alice.code() })
    expect(calls).toEqual({ get: 1, put: 1, delete: 0 })
    expect(recoveryCodes.filter(code => alice.recoveryCodes.includes(code))).toEqual([])
    for (const code of alice.recoveryCodes) {
      const answer = { method: 'recovery_code', code }
      await expectRefusal(twoFactor.login.verify(await challenge('alice'), answer, context), 'invalid_code')
    }
    for (const code of recoveryCodes) {
      await twoFactor.login.verify(await challenge('alice'), { method: 'recovery_code', code }, context)
    }
  })

  it('R20: voids the old set and keeps one new set where two are made at once', async () => {
    const { twoFactor, enroll, challenge, context } = makeApplication()
    const alice = await enroll('alice')
    const made = await Promise.allSettled(
      alice.recoveryCodes
        .slice(0, 2)
        .map(code => twoFactor.recoveryCodes.regenerate('alice', { method: 'recovery_code', code })),
    )
    const sets = made.flatMap(one => (one.status === 'fulfilled' ? [one.value.recoveryCodes] : []))
    expect(sets).toHaveLength(1)
    const answer = { method: 'recovery_code', code: sets[0]?.[0] }
    expect((await twoFactor.login.verify(await challenge('alice'), answer, context)).recoveryCodesLeft).toBe(9)
  })

  it('R20: are nowhere to be read again', async () => {
    const { twoFactor, enroll, context } = makeApplication()
    const alice = await enroll('alice')
    const [code = ''] = alice.recoveryCodes
    const shown = JSON.stringify([await twoFactor.status('alice'), await twoFactor.login.begin('alice', context)])
    for (const known of alice.recoveryCodes) expect(shown).not.toContain(known)
    expect((await twoFactor.status('alice')).recoveryCodes).toMatchObject({ left: 10 })
    expect(shown).not.toContain(code.replaceAll('-', ''))
  })
})

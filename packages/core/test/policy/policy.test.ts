import { createTwoFactor, type Policy } from '@sallyport/core'
import { memoryStore } from '@sallyport/memory'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { decide } from '../../src/policy/decide.js'
import { policySchema, requiredFrom } from '../../src/policy/policy.js'
import { errorOf, newKey } from '../support/harness.js'

const day = 24 * 60 * 60 * 1000
const from = new Date('2026-03-01T00:00:00Z')
const at = from.getTime()
const grace: Policy = { required: { from, graceDays: 14 }, firstEnrollment: 'password' }
const before = (ms: number) => new Date(at - ms)
const after = (ms: number) => new Date(at + ms)

describe('from when a second factor is required', () => {
  it.each<{ says: string; policy: Policy; over?: boolean | Date; createdAt?: Date; moment: number | null }>([
    { says: 'never, where the policy says nothing', policy: {}, moment: null },
    { says: 'never, where the policy says false', policy: { required: false }, moment: null },
    { says: 'ever since, where it says true', policy: { required: true }, moment: Number.NEGATIVE_INFINITY },
    { says: 'the date, where it names one', policy: { required: from }, moment: at },
    { says: 'the date, also for a younger account', policy: { required: from }, createdAt: after(day), moment: at },
    { says: 'the end of the grace', policy: grace, moment: at + 14 * day },
    { says: 'the same for an older account', policy: grace, createdAt: before(1), moment: at + 14 * day },
    { says: 'the same for one made at the date', policy: grace, createdAt: from, moment: at + 14 * day },
    { says: 'a later end for a younger account', policy: grace, createdAt: after(1), moment: at + 1 + 14 * day },
    { says: 'the date itself without grace', policy: { required: { from, graceDays: 0 } }, moment: at },
    { says: 'part of a day', policy: { required: { from, graceDays: 0.5 } }, moment: at + day / 2 },
    { says: 'never, by the subject’s false', policy: grace, over: false, moment: null },
    { says: 'ever since, by the subject’s true', policy: {}, over: true, moment: Number.NEGATIVE_INFINITY },
    { says: 'the subject’s date', policy: grace, over: after(day), createdAt: after(2 * day), moment: at + day },
  ])('is $says', ({ policy, over, createdAt, moment }) => {
    expect(requiredFrom(policy, over, createdAt)).toBe(moment)
  })

  it('is never earlier for a younger account, and never later than its grace', () => {
    const age = fc.integer({ min: -40 * day, max: 40 * day })
    fc.assert(
      fc.property(age, age, fc.nat({ max: 30 }), (one, other, graceDays) => {
        const policy: Policy = { required: { from, graceDays } }
        const [older, younger] = [Math.min(one, other), Math.max(one, other)].map(
          offset => requiredFrom(policy, undefined, after(offset)) ?? Number.NaN,
        ) as [number, number]
        expect(older).toBeLessThanOrEqual(younger)
        expect(younger - graceDays * day).toBe(Math.max(at, at + Math.max(one, other)))
      }),
    )
  })

  it('is a date still where the grace would go past the last of all dates', () => {
    const last = new Date(8.64e15)
    const late = requiredFrom({ required: { from: last, graceDays: 3650 } }, undefined, last) ?? Number.NaN
    expect(new Date(late)).toEqual(last)
  })

  it('takes its first effect at the millisecond of that moment', () => {
    const due = requiredFrom(grace, undefined, after(day)) ?? Number.NaN
    const facts = {
      allowlist: 'off',
      listed: false,
      listedSatisfies: false,
      enrolled: false,
      trustedDevice: false,
      permit: 'none',
      eligible: true,
      requiredFrom: due,
      unenrolled: 'enroll',
      firstChannel: null,
    } as const
    expect(decide({ ...facts, now: due - 1 })).toEqual({ gate: 'pass', reason: 'not_required_yet', enrollBy: due })
    expect(decide({ ...facts, now: due })).toEqual({ gate: 'enroll', reason: 'required', asks: null })
  })
})

describe('the policy', () => {
  it('R51: is refused at creation where it is not what it should be', async () => {
    const wrong: unknown[] = [
      { required: 'yes' },
      { required: 1 },
      { required: new Date('nonsense') },
      { required: { from } },
      { required: { from: '2026-03-01', graceDays: 1 } },
      { required: { from, graceDays: -1 } },
      { required: { from, graceDays: Number.NaN } },
      { required: { from, graceDays: 3651 } },
      { required: { from, graceDays: Number.POSITIVE_INFINITY } },
      { unenrolled: 'allow' },
      { firstEnrollment: 'nothing' },
      { requried: true },
      { allowlist: {} },
      { allowlist: { mode: 'deny', perSubject: true } },
      { allowlist: { mode: 'restrict', networks: '203.0.113.0/24' } },
      { allowlist: { mode: 'restrict', networks: [3] } },
      { allowlist: { mode: 'bypass', perSubject: 'yes' } },
      { allowlist: { mode: 'bypass', perSubject: true, satisfies: true } },
      { trustedDevices: true },
      { trustedDevices: {} },
      { trustedDevices: { days: 0 } },
      { trustedDevices: { days: 366 } },
      { trustedDevices: { days: Number.NaN } },
      { trustedDevices: { days: '30' } },
    ]
    for (const policy of wrong) {
      expect(policySchema.safeParse(policy).success).toBe(false)
      const fault = await errorOf(
        (async () =>
          createTwoFactor({ issuer: 'Acme', keys: [newKey()], store: memoryStore(), policy: policy as Policy }))(),
      )
      expect([fault.kind, fault.message.startsWith('options.policy')]).toEqual(['usage', true])
    }
  })

  it('says of a value of a wrong kind what would be right', async () => {
    const messageOf = async (policy: unknown) =>
      (
        await errorOf(
          (async () =>
            createTwoFactor({ issuer: 'Acme', keys: [newKey()], store: memoryStore(), policy: policy as Policy }))(),
        )
      ).message
    expect(await messageOf({ required: { from: '2027-03-01', graceDays: 14 } })).toContain('{ from, graceDays }')
    expect(await messageOf({ trustedDevices: { days: 0 } })).toBe(
      'options.policy.trustedDevices.days must be more than 0',
    )
    expect(await messageOf({ firstEnrollment: 'email' })).toContain("'password' or { channel }")
  })

  it('must state what a first enrolment takes, once a factor is required', async () => {
    for (const required of [true, from, { from, graceDays: 3 }]) {
      const create = (policy: Policy) =>
        createTwoFactor({ issuer: 'Acme', keys: [newKey()], store: memoryStore(), policy })
      const fault = await errorOf((async () => create({ required }))())
      expect(fault.message).toContain('options.policy.firstEnrollment')
      create({ required, firstEnrollment: 'password' })
      create({ required: false })
    }
  })
})

/** Faults of every kind at the gate: none lets anybody in (R51). */
import { type Context, createTwoFactor, type TwoFactorOptions } from '@sallyport/core'
import { memoryChannel } from '@sallyport/core/testing'
import { describe, expect, it } from 'vitest'
import { makeApplication, newKey } from '../support/harness.js'

const binding = 'session-1'
const office = '203.0.113.7'
const email = memoryChannel('email', async () => 'alice@example.com')

/** Everything that can open the gate without a code is on: what is shown is that a fault opens none of it. */
const policy = {
  required: true,
  firstEnrollment: { channel: 'email' },
  allowlist: { mode: 'bypass', networks: ['203.0.113.0/24'], perSubject: true, satisfiesRequirement: true },
  trustedDevices: { days: 365 },
} as const

async function enrolled() {
  const application = makeApplication({ channels: [email], policy: {} })
  const alice = await application.enroll('alice')
  const settings = { ...application.settings, policy }
  const made = (changed: Partial<TwoFactorOptions> = {}) => createTwoFactor({ ...settings, ...changed })
  return { ...application, alice, made, settings }
}

/** What was thrown; a value that came back fails the test. */
async function thrownBy(work: () => Promise<unknown>): Promise<unknown> {
  let value: unknown
  try {
    value = await work()
  } catch (error) {
    return error
  }
  throw new Error(`it came back with ${JSON.stringify(value)}`)
}

const wrongContexts: [string, unknown][] = [
  ['an address that is no text', { binding, ip: 3_405_803_783 }],
  ['an address in a list', { binding, ip: [office] }],
  ['eligibility that is no boolean', { binding, ip: office, eligible: 'no' }],
  ['eligibility that is null', { binding, ip: office, eligible: null }],
  ['eligibility that was not awaited', { binding, ip: office, eligible: Promise.resolve(false) }],
  ['a requirement that is no date', { binding, ip: office, required: '2027-01-01' }],
  ['a date that is none', { binding, ip: office, required: new Date('nonsense') }],
  ['an account made on a date that is none', { binding, ip: office, createdAt: new Date(Number.NaN) }],
  ['a word that is not known', { binding, ip: office, elligible: false }],
  ['a context that was not awaited', Promise.resolve({ binding, ip: office })],
  ['no object', 'context'],
]

describe('a fault in what the application says', () => {
  it.each(wrongContexts)('R51: lets nobody in for %s', async (_, context) => {
    const { made, calls, reset } = await enrolled()
    const twoFactor = made()
    reset()
    for (const subject of ['alice', 'bob']) {
      expect(await thrownBy(() => twoFactor.login.begin(subject, context as Context))).toMatchObject({ kind: 'usage' })
    }
    expect(calls).toEqual({ get: 0, put: 0, delete: 0 })
  })
})

describe('a fault elsewhere', () => {
  it.each<[string, Partial<TwoFactorOptions>]>([
    ['a clock that gives no number', { clock: () => Number.NaN }],
    [
      'a clock that throws',
      {
        clock: () => {
          throw new Error('no clock')
        },
      },
    ],
    [
      'a store that throws',
      { store: { get: () => Promise.reject(new Error('down')), put: async () => true, delete: async () => {} } },
    ],
    [
      'a store that is silent',
      {
        store: { get: () => new Promise(() => {}), put: async () => true, delete: async () => {} },
        deadline: { store: 10 },
      },
    ],
    [
      'a record that does not open',
      {
        store: {
          get: async () => ({ version: '0'.repeat(32), body: new Uint8Array(64) }),
          put: async () => true,
          delete: async () => {},
        },
      },
    ],
    ['a key that was retired', { keys: [newKey()] }],
  ])('R51: lets an enrolled subject in by nothing for %s, listed address or not', async (_, changed) => {
    const { made } = await enrolled()
    const twoFactor = made(changed)
    for (const ip of [office, '198.51.100.9', null]) {
      await thrownBy(() => twoFactor.login.begin('alice', { binding, ip, eligible: false }))
    }
  })

  it('R51: sends who must have a code on the account’s own address nowhere else where that cannot be had', async () => {
    const { settings } = await enrolled()
    const failing = [async () => null, () => Promise.reject(new Error('down')), async () => 7 as never]
    for (const addressOf of failing) {
      const twoFactor = createTwoFactor({ ...settings, channels: [memoryChannel('email', addressOf)] })
      await thrownBy(() => twoFactor.login.begin('bob', { binding, ip: '198.51.100.9' }))
    }
  })
})

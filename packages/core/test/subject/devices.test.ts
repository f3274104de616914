import { createHash } from 'node:crypto'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import {
  hashDevice,
  type PresentedDevice,
  trustDevice,
  trustedDeviceOf,
  withoutDevice,
  withoutDevices,
} from '../../src/subject/devices.js'
import { emptyState, type SubjectState, type TrustedDevice } from '../../src/subject/state.js'
import { bytesOf, day, now } from './fixtures.js'

const tokenOf = (name: string) => Buffer.from(bytesOf(name, 32)).toString('base64url')

function device(name: string, over: Partial<TrustedDevice> = {}): TrustedDevice {
  const hash = hashDevice(tokenOf(name)) ?? ''
  return { id: name, hash, name, credential: null, channel: null, createdAt: now, expiresAt: now + 30 * day, ...over }
}
function presented(name: string | null, over: Partial<PresentedDevice> = {}): PresentedDevice {
  return {
    hash: name === null ? null : hashDevice(tokenOf(name)),
    credential: null,
    signedInBy: null,
    days: 30,
    ...over,
  }
}
const withDevices = (...trustedDevices: TrustedDevice[]): SubjectState => ({ ...emptyState, trustedDevices })
const names = ({ trustedDevices }: SubjectState) => trustedDevices.map(({ name }) => name)

describe('the token of a device', () => {
  it('R36: is kept as its SHA-256 alone', () => {
    const token = tokenOf('laptop')
    expect(hashDevice(token)).toBe(createHash('sha256').update(token).digest('base64url'))
  })

  it('R45: is 43 characters of base64url, and nothing else is looked at', () => {
    const token = tokenOf('laptop')
    for (const odd of [
      `${token}a`,
      token.slice(1),
      `${token.slice(1)}=`,
      `${token.slice(1)}\n`,
      '',
      null,
      7,
      [token],
    ]) {
      expect(hashDevice(odd)).toBeNull()
    }
  })
})

describe('a trusted device', () => {
  it('R36: is found by its own token, until its end', () => {
    const state = withDevices(device('laptop'), device('tablet', { expiresAt: now + day }))
    expect(trustedDeviceOf(state, presented('tablet'), now + day - 1)?.name).toBe('tablet')
    expect(trustedDeviceOf(state, presented('tablet'), now + day)).toBeNull()
    expect(trustedDeviceOf(state, presented('laptop'), now + day)?.name).toBe('laptop')
    for (const none of ['phone', null]) expect(trustedDeviceOf(state, presented(none), now)).toBeNull()
  })

  it('R7, R36: is never trusted for longer than the policy says now, nor than it was given for, nor by a clock that was ahead', () => {
    fc.assert(
      fc.property(fc.nat(100), fc.nat(100), fc.integer({ min: -3 * day, max: 120 * day }), (given, days, after) => {
        const state = withDevices(device('laptop', { expiresAt: now + given * day }))
        const found = trustedDeviceOf(state, presented('laptop', { days }), now + after)
        // One that was trusted later than tomorrow was so by a clock that was wrong.
        expect(found !== null).toBe(after >= -day && after < Math.min(given, days) * day)
      }),
    )
  })

  it('R55: belongs to one version of the password; named on one side only, to none', () => {
    const state = withDevices(device('laptop', { credential: 'first' }), device('tablet'))
    const found = (name: string, credential: string | null) =>
      trustedDeviceOf(state, presented(name, { credential }), now)?.name
    expect(found('laptop', 'first')).toBe('laptop')
    expect(found('laptop', 'second')).toBeUndefined()
    expect(found('laptop', null)).toBeUndefined()
    expect(found('tablet', 'first')).toBeUndefined()
    expect(found('tablet', null)).toBe('tablet')
  })
})

describe('the list of devices', () => {
  it('R53: never holds more than ten; first those go that are over, or of another password, then the oldest', () => {
    const many = fc.array(fc.record({ old: fc.boolean(), other: fc.boolean() }), { maxLength: 40 })
    fc.assert(
      fc.property(many, all => {
        let state = withDevices()
        let expected: TrustedDevice[] = []
        const isGood = ({ createdAt, credential }: TrustedDevice) => createdAt === now && credential === null
        all.forEach(({ old, other }, number) => {
          const createdAt = old ? now - 40 * day : now
          const credential = other ? 'other' : null
          const added = device(`${number}`, { createdAt, credential, expiresAt: createdAt + 30 * day })
          if (old || other) {
            // As it lay there from before.
            if (expected.length === 10) return
            state = { ...state, trustedDevices: [...state.trustedDevices, added] }
            expected = [...expected, added]
            return
          }
          const trusted = trustDevice(state, added, presented(null))
          const loser = expected.length < 10 ? undefined : (expected.find(one => !isGood(one)) ?? expected[0])
          expected = [...expected.filter(one => one !== loser), added]
          expect(trusted.state.trustedDevices).toEqual(expected)
          expect(trusted.events).toHaveLength(loser !== undefined && isGood(loser) ? 2 : 1)
          state = trusted.state
        })
      }),
    )
  })

  it('R29: is not for who signed in by the channel whose code had earned it', () => {
    const state = withDevices(device('laptop', { channel: 'email' }), device('tablet'))
    const found = (name: string, signedInBy: string | null) =>
      trustedDeviceOf(state, presented(name, { signedInBy }), now)?.name
    expect([found('laptop', null), found('laptop', 'sms')]).toEqual(['laptop', 'laptop'])
    expect(found('laptop', 'email')).toBeUndefined()
    expect(found('tablet', 'email')).toBe('tablet')
  })

  it('tells of one that is pushed out, and not of one that was over or is known by a new token', () => {
    const ten = Array.from({ length: 10 }, (_, number) => device(`${number}`))
    const pushed = trustDevice(withDevices(...ten), device('new'), presented(null))
    expect(pushed.events).toEqual([
      { type: 'device_revoked', device: '0' },
      { type: 'device_trusted', device: 'new' },
    ])
    const over = [...ten.slice(1), device('over', { createdAt: now - 31 * day, expiresAt: now - day })]
    const quiet = trustDevice(withDevices(...over), device('new'), presented(null))
    expect([names(quiet.state).includes('over'), quiet.events.length]).toEqual([false, 1])
    const anew = trustDevice(withDevices(...ten), device('new'), presented('3'))
    expect(names(anew.state)).toEqual(['0', '1', '2', '4', '5', '6', '7', '8', '9', 'new'])
    expect(anew.events).toEqual([{ type: 'device_trusted', device: 'new' }])
  })

  it('R36: loses one or all, and is the same object where there is none to lose', () => {
    const state = withDevices(device('laptop'), device('tablet'))
    const one = withoutDevice(state, 'laptop')
    expect([names(one.state), one.events]).toEqual([['tablet'], [{ type: 'device_revoked', device: 'laptop' }]])
    expect(() => withoutDevice(state, 'phone')).toThrow(expect.objectContaining({ code: 'not_found' }))
    const all = withoutDevices(state)
    expect([names(all.state), all.events.map(({ type }) => type)]).toEqual([[], ['device_revoked', 'device_revoked']])
    expect(withoutDevices(emptyState)).toEqual({ state: emptyState, events: [] })
    expect(withoutDevices(emptyState).state).toBe(emptyState)
  })
})

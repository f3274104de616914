import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import {
  destinationOn,
  hintOf,
  refuseIfLastOrUnknownDestination,
  withDestination,
  withFirstFactor,
  withoutDestination,
} from '../../src/subject/destinations.js'
import { emptyState, hasFactor } from '../../src/subject/state.js'
import { attempts, authenticator, enrolled, facts, material, now } from './fixtures.js'

const phone = { channel: 'sms', address: '+12025550142' }
const channels = ['email', 'sms']
const mail = { channel: 'email', address: 'alice@example.com' }

describe('a destination', () => {
  it('R53: is one a channel: a second takes the place of the first, and guesses stay counted', () => {
    const before = { ...emptyState, attempts: { sms: attempts({ failures: 4 }) } }
    const first = withDestination(before, phone, now)
    expect(first.events).toEqual([{ type: 'destination_added', channel: 'sms' }])
    const both = withDestination(first.state, mail, now).state
    const second = withDestination(both, { ...phone, address: '+12025550199' }, now + 1)
    expect(second.events.map(({ type }) => type)).toEqual(['destination_removed', 'destination_added'])
    expect(second.state.destinations.map(({ address }) => address)).toEqual(['alice@example.com', '+12025550199'])
    expect(second.state.attempts).toEqual(before.attempts)
  })

  it('is a factor, and the last one stays', () => {
    const { state } = withDestination(emptyState, phone, now)
    expect(hasFactor(state)).toBe(true)
    expect(() => refuseIfLastOrUnknownDestination(state, 'sms', channels)).toThrowError(
      expect.objectContaining({ code: 'would_lock_out' }),
    )
    expect(() => refuseIfLastOrUnknownDestination(state, 'email', channels)).toThrowError(
      expect.objectContaining({ code: 'not_found' }),
    )
    const both = withDestination(state, mail, now).state
    refuseIfLastOrUnknownDestination(both, 'sms', channels)
    refuseIfLastOrUnknownDestination({ ...state, authenticators: [authenticator('phone')] }, 'sms', channels)
    // What no channel reaches is nothing to go on with.
    expect(() => refuseIfLastOrUnknownDestination(both, 'sms', ['sms'])).toThrowError(
      expect.objectContaining({ code: 'would_lock_out' }),
    )
    expect(destinationOn(withoutDestination(state, 'sms'), 'sms')).toBeNull()
  })

  it('R33: comes with a first factor in one write that renews the epoch and voids what was sent', () => {
    const sent = { challenge: 'c', channel: 'sms', key: 'k', firstSentAt: now, sentAt: now, expiresAt: now + 1 }
    const before = { ...enrolled(), recoveryCodes: null, sentCodes: [sent] }
    const { state, events, outcome } = withFirstFactor(before, [mail, phone], material(), facts())
    expect(outcome.recoveryCodes).toHaveLength(10)
    expect(state).toMatchObject({ epoch: facts().nextEpoch, sentCodes: [], destinations: [mail, phone] })
    expect(events).toEqual([
      { type: 'destination_added', channel: 'email' },
      { type: 'destination_added', channel: 'sms' },
    ])
  })
})

describe('a hint', () => {
  it.each([
    ['jane@x.org', 'j•••@x.org'],
    ['j@x.org', 'j•••@x.org'],
    ['"a@b"@x.org', '"•••@x.org'],
    ['😀ann@x.org', '😀•••@x.org'],
    ['+12025550142', '•••• 42'],
    ['@handle', '•••• le'],
    ['7', '•••• 7'],
  ])('of %s is %s', (address, hint) => {
    expect(hintOf(address)).toBe(hint)
  })

  it('R40: shows one character before the @, or the last two, and nothing else of the name', () => {
    const name = fc.stringMatching(/^[a-z]{2,20}$/)
    fc.assert(
      fc.property(name, name, (local, domain) => {
        expect(hintOf(`${local}@${domain}`)).toBe(`${local[0]}•••@${domain}`)
        expect(hintOf(local)).toBe(`•••• ${local.slice(-2)}`)
      }),
    )
  })
})

import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import {
  emptyState,
  firstEpoch,
  hasFactor,
  type SubjectState,
  stateSchema,
  withChangedFactors,
  withoutFactors,
} from '../../src/subject/state.js'
import { attempts, authenticator, enrolled, facts, now } from './fixtures.js'

const busy: SubjectState = {
  ...enrolled(authenticator('phone'), authenticator('tablet')),
  attempts: { totp: attempts({ failures: 4, rung: 2 }) },
  spent: [{ id: 'challenge', until: now + 1 }],
  trustedDevices: [
    { id: 'laptop', hash: 'h', name: 'Laptop', credential: null, channel: null, createdAt: now, expiresAt: now + 1 },
  ],
  allowlist: [{ id: 'office', network: '203.0.113.0/24', name: 'Office', proof: 'strong', createdAt: now }],
  permit: 'permit',
}

describe('a change of factors', () => {
  it('R33: renews the epoch, so that what was spent under the old one can be forgotten, and trusts no device', () => {
    const changed = withChangedFactors(busy, facts({ nextEpoch: 'f'.repeat(32) }))
    expect(changed.epoch).toBe('f'.repeat(32))
    expect(changed.spent).toEqual([])
    expect(changed.trustedDevices).toEqual([])
    const { epoch, spent, generation, trustedDevices: _, ...rest } = busy
    expect(changed).toMatchObject(rest)
    expect([epoch, spent, generation]).not.toEqual([changed.epoch, changed.spent, changed.generation])
  })

  it('R46: counts the generation up to the later of the next one and the seconds since 1970', () => {
    const moment = fc.integer({ min: -(2 ** 41), max: 2 ** 42 })
    fc.assert(
      fc.property(fc.nat({ max: 2 ** 32 }), moment, (generation, at) => {
        const next = withChangedFactors({ ...busy, generation }, facts({ now: at })).generation
        expect(next).toBe(Math.max(generation + 1, Math.floor(at / 1000)))
        expect(next).toBeGreaterThan(generation)
      }),
    )
  })

  it('R46: passes every generation that a lost record had, as long as the clock went on', () => {
    const lost = withChangedFactors(withChangedFactors(emptyState, facts()), facts())
    const anew = withChangedFactors(emptyState, facts({ now: now + 2000 }))
    expect(anew.generation).toBeGreaterThan(lost.generation)
  })
})

describe('the state of a subject', () => {
  it('is empty before the first change, under an epoch of zeros', () => {
    expect(emptyState.epoch).toBe('0'.repeat(32))
    expect(firstEpoch).toBe(emptyState.epoch)
    expect(hasFactor(emptyState)).toBe(false)
    expect(hasFactor(busy)).toBe(true)
  })

  it('keeps nothing but epoch, generation and allowlist when the factors go', () => {
    const { epoch, generation } = busy
    // What vouched for it is gone with the factors.
    const allowlist = busy.allowlist.map(entry => ({ ...entry, proof: null }))
    expect(withoutFactors(busy)).toEqual({ ...emptyState, epoch, generation, allowlist })
  })

  it('reads back as it was written', () => {
    for (const state of [emptyState, busy, withoutFactors(busy), enrolled()]) {
      expect(stateSchema.parse(JSON.parse(JSON.stringify(state)))).toEqual(state)
    }
  })

  it('R39: does not read what it does not know, rather than drop it', () => {
    for (const unknown of [
      { ...busy, extra: 1 },
      { ...busy, epoch: undefined },
      { ...busy, permit: 3 },
      null,
      'state',
    ]) {
      expect(stateSchema.safeParse(unknown).success).toBe(false)
    }
    const odd = structuredClone(busy) as { authenticators: { lastStep: unknown }[] }
    for (const one of odd.authenticators) one.lastStep = undefined
    expect(stateSchema.safeParse(odd).success).toBe(false)
  })
})

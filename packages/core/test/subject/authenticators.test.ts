import fc from 'fast-check'
import { afterEach, describe, expect, it, vi } from 'vitest'
import { isRefusal } from '../../src/errors.js'
import * as totp from '../../src/otp/totp.js'
import {
  acceptableCodes,
  addAuthenticator,
  authenticatorLimit,
  confirmAuthenticator,
  refuseIfLastOrUnknown,
  refuseIfNoRoom,
  requireAuthenticator,
  takeTotpCode,
  withoutAuthenticator,
} from '../../src/subject/authenticators.js'
import { recoveryCodesLeft } from '../../src/subject/recovery-codes.js'
import { type Authenticator, emptyState, type SubjectState } from '../../src/subject/state.js'
import {
  attempts,
  authenticator,
  codeOf,
  day,
  enrolled,
  facts,
  material,
  minute,
  now,
  step,
  wrongCode,
} from './fixtures.js'

const phone = authenticator('phone')
const tablet = authenticator('tablet')

const at = (steps: number) => facts({ now: now + steps * 30_000 })

/** The code of the refusal that `act` throws. */
function refused(act: () => unknown): string {
  try {
    act()
  } catch (error) {
    if (isRefusal(error)) return error.code
    throw error
  }
  throw new Error('it was not refused')
}

function accepted(state: SubjectState, code: string, given = facts()): SubjectState {
  const taken = takeTotpCode(state, code, given)
  if (taken.result !== 'accepted') throw new Error(`not accepted but ${taken.result}`)
  return taken.state
}

const lastSteps = (state: SubjectState) => state.authenticators.map(one => one.lastStep)

/** Two authenticators with different secrets that show the same code, the second `apart` steps later. */
function collidingPair(apart: number): { first: Authenticator; second: Authenticator; code: string } {
  const seen = new Map<string, Authenticator>()
  for (let seed = 0; ; seed++) {
    const candidate = authenticator(`collision ${seed}`)
    const first = seen.get(codeOf(candidate, step + apart))
    if (first !== undefined) return { first, second: candidate, code: codeOf(first) }
    seen.set(codeOf(candidate), candidate)
  }
}

afterEach(() => {
  vi.restoreAllMocks()
})

describe('the number of authenticators', () => {
  it('R3: keeps authenticators × (2 · window + 1) at 21 or less, and never allows more than five', () => {
    for (let window = 0; window <= 10; window++) {
      const limit = authenticatorLimit(window)
      expect(limit * (2 * window + 1)).toBeLessThanOrEqual(21)
      expect(limit === 5 || (limit + 1) * (2 * window + 1) > 21).toBe(true)
      expect(limit).toBeGreaterThanOrEqual(1)
    }
  })

  it('R3: counts what one guess may fit', () => {
    expect(acceptableCodes(emptyState, 1)).toBe(3)
    expect(acceptableCodes(enrolled(phone), 1)).toBe(3)
    expect(acceptableCodes(enrolled(phone, tablet), 2)).toBe(10)
  })

  it('R3: takes fewer steps where the window was widened after many were enrolled', () => {
    const five = enrolled(...['a', 'b', 'c', 'd', 'e'].map(name => authenticator(name)))
    const codes = Array.from({ length: 21 }, (_, by) => codeOf(five.authenticators[0] as Authenticator, step - 10 + by))
    const taken = codes.filter(code => takeTotpCode(five, code, facts({ window: 10 })).result === 'accepted')
    expect(taken).toEqual(codes.slice(9, 12))
    for (let count = 1; count <= 5; count++) {
      const state = enrolled(...five.authenticators.slice(0, count))
      for (let window = 0; window <= 10; window++) expect(acceptableCodes(state, window)).toBeLessThanOrEqual(21)
    }
  })

  it('R53: refuses one more than the limit, unless it replaces one of them', () => {
    const full = enrolled(...['a', 'b', 'c', 'd', 'e'].map(name => authenticator(name)))
    expect(refused(() => refuseIfNoRoom(full, null, 1))).toBe('limit_reached')
    expect(refused(() => refuseIfNoRoom(full, 'somebody else’s', 1))).toBe('not_found')
    refuseIfNoRoom(full, 'a', 1)
    refuseIfNoRoom(enrolled(phone, tablet), null, 1)
  })

  it('refuses the same secret twice', () => {
    expect(refused(() => addAuthenticator([phone], { ...phone, id: 'copy' }))).toBe('limit_reached')
    expect(addAuthenticator([phone], tablet)).toEqual([phone, tablet])
  })

  it('R32: knows no id but its own subject’s, and keeps the last factor', () => {
    expect(refused(() => requireAuthenticator(enrolled(phone), 'tablet'))).toBe('not_found')
    expect(refused(() => refuseIfLastOrUnknown(enrolled(phone), 'tablet'))).toBe('not_found')
    expect(refused(() => refuseIfLastOrUnknown(enrolled(phone), 'phone'))).toBe('would_lock_out')
    refuseIfLastOrUnknown(enrolled(phone, tablet), 'phone')
    expect(withoutAuthenticator(enrolled(phone, tablet), 'phone').authenticators).toEqual([tablet])
  })
})

describe('taking a code', () => {
  it('R4: takes a step once, and none before it afterwards', () => {
    const next = accepted(enrolled(phone), codeOf(phone))
    expect(next.authenticators).toEqual([{ ...phone, lastStep: step, lastUsedAt: now }])
    for (const later of [0, 1]) {
      expect(takeTotpCode(next, codeOf(phone), at(later)).result).toBe('replayed')
      expect(takeTotpCode(next, codeOf(phone, step - 1), at(later - 1)).result).toBe('replayed')
    }
    expect(takeTotpCode(next, codeOf(phone), at(2)).result).toBe('wrong')
    expect(lastSteps(accepted(next, codeOf(phone, step + 1)))).toEqual([step + 1])
  })

  it('R4: takes every step at most once, in ascending order, however codes and clock come', () => {
    const move = fc.record({ by: fc.integer({ min: -5, max: 5 }), code: fc.integer({ min: -3, max: 3 }) })
    fc.assert(
      fc.property(fc.array(move, { maxLength: 50 }), fc.integer({ min: 0, max: 3 }), (moves, window) => {
        let state = enrolled(phone)
        let steps = 0
        let last = Number.NEGATIVE_INFINITY
        for (const { by, code } of moves) {
          steps += by
          const taken = takeTotpCode(state, codeOf(phone, step + steps + code), { ...at(steps), window })
          const fresh = Math.abs(code) <= window && steps + code > last
          expect(taken.result === 'accepted').toBe(fresh)
          if (taken.result !== 'accepted') continue
          state = taken.state
          last = steps + code
        }
      }),
      { numRuns: 60 },
    )
  })

  it.each([-1, 0, 1])('R5: burns a code that fits two authenticators, %i steps apart, in both', apart => {
    const { first, second, code } = collidingPair(apart)
    expect(first.secret).not.toBe(second.secret)
    const next = accepted(enrolled(first, phone, second), code)
    expect(lastSteps(next)).toEqual([step, null, step + apart])
    expect(takeTotpCode(next, code, facts()).result).toBe('replayed')
    for (const left of [first, second]) {
      const alone = { ...next, authenticators: next.authenticators.filter(one => one.id === left.id) }
      expect(takeTotpCode(alone, code, facts()).result).toBe('replayed')
    }
  })

  it('R5: takes a code that is used up in one authenticator and fresh in another, and burns it there', () => {
    const { first, second, code } = collidingPair(0)
    const next = accepted(enrolled({ ...first, lastStep: step + 1 }, second), code)
    expect(lastSteps(next)).toEqual([step + 1, step])
  })

  it('R6: takes a code of another length than the authenticator’s for a wrong one', () => {
    const eight = authenticator('eight', { digits: 8 })
    expect(takeTotpCode(enrolled(eight), codeOf(eight).slice(2), facts()).result).toBe('wrong')
    expect(takeTotpCode(enrolled(phone), `00${codeOf(phone)}`, facts()).result).toBe('wrong')
    expect(lastSteps(accepted(enrolled(eight, phone), codeOf(eight)))).toEqual([step, null])
  })

  it('R9: holds a code against every authenticator, whichever it fits', () => {
    const matching = vi.spyOn(totp, 'matchingSteps')
    const state = enrolled(phone, tablet, authenticator('watch'))
    for (const code of [codeOf(phone), codeOf(tablet), wrongCode(...state.authenticators)]) {
      matching.mockClear()
      takeTotpCode(state, code, facts())
      expect(matching).toHaveBeenCalledTimes(3)
    }
  })

  it('R7: refuses at a clock that stepped back, even before 1970, and never throws', () => {
    const used = accepted(enrolled(phone), codeOf(phone))
    for (const back of [minute, day, now, 2 * now]) {
      for (const code of [codeOf(phone), wrongCode(phone)]) {
        expect(takeTotpCode(used, code, facts({ now: now - back })).result).not.toBe('accepted')
      }
    }
    expect(takeTotpCode(used, codeOf(phone, step - 2), at(-2)).result).toBe('replayed')
  })
})

describe('confirming an enrolment', () => {
  const { id, name, secret, algorithm, digits, period } = tablet
  const pending = { id, name, secret, algorithm, digits, period, replaces: null, alongside: [] }
  const confirm = (state: SubjectState, code: string, replaces: string | null = null) =>
    confirmAuthenticator(state, { ...pending, replaces }, code, material(), facts())

  it('R5: burns the step of the confirming code', () => {
    const { state } = confirm(enrolled(phone), codeOf(tablet))
    expect(lastSteps(state)).toEqual([null, step])
    expect(takeTotpCode(state, codeOf(tablet), facts()).result).toBe('replayed')
  })

  it('R5: burns the confirming code in the authenticators that are there already, too', () => {
    const { first, second, code } = collidingPair(0)
    const { replaces, ...parts } = { ...pending, secret: second.secret }
    const { state } = confirmAuthenticator(enrolled(first), { ...parts, replaces }, code, material(), facts())
    expect(lastSteps(state)).toEqual([step, step])
  })

  it('hands out recovery codes with the first factor alone', () => {
    const first = confirm(emptyState, codeOf(tablet))
    if (first.refused) throw first.refused
    expect(first.outcome.recoveryCodes).toHaveLength(10)
    expect(recoveryCodesLeft(first.state)).toBe(10)
    const second = confirm(enrolled(phone), codeOf(tablet))
    if (second.refused) throw second.refused
    expect(second.outcome.recoveryCodes).toBeNull()
    expect(second.state.recoveryCodes).toEqual(enrolled(phone).recoveryCodes)
  })

  it('replaces an authenticator in the write that adds the other', () => {
    const { state, events } = confirm(enrolled(phone), codeOf(tablet), 'phone')
    expect(state.authenticators.map(one => one.id)).toEqual(['tablet'])
    expect(events).toEqual([
      { type: 'enrolled', authenticator: 'tablet' },
      { type: 'removed', authenticator: 'phone' },
    ])
  })

  it('R14: counts a wrong code against the budget of the method, and changes nothing else', () => {
    const before = enrolled(phone)
    const { state, refused: refusal, events } = confirm(before, wrongCode(tablet))
    expect(refusal?.code).toBe('invalid_code')
    expect(state).toEqual({ ...before, attempts: { enrollment: attempts({ failures: 1 }) } })
    expect(events).toEqual([{ type: 'failed', method: 'totp', purpose: 'enrollment' }])
    const locked = { ...before, attempts: { enrollment: attempts({ failures: 5, lockedUntil: now + 1 }) } }
    const shut = confirm(locked, codeOf(tablet))
    expect([shut.refused?.code, shut.state]).toEqual(['locked', locked])
  })

  it('R49: is open while the authenticators on record are locked or suspended', () => {
    for (const shut of [
      attempts({ failures: 5, lockedUntil: now + day }),
      attempts({ failures: 100, suspended: true }),
    ]) {
      const { state, refused: refusal } = confirm({ ...enrolled(phone), attempts: { totp: shut } }, codeOf(tablet))
      expect(refusal).toBeUndefined()
      expect(state.attempts).toEqual({ totp: shut })
    }
  })

  it('R12: leaves the count of the factors on record as it is', () => {
    const budgets = { totp: attempts({ failures: 4 }), enrollment: attempts({ failures: 3, rung: 1 }) }
    const { state } = confirm({ ...enrolled(phone), attempts: budgets }, codeOf(tablet))
    expect(state.attempts).toEqual({ ...budgets, enrollment: attempts({ rung: 1 }) })
  })
})

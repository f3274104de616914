import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { isRefusal } from '../../src/errors.js'
import { isSpent, mostSpent, spend } from '../../src/subject/spent.js'
import { emptyState, type SubjectState } from '../../src/subject/state.js'
import { day, minute, now } from './fixtures.js'

const until = now + 10 * minute

function full(at = now): SubjectState {
  let state: SubjectState = emptyState
  for (let id = 0; id < mostSpent; id++) state = spend(state, `id ${id}`, until + id * 1000, at)
  return state
}

describe('spent ids', () => {
  it('R34: remembers what was used until it would have expired anyway', () => {
    const state = spend(emptyState, 'one', until, now)
    expect(isSpent(state, 'one')).toBe(true)
    expect(isSpent(state, 'another')).toBe(false)
    const later = spend(state, 'two', until + minute, until - 1)
    expect(later.spent.map(({ id }) => id)).toEqual(['one', 'two'])
  })

  it('R34: remembers every live id, whatever else is spent in between', () => {
    const use = fc.record({ wait: fc.nat({ max: 3 * minute }), life: fc.integer({ min: 1, max: 15 * minute }) })
    fc.assert(
      fc.property(fc.array(use, { maxLength: mostSpent }), uses => {
        let state: SubjectState = emptyState
        let at = now
        const ends = new Map<string, number>()
        for (const { wait, life } of uses) {
          at += wait
          const id = `id ${ends.size}`
          state = spend(state, id, at + life, at)
          ends.set(id, at + life)
          for (const [earlier, end] of ends) if (at < end) expect(isSpent(state, earlier)).toBe(true)
        }
      }),
    )
  })

  it('R34: remembers what has expired too, as long as there is room: another clock may still honour it', () => {
    const state = spend(spend(emptyState, 'one', until, now), 'two', until + day, until + minute)
    expect(isSpent(state, 'one')).toBe(true)
    const crowded = spend(full(), 'later', until + day, until + 30_000)
    expect(isSpent(crowded, 'id 29')).toBe(false)
    expect(isSpent(crowded, 'id 31')).toBe(true)
  })

  it('R53: refuses the sixty-fifth live id, and says when there is room', () => {
    expect(mostSpent).toBe(64)
    const state = full()
    try {
      spend(state, 'one too many', until, now)
      throw new Error('it was not refused')
    } catch (error) {
      if (!isRefusal(error)) throw error
      expect([error.code, error.retryAfter]).toEqual(['limit_reached', 600])
    }
    const later = spend(state, 'now there is room', until + 100 * minute, until)
    expect(isSpent(later, 'now there is room')).toBe(true)
    expect(later.spent.length).toBeLessThanOrEqual(mostSpent)
  })

  it('leaves the state that it was given as it was', () => {
    const state = full()
    const before = structuredClone(state)
    spend(state, 'later', until + 100 * minute, until + 100 * minute)
    expect(state).toEqual(before)
  })
})

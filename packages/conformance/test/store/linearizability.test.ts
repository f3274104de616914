import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { isLinearizable, type Operation, shortestViolation } from '../../src/store/linearizability.js'
import { anyHistories, someOrderExplains, trueHistories } from '../support/registers.js'

/** ms: every order of many histories is tried. */
const timeout = 60_000

const lost = Number.POSITIVE_INFINITY
type Span = [began: number, ended: number]
const get = ([began, ended]: Span, found: string | null): Operation => ({ client: 0, began, ended, kind: 'get', found })
const remove = ([began, ended]: Span): Operation => ({ client: 0, began, ended, kind: 'delete' })
const put = ([began, ended]: Span, version: string, ifVersion: string | null, landed = true): Operation => ({
  client: 0,
  began,
  ended,
  kind: 'put',
  version,
  ifVersion,
  landed,
  expires: false,
})
/** What may go by itself from then on. */
const passing = (span: Span, version: string, ifVersion: string | null): Operation =>
  ({ ...put(span, version, ifVersion), expires: true }) as Operation

describe('isLinearizable', { timeout }, () => {
  it('R47: accepts whatever a true register gave', () => {
    fc.assert(
      fc.property(trueHistories(60), history => isLinearizable(history)),
      { numRuns: 300 },
    )
  })

  it('R47: decides as every order does that can be tried', () => {
    let accepted = 0
    let rejected = 0
    const judge = fc.property(anyHistories(6), history => {
      const should = someOrderExplains(history)
      if (should) accepted++
      else rejected++
      return isLinearizable(history) === should
    })
    fc.assert(judge, { numRuns: 2_000 })
    expect(Math.min(accepted, rejected)).toBeGreaterThan(200)
  })

  it('decides as every order does where one answer of a true register is another', () => {
    let rejected = 0
    const judge = fc.property(trueHistories(6), fc.nat(), fc.nat(), (history, which, other) => {
      const index = which % Math.max(1, history.length)
      const versions = [null, 'nobody’s', ...history.flatMap(each => (each.kind === 'put' ? [each.version] : []))]
      const mutated = history.map((each, at) => {
        if (at !== index) return each
        if (each.kind === 'get') return { ...each, found: versions[other % versions.length] ?? null }
        return each.kind === 'put' ? { ...each, landed: !each.landed } : { ...each, kind: 'get' as const, found: null }
      })
      const should = someOrderExplains(mutated)
      if (!should) rejected++
      return isLinearizable(mutated) === should
    })
    fc.assert(judge, { numRuns: 1_500 })
    expect(rejected).toBeGreaterThan(200)
  })

  it('rejects a version that nobody wrote, in any history', () => {
    const judge = fc.property(trueHistories(40), fc.nat(), (history, at) => {
      const [began, ended] = [at + 0.25, at + 0.75]
      return !isLinearizable([...history, get([began, ended], 'nobody’s')])
    })
    fc.assert(judge, { numRuns: 100 })
  })

  const wrong: [string, Operation[]][] = [
    ['an update that is lost', [put([1, 2], 'a', null), put([3, 6], 'b', 'a'), put([4, 5], 'c', 'a')]],
    ['an insert that overwrites', [put([1, 2], 'a', null), put([3, 4], 'b', null)]],
    ['a read from before an acknowledged write', [put([1, 2], 'a', null), get([3, 4], null)]],
    ['a read that goes back', [put([1, 2], 'a', null), put([3, 9], 'b', 'a'), get([4, 5], 'b'), get([6, 7], 'a')]],
    ['a refused write that appears', [put([1, 2], 'a', null), put([3, 4], 'b', null, false), get([5, 6], 'b')]],
    ['a conflict with nobody', [put([1, 2], 'a', null, false)]],
    ['a deleted record that is back', [put([1, 2], 'a', null), remove([3, 4]), get([5, 6], 'a')]],
    ['a write over what was deleted', [put([1, 2], 'a', null), remove([3, 4]), put([5, 6], 'b', 'a')]],
    ['a record that is gone, and did not expire', [put([1, 2], 'a', null), get([3, 4], null)]],
    [
      'a renewed record that goes with the expired one',
      [passing([1, 2], 'a', null), put([3, 4], 'b', 'a'), get([5, 6], null)],
    ],
    ['an expired record that goes, and is back', [passing([1, 2], 'a', null), get([3, 4], null), get([5, 6], 'a')]],
    ['a write over another version than the expired one', [passing([1, 2], 'a', null), put([3, 4], 'b', 'c')]],
    [
      'a lost write that lands twice',
      [put([1, lost], 'a', null), remove([2, 3]), get([4, 5], 'a'), remove([6, 7]), get([8, 9], 'a')],
    ],
  ]
  it.each(wrong)('R47: rejects %s', (_, history) => {
    expect(isLinearizable(history)).toBe(false)
  })

  const right: [string, Operation[]][] = [
    [
      'two updates at once, of which one is refused',
      [put([1, 2], 'a', null), put([3, 6], 'b', 'a', false), put([4, 5], 'c', 'a')],
    ],
    ['a read at once with the write that it sees', [put([1, 4], 'a', null), get([2, 3], 'a'), get([5, 6], 'a')]],
    [
      'an expired record that is there, and goes at any time',
      [passing([1, 2], 'a', null), get([3, 4], 'a'), get([5, 6], null), put([7, 8], 'b', null)],
    ],
    ['an expired record that is renewed', [passing([1, 2], 'a', null), put([3, 4], 'b', 'a'), get([5, 6], 'b')]],
    ['an insert where a record had expired', [passing([1, 2], 'a', null), put([3, 4], 'b', null)]],
    ['a lost write that lands late', [put([1, lost], 'a', null), get([2, 3], null), get([4, 5], 'a')]],
    ['a lost write that never lands', [put([1, lost], 'a', null), put([2, 3], 'b', null), get([4, 5], 'b')]],
    [
      'lost deletes that take effect one by one',
      [remove([1, lost]), remove([2, lost]), put([3, 4], 'a', null), put([5, 6], 'b', null), put([7, 8], 'c', null)],
    ],
  ]
  it.each(right)('accepts %s', (_, history) => {
    expect(isLinearizable(history)).toBe(true)
  })

  it('takes no more than a moment for many operations at once', () => {
    const writers = Array.from({ length: 40 }, (_, index) =>
      put([index, 1_000 + index], `v${index}`, null, index === 39),
    )
    expect(isLinearizable(writers)).toBe(true)
    expect(isLinearizable(writers.map(each => ({ ...each, landed: false }) as Operation))).toBe(false)
  })
})

describe('shortestViolation', { timeout }, () => {
  it('is a violation that is none without its last answer', () => {
    let seen = 0
    const judge = fc.property(anyHistories(8), history => {
      if (isLinearizable(history)) return
      seen++
      const violation = shortestViolation(history)
      expect(isLinearizable(violation)).toBe(false)
      const last = Math.max(...violation.map(({ ended }) => ended).filter(Number.isFinite))
      const before = violation.filter(({ began }) => began < last)
      const without = before.map(each => (each.ended === last ? { ...each, ended: lost } : each))
      expect(isLinearizable(without)).toBe(true)
    })
    fc.assert(judge, { numRuns: 500 })
    expect(seen).toBeGreaterThan(100)
  })
})

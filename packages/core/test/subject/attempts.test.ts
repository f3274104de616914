import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { isRefusal } from '../../src/errors.js'
import {
  clearCount,
  clearFailures,
  countFailure,
  enrollmentBudget,
  longestRow,
  mayAnswer,
  refusedIfShut,
  refuseIfShut,
  secondsUntil,
  shut,
  unlocked,
} from '../../src/subject/attempts.js'
import { emptyState, type SubjectState } from '../../src/subject/state.js'
import { attempts, day, hour, minute, now } from './fixtures.js'

const failed = { method: 'totp', purpose: 'login', acceptable: 3 }
const withTotp = (over: Parameters<typeof attempts>[0]): SubjectState => ({
  ...emptyState,
  attempts: { totp: attempts(over) },
})

/** So many failures at one moment; what the last one brought. */
function failTimes(times: number, from: SubjectState = emptyState, at = now, acceptable = 3) {
  let counted: ReturnType<typeof countFailure> = { state: from, events: [], retryAfter: null }
  for (let time = 0; time < times; time++) counted = countFailure(counted.state, { ...failed, acceptable }, at)
  return counted
}

/** The refusal that a shut method throws, or null. */
function refusalWhile(state: SubjectState, at: number, method = 'totp') {
  try {
    refuseIfShut(state, method, at)
    return null
  } catch (error) {
    if (!isRefusal(error)) throw error
    return { code: error.code, retryAfter: error.retryAfter }
  }
}

describe('locks', () => {
  it('R10: shuts a method at its fifth failure and not before', () => {
    for (let times = 0; times < 5; times++) expect(shut(failTimes(times).state, 'totp', now)).toBeNull()
    const { state, events, retryAfter } = failTimes(5)
    expect(shut(state, 'totp', now)).toEqual({ until: now + 15 * minute })
    expect(retryAfter).toBe(15 * 60)
    expect(events.map(event => event.type)).toEqual(['failed', 'locked'])
  })

  it('R13: locks at every fifth failure, for 15 minutes and twice as long each time, up to 24 hours', () => {
    const lengths: number[] = []
    let state: SubjectState = emptyState
    for (let failure = 1; failure < 100; failure++) {
      const counted = countFailure(state, failed, now)
      state = counted.state
      if (failure % 5 !== 0) expect(counted.retryAfter).toBeNull()
      else lengths.push((counted.retryAfter ?? Number.NaN) / 60)
    }
    expect(lengths).toEqual([15, 30, 60, 120, 240, 480, 960, ...new Array(12).fill(1440)])
  })

  it('opens a lock at its last millisecond and tells the seconds that are left, rounded up', () => {
    const { state } = failTimes(5)
    const end = now + 15 * minute
    expect(refusalWhile(state, end - 1)).toEqual({ code: 'locked', retryAfter: 1 })
    expect(refusalWhile(state, end - 1001)).toEqual({ code: 'locked', retryAfter: 2 })
    expect(refusalWhile(state, end)).toBeNull()
    expect(secondsUntil(now, now)).toBe(1)
  })

  it('R10: looks at no more than five wrong answers between two locks, whenever they come', () => {
    fc.assert(
      fc.property(fc.array(fc.integer({ min: 0, max: 3 * hour }), { maxLength: 120 }), waits => {
        let state: SubjectState = emptyState
        let at = now
        let sinceLock = 0
        for (const wait of waits) {
          at += wait
          if (shut(state, 'totp', at) !== null) continue
          const counted = countFailure(state, failed, at)
          state = counted.state
          sinceLock++
          expect(sinceLock).toBeLessThanOrEqual(5)
          if (shut(state, 'totp', at) !== null) sinceLock = 0
        }
      }),
    )
  })

  it('R11: keeps the budgets of two methods apart', () => {
    const { state } = failTimes(5)
    expect(shut(state, 'email', now)).toBeNull()
    const mail = countFailure(state, { method: 'email', purpose: 'login', acceptable: 1 }, now)
    expect(mail.state.attempts['email']?.failures).toBe(1)
    expect(mail.state.attempts['totp']).toEqual(state.attempts['totp'])
  })
})

describe('the budget of enrolments', () => {
  it('R14: is one apart: a wrong first code shuts no login, and wrong codes at login no enrolment', () => {
    const counted = countFailure(failTimes(5).state, { ...failed, budget: enrollmentBudget }, now)
    expect(counted.state.attempts[enrollmentBudget]?.failures).toBe(1)
    expect(counted.state.attempts['totp']).toEqual(failTimes(5).state.attempts['totp'])
    expect(counted.events).toEqual([{ type: 'failed', method: 'totp', purpose: 'login' }])
    expect(shut(counted.state, enrollmentBudget, now)).toBeNull()
  })

  it('R12: is cleared by itself alone, its ladder apart', () => {
    const both = {
      ...emptyState,
      attempts: { totp: attempts({ failures: 3 }), other: attempts({ failures: 4, rung: 2 }) },
    }
    expect(clearCount(both, 'other').attempts).toEqual({ totp: both.attempts.totp, other: attempts({ rung: 2 }) })
    expect(clearCount(both, 'unknown')).toBe(both)
  })
})

describe('the ladder of locks', () => {
  const lockAfter = (rung: number, calm: number) =>
    (failTimes(5, withTotp({ rung, failures: 10 }), now + calm).retryAfter ?? Number.NaN) / 60

  it.each([
    { calm: 0, minutes: 240 },
    { calm: day - 1, minutes: 240 },
    { calm: day, minutes: 120 },
    { calm: 2 * day - 1, minutes: 120 },
    { calm: 2 * day, minutes: 60 },
    { calm: 4 * day, minutes: 15 },
    { calm: 400 * day, minutes: 15 },
  ])(
    'R16: falls one rung for each 24 hours without failure: from the fourth, after $calm ms, to $minutes minutes',
    ({ calm, minutes }) => {
      expect(lockAfter(4, calm)).toBe(minutes)
    },
  )

  it('R16: does not fall while failures come less than 24 hours apart', () => {
    let { state } = failTimes(15)
    expect(state.attempts['totp']?.rung).toBe(3)
    for (let failure = 1; failure <= 4; failure++) state = countFailure(state, failed, now + failure * (day - 1)).state
    expect(state.attempts['totp']?.rung).toBe(3)
  })

  it('R16: outlives a success, which clears the count alone', () => {
    const { state } = failTimes(10)
    const proven = clearFailures(state, 'totp')
    expect(proven.attempts['totp']).toMatchObject({ failures: 0, lockedUntil: null, suspended: false, rung: 2 })
    expect(failTimes(5, proven).retryAfter).toBe(60 * 60)
  })
})

describe('suspension', () => {
  it('R13: comes after 100 failures in a row, or 300 over the codes that are right at once where that is fewer', () => {
    for (let acceptable = 1; acceptable <= 21; acceptable++) {
      const row = Math.min(100, Math.floor(300 / acceptable))
      expect(longestRow(acceptable)).toBe(row)
      expect(failTimes(row - 1, emptyState, now, acceptable).state.attempts['totp']?.suspended).toBe(false)
      const { state, events, retryAfter } = failTimes(row, emptyState, now, acceptable)
      expect(events.map(event => event.type)).toEqual(['failed', 'suspended'])
      expect(retryAfter).toBeNull()
      expect(shut(state, 'totp', now + 400 * day)).toEqual({ until: null })
      expect(refusalWhile(state, now)).toEqual({ code: 'suspended', retryAfter: null })
    }
  })

  it('R13: is lifted by an operator while the count stays, so that the next failure suspends again', () => {
    const lifted = unlocked(failTimes(100).state)
    expect(shut(lifted, 'totp', now)).toBeNull()
    expect(lifted.attempts['totp']?.failures).toBe(100)
    expect(failTimes(1, lifted).state.attempts['totp']?.suspended).toBe(true)
  })

  it('R16: is lifted by the proof of another method, which leaves the count and a lock as they are', () => {
    const suspended = failTimes(100).state
    const lifted = clearFailures(suspended, 'recovery_code')
    expect(lifted.attempts['totp']).toEqual({ ...suspended.attempts['totp'], suspended: false })
    expect(failTimes(1, lifted).state.attempts['totp']?.suspended).toBe(true)
    const locked = failTimes(5).state
    expect(clearFailures(locked, 'recovery_code')).toEqual(locked)
  })
})

describe('an operator’s unlock', () => {
  it('R12: ends a lock and refreshes no budget', () => {
    const { state } = failTimes(5)
    const open = unlocked(state)
    expect(shut(open, 'totp', now)).toBeNull()
    expect(open.attempts['totp']).toEqual({ ...state.attempts['totp'], lockedUntil: null })
    expect(shut(failTimes(4, open).state, 'totp', now)).toBeNull()
    expect(failTimes(5, open).retryAfter).toBe(30 * 60)
  })

  it('writes nothing where nothing is shut', () => {
    const { state } = failTimes(3)
    expect(unlocked(state)).toBe(state)
    expect(unlocked(emptyState)).toBe(emptyState)
  })
})

describe('a clock that jumps', () => {
  it('R7: takes a stored lock as at most 24 hours ahead', () => {
    const state = withTotp({ failures: 5, lockedUntil: now + 400 * day })
    expect(shut(state, 'totp', now)).toEqual({ until: now + day })
    expect(refusalWhile(state, now)).toEqual({ code: 'locked', retryAfter: 24 * 60 * 60 })
  })

  it('R7: ends a lock that lies too far ahead a day after the first answer, once, and no other', () => {
    const state = withTotp({ failures: 5, rung: 3, lockedUntil: now + 400 * day })
    expect(mayAnswer(state, 'totp', now)).toBe(true)
    const first = refusedIfShut(state, 'totp', now)
    expect(first?.refused).toMatchObject({ code: 'locked', retryAfter: 24 * 60 * 60 })
    const brought = first?.state ?? emptyState
    expect(brought.attempts['totp']).toEqual(
      attempts({ failures: 5, rung: 3, lockedUntil: now + 400 * day, endsBy: now + day }),
    )
    expect(mayAnswer(brought, 'totp', now)).toBe(false)
    for (const later of [0, minute, day - 1]) {
      const again = refusedIfShut(brought, 'totp', now + later)
      expect([again?.state, again?.refused.code]).toEqual([brought, 'locked'])
    }
    expect(refusedIfShut(brought, 'totp', now + day)).toBeNull()
    const suspended = withTotp({ failures: 100, suspended: true, lockedUntil: now + 400 * day })
    expect(refusedIfShut(suspended, 'totp', now)?.state).toBe(suspended)
    expect(mayAnswer(suspended, 'totp', now)).toBe(false)
  })

  it('R7: neither throws nor lets the ladder fall or rise by itself, whichever way it jumps', () => {
    const jump = fc.oneof(fc.integer({ min: -400 * day, max: 400 * day }), fc.integer({ min: -minute, max: minute }))
    fc.assert(
      fc.property(fc.array(jump, { maxLength: 60 }), jumps => {
        let state: SubjectState = emptyState
        let at = now
        for (const by of jumps) {
          at += by
          const how = shut(state, 'totp', at)
          expect(how?.until ?? at).toBeLessThanOrEqual(at + day)
          const before = state.attempts['totp']
          const counted = countFailure(state, failed, at)
          state = counted.state
          const after = state.attempts['totp']
          expect(after?.failures).toBe((before?.failures ?? 0) + 1)
          expect(after?.rung).toBeGreaterThanOrEqual(0)
          expect(after?.rung).toBeLessThanOrEqual(7)
          if (by <= 0) expect(after?.rung).toBeGreaterThanOrEqual(before?.rung ?? 0)
          expect(counted.retryAfter ?? 0).toBeLessThanOrEqual(24 * 60 * 60)
        }
      }),
    )
  })
})

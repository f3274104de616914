import { describe, expect, it } from 'vitest'
import { isRefusal } from '../../src/errors.js'
import {
  type Asked,
  fewRecoveryCodes,
  type JudgedAnswer,
  type JudgedProof,
  refuseIfNothingUsable,
  refuseIfPermitOutstanding,
  takeAnswer,
  takeGrant,
  takeProof,
  type UsedGrant,
  usableMethods,
} from '../../src/subject/answers.js'
import { newRecoveryCodes } from '../../src/subject/recovery-codes.js'
import { emptyState, type SubjectState } from '../../src/subject/state.js'
import {
  attempts,
  authenticator,
  canonical,
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
const alice = enrolled(phone)
const recoveryCodes = newRecoveryCodes(material(), now).written.map(canonical)
const totp = (code: string): JudgedAnswer => ({ method: 'totp', code })
const recovery = (position: number): JudgedAnswer => ({ method: 'recovery_code', code: recoveryCodes[position] ?? '' })
const grant: UsedGrant = { id: 'grant', epoch: alice.epoch, method: 'totp', first: null, expiresAt: now + 5 * minute }
const locked = { ...alice, attempts: { totp: attempts({ failures: 5, lockedUntil: now + minute }) } }
const suspended = { ...alice, attempts: { totp: attempts({ failures: 100, suspended: true }) } }

const login: Asked = { purpose: 'login', challenge: null }
const take = (state: SubjectState, answer: JudgedAnswer) => takeAnswer(state, answer, login, facts())

/** The code of the refusal that `act` throws or answers. */
function refused(act: () => unknown): string {
  try {
    const { refused: refusal } = (act() ?? {}) as { refused?: unknown }
    if (isRefusal(refusal)) return refusal.code
  } catch (error) {
    if (isRefusal(error)) return error.code
    throw error
  }
  throw new Error('it was not refused')
}

/** The state with so many recovery codes left. */
function withLeft(left: number, state: SubjectState = alice): SubjectState {
  const set = state.recoveryCodes
  if (set === null) return state
  return {
    ...state,
    recoveryCodes: { ...set, codes: set.codes.map((code, at) => ({ ...code, usedAt: at < left ? null : now })) },
  }
}

describe('the methods that can be answered with', () => {
  it('R49: leaves recovery codes usable while the authenticator is locked or suspended', () => {
    expect(usableMethods(alice, [], now)).toEqual(['totp', 'recovery_code'])
    expect(usableMethods(locked, [], now)).toEqual(['recovery_code'])
    expect(usableMethods(suspended, [], now)).toEqual(['recovery_code'])
    expect(usableMethods(locked, [], now + minute)).toEqual(['totp', 'recovery_code'])
    refuseIfNothingUsable(locked, [], now)
  })

  it('names what shuts the last one: a lock if time helps, else the suspension, else that there is none', () => {
    expect(usableMethods(withLeft(0), [], now)).toEqual(['totp'])
    expect(refused(() => refuseIfNothingUsable(withLeft(0, locked), [], now))).toBe('locked')
    expect(refused(() => refuseIfNothingUsable(withLeft(0, suspended), [], now))).toBe('suspended')
    expect(refused(() => refuseIfNothingUsable(emptyState, [], now))).toBe('method_unavailable')
  })
})

describe('an answer', () => {
  it('R4: is used up by being right', () => {
    const taken = take(alice, totp(codeOf(phone)))
    if (taken.refused) throw taken.refused
    expect(taken.outcome).toEqual({ method: 'totp' })
    expect(taken.events).toEqual([{ type: 'verified', method: 'totp', purpose: 'login' }])
    expect(taken.state.authenticators[0]?.lastStep).toBe(step)
  })

  it('R16: clears the count of its own method by being right', () => {
    const before = { ...alice, attempts: { totp: attempts({ failures: 4 }), email: attempts({ failures: 3 }) } }
    const { state } = take(before, totp(codeOf(phone)))
    expect(state.attempts['totp']?.failures).toBe(0)
    expect(state.attempts['email']?.failures).toBe(3)
    expect(take(before, recovery(0)).state.attempts['totp']?.failures).toBe(4)
  })

  it('R10: is counted by being wrong, and not looked at once the method is shut', () => {
    const wrong = take(alice, totp(wrongCode(phone)))
    expect(wrong.refused?.code).toBe('invalid_code')
    expect(wrong.state.attempts['totp']?.failures).toBe(1)
    expect(refused(() => take(locked, totp(codeOf(phone))))).toBe('locked')
    expect(refused(() => take(suspended, totp(codeOf(phone))))).toBe('suspended')
    for (const state of [locked, suspended]) expect(take(state, totp(codeOf(phone))).state).toBe(state)
  })

  it('R7: is asked for, and refused, under a lock from a clock that was ahead, which then ends within a day', () => {
    const ahead = { ...alice, attempts: { totp: attempts({ failures: 5, lockedUntil: now + 400 * day }) } }
    expect(usableMethods(ahead, [], now)).toContain('totp')
    const taken = take(ahead, totp(codeOf(phone)))
    expect(taken.refused).toMatchObject({ code: 'locked', retryAfter: 24 * 60 * 60 })
    expect(taken.state.authenticators).toEqual(alice.authenticators)
    expect(usableMethods(taken.state, [], now)).toEqual(['recovery_code'])
    const after = facts({ now: now + day })
    expect(takeAnswer(taken.state, totp(codeOf(phone, step + 2880)), login, after).refused).toBeUndefined()
  })

  it('R38: is refused and counted in one way, whether wrong or replayed; only the events tell', () => {
    const used = take(alice, totp(codeOf(phone))).state
    const [wrong, replayed] = [take(used, totp(wrongCode(phone))), take(used, totp(codeOf(phone)))]
    expect(replayed.refused).toEqual(wrong.refused)
    expect(replayed.state).toEqual(wrong.state)
    expect(wrong.events.map(event => event.type)).toEqual(['failed'])
    expect(replayed.events.map(event => event.type)).toEqual(['failed', 'replay_detected'])
  })

  it('says when to come back only where it brought the lock', () => {
    const at = (failures: number) =>
      take({ ...alice, attempts: { totp: attempts({ failures }) } }, totp(wrongCode(phone))).refused?.retryAfter
    expect([at(0), at(3), at(4), at(5)]).toEqual([null, null, 900, null])
  })

  it('R49: writes nothing where it is a wrong or used recovery code', () => {
    const used = take(alice, recovery(0)).state
    for (const answer of [recovery(0), { method: 'recovery_code', code: 'Z'.repeat(24) } as const]) {
      const wrong = take(used, answer)
      expect(wrong.state).toBe(used)
      expect(wrong.refused?.code).toBe('invalid_code')
      expect(wrong.events[0]).toEqual({ type: 'failed', method: 'recovery_code', purpose: 'login' })
    }
  })

  it('R21: tells that a recovery code was used, and warns at two and fewer', () => {
    expect(fewRecoveryCodes).toBe(2)
    for (let left = 1; left <= 10; left++) {
      const types = take(withLeft(left), recovery(0)).events.map(event => event.type)
      const low = left - 1 <= 2 ? ['recovery_codes_low'] : []
      expect(types).toEqual(['verified', 'recovery_code_used', ...low])
    }
  })

  it('R16: is a recovery code that lifts a suspension and leaves its count', () => {
    const { state } = take(suspended, recovery(0))
    expect(state.attempts['totp']).toMatchObject({ suspended: false, failures: 100 })
  })

  it('is unavailable where the subject has nothing of the kind', () => {
    expect(refused(() => take({ ...alice, authenticators: [] }, totp('123456')))).toBe('method_unavailable')
    expect(refused(() => take({ ...alice, authenticators: [] }, recovery(0)))).toBe('method_unavailable')
    expect(refused(() => take({ ...alice, recoveryCodes: null }, recovery(0)))).toBe('method_unavailable')
    expect(refused(() => take(withLeft(0), recovery(0)))).toBe('method_unavailable')
  })
})

describe('a proof', () => {
  const prove = (state: SubjectState, proof: JudgedProof, at = now) => takeProof(state, proof, facts({ now: at }))

  it('R31: is needed where there is a factor, and impossible where there is none', () => {
    expect(refused(() => prove(alice, null))).toBe('proof_required')
    for (const proof of [null, { grant }, { answer: totp('123456') }]) {
      expect(refused(() => prove(emptyState, proof))).toBe('not_enrolled')
    }
  })

  it('R50: is not taken while a permit is outstanding', () => {
    for (const proof of [null, { grant }, { answer: totp(codeOf(phone)) }]) {
      expect(refused(() => prove({ ...alice, permit: 'permit' }, proof))).toBe('permit_required')
    }
    expect(refused(() => refuseIfPermitOutstanding({ ...emptyState, permit: 'permit' }))).toBe('permit_required')
    refuseIfPermitOutstanding(emptyState)
  })

  it('R31: is used up, be it a code or a grant', () => {
    const byCode = prove(alice, { answer: totp(codeOf(phone)) })
    if (byCode.refused) throw byCode.refused
    expect(byCode.outcome).toEqual({ grant: null })
    expect(prove(byCode.state, { answer: totp(codeOf(phone)) }).refused?.code).toBe('invalid_code')
    const byGrant = prove(alice, { grant })
    if (byGrant.refused) throw byGrant.refused
    expect(byGrant.outcome).toEqual({ grant })
    expect(refused(() => prove(byGrant.state, { grant }))).toBe('proof_required')
  })

  it('R14: counts a wrong code', () => {
    const wrong = prove(alice, { answer: totp(wrongCode(phone)) })
    expect(wrong.refused?.code).toBe('invalid_code')
    expect(wrong.state.attempts['totp']?.failures).toBe(1)
    expect(wrong.events).toEqual([{ type: 'failed', method: 'totp', purpose: 'factors' }])
  })

  it('R33: is no grant of an older epoch', () => {
    expect(refused(() => takeGrant({ ...alice, epoch: '2'.repeat(32) }, grant, facts()))).toBe('proof_required')
    expect(refused(() => takeGrant({ ...emptyState, epoch: grant.epoch }, grant, facts()))).toBe('proof_required')
    expect(takeGrant(alice, grant, facts()).spent).toEqual([{ id: 'grant', until: grant.expiresAt }])
  })

  it('R53: is refused where no more ids can be remembered, so that no grant works twice', () => {
    const full = { ...alice, spent: Array.from({ length: 64 }, (_, id) => ({ id: `id ${id}`, until: now + day })) }
    expect(refused(() => prove(full, { grant }))).toBe('limit_reached')
  })
})

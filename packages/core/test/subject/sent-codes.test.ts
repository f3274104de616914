import { isRefusal, type Refusal } from '@sallyport/core'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { enrollmentBudget } from '../../src/subject/attempts.js'
import {
  type About,
  codeKeyBytes,
  codeOf,
  countSend,
  type SendAbout,
  takeSentCode,
} from '../../src/subject/sent-codes.js'
import { emptyState, type SubjectState } from '../../src/subject/state.js'
import { attempts, bytesOf, day, facts, minute, now } from './fixtures.js'

const about: About = { purpose: 'login', challenge: 'c1', channel: 'email', address: 'alice@example.com' }
const key = bytesOf('key', codeKeyBytes)
const text = (bytes: Uint8Array) => Buffer.from(bytes).toString('base64url')

/** A send for a challenge that ends a day after `now`, unless said otherwise. */
const sendAbout = (given = about, rest: Partial<SendAbout> = {}): SendAbout => {
  return { ...given, budget: given.channel, until: now + day, ended: 'challenge_expired', ...rest }
}

const send = (state: SubjectState, at = now, given = about, under = key) => {
  const counted = countSend(state, sendAbout(given, { until: at + day }), under, facts({ now: at }))
  if (counted.refused) throw counted.refused
  return { state: counted.state, sending: counted.outcome }
}

function refusalOf(act: () => unknown): Refusal {
  try {
    act()
  } catch (error) {
    if (isRefusal(error)) return error
    throw error
  }
  throw new Error('it was not refused')
}

describe('the digits of a code', () => {
  it('R23: are equally likely, each at each place', () => {
    const counts = Array.from({ length: 6 }, () => Array<number>(10).fill(0))
    const draws = 20_000
    for (let draw = 0; draw < draws; draw++) {
      const code = codeOf(text(key), { ...about, challenge: `c${draw}` })
      expect(code).toMatch(/^\d{6}$/)
      for (const [place, digit] of [...code].entries()) {
        const row = counts[place] ?? []
        row[Number(digit)] = (row[Number(digit)] ?? 0) + 1
      }
    }
    // χ² with 9 degrees of freedom exceeds 40 less than once in a hundred thousand; the challenges are fixed, so this is no lottery.
    for (const row of counts) {
      const expected = draws / 10
      expect(row.reduce((sum, count) => sum + (count - expected) ** 2 / expected, 0)).toBeLessThan(40)
    }
  })

  it('R24: are others for another purpose, challenge, channel, address or key, also where parts run into each other', () => {
    const part = fc.string({ minLength: 1, maxLength: 12 })
    const parts = fc.record({ purpose: part, challenge: part, channel: part, address: part })
    let same = 0
    let tried = 0
    fc.assert(
      fc.property(parts, parts, (one, other) => {
        fc.pre(JSON.stringify(one) !== JSON.stringify(other))
        tried++
        if (codeOf(text(key), one) === codeOf(text(key), other)) same++
      }),
      { numRuns: 2_000 },
    )
    expect(tried).toBeGreaterThan(1_900)
    // Two of a million possible codes agree by chance once in five hundred such runs.
    expect(same).toBeLessThanOrEqual(1)
    const shifted = { ...about, purpose: 'log', challenge: 'inc1' }
    expect(codeOf(text(key), shifted)).not.toBe(codeOf(text(key), about))
    expect(codeOf(text(bytesOf('other', codeKeyBytes)), about)).not.toBe(codeOf(text(key), about))
  })
})

describe('counting a send', () => {
  it('R40: keeps a key and no code', () => {
    const { state, sending } = send(emptyState)
    expect(state.sentCodes).toEqual([
      {
        challenge: 'c1',
        channel: 'email',
        key: text(key),
        firstSentAt: now,
        sentAt: now,
        expiresAt: now + 5 * minute,
      },
    ])
    expect(JSON.stringify(state)).not.toContain(sending.code)
  })

  it('R23: extends the life of the same code to five minutes from now, and ten in all', () => {
    let { state, sending } = send(emptyState)
    const { code } = sending
    for (const [after, expiry] of [
      [4, 9],
      [8, 10],
    ] as const) {
      ;({ state, sending } = send(state, now + after * minute, about, bytesOf('another', codeKeyBytes)))
      expect(sending).toMatchObject({ code, expiresAt: now + expiry * minute, resendAt: now + (after + 1) * minute })
    }
    const last = send(state, now + 10 * minute, about, bytesOf('another', codeKeyBytes))
    expect(last.sending.code).not.toBe(code)
    expect(last.state.sentCodes).toHaveLength(1)
  })

  it('R23: leaves a code alone that could live for less than a minute more, and is followed by a new one once it is over', () => {
    const first = send(emptyState)
    const second = send(first.state, now + 4.9 * minute)
    const other = bytesOf('another', codeKeyBytes)
    const last = send(second.state, now + 9 * minute, about, other)
    expect(last.sending).toEqual({
      code: first.sending.code,
      sentAt: now + 9 * minute,
      expiresAt: now + 10 * minute,
      resendAt: now + 10 * minute,
    })
    for (const [state, over] of [
      [second.state, 9.9],
      [last.state, 10],
    ] as const) {
      const early = () => send(state, now + over * minute - 1, about, other)
      expect(refusalOf(early)).toMatchObject({ code: 'send_too_soon', retryAfter: 1 })
      const late = send(state, now + over * minute, about, other)
      expect(late.sending.code).not.toBe(first.sending.code)
      expect(late.sending.expiresAt).toBe(now + (over + 5) * minute)
      expect(late.state.sentCodes).toHaveLength(1)
    }
    // A clock that has stepped back makes nobody wait for longer.
    expect(refusalOf(() => send(last.state, now + 8 * minute))).toMatchObject({ code: 'send_too_soon', retryAfter: 60 })
  })

  it('R23: promises no longer life than what it belongs to has, and refuses where that is less than a minute', () => {
    const counted = countSend(emptyState, sendAbout(about, { until: now + minute }), key, facts())
    if (counted.refused) throw counted.refused
    expect(counted.outcome).toMatchObject({ expiresAt: now + minute, resendAt: now + minute })
    expect(takeSentCode(counted.state, about, counted.outcome.code, now + minute)).toBeNull()
    for (const ended of ['challenge_expired', 'enrollment_expired'] as const) {
      const late = sendAbout(about, { until: now + minute - 1, ended })
      expect(refusalOf(() => countSend(emptyState, late, key, facts())).code).toBe(ended)
      // While one is alive it is that one that is to be used.
      expect(refusalOf(() => countSend(counted.state, late, key, facts())).code).toBe('send_too_soon')
    }
  })

  it('R7: is asked under a lock that would never end, so that an answer can give it an end', () => {
    const endless = { ...emptyState, attempts: { email: attempts({ failures: 5, lockedUntil: now + 400 * day }) } }
    send(endless)
  })

  it('R7: heals, by one write, a count that a clock made which was ahead', () => {
    const ahead = { ...emptyState, sends: now + 400 * day }
    const asked = sendAbout(about, { until: now + 9 * day })
    const refused = countSend(ahead, asked, key, facts())
    expect(refused.refused).toMatchObject({ code: 'send_limit', retryAfter: 8640 })
    expect(refused.state.sends).toBe(now + day)
    const again = countSend(refused.state, asked, key, facts())
    expect(again.state).toBe(refused.state)
    expect(countSend(refused.state, asked, key, facts({ now: now + 8_640_000 })).refused).toBeUndefined()
  })

  it('R25: waits a minute between two for one challenge, and for no other', () => {
    const { state } = send(emptyState)
    expect(refusalOf(() => send(state, now + minute - 1))).toMatchObject({ code: 'send_too_soon', retryAfter: 1 })
    send(state, now + minute)
    send(state, now, { ...about, challenge: 'c2' })
    send(state, now, { ...about, channel: 'sms' })
  })

  it('R25, R53: keeps three codes alive on a channel, and refuses a fourth until one has ended', () => {
    let state: SubjectState = emptyState
    for (const challenge of ['c1', 'c2', 'c3']) ({ state } = send(state, now, { ...about, challenge }))
    const fourth = { ...about, challenge: 'c4' }
    expect(refusalOf(() => send(state, now + minute, fourth))).toMatchObject({ code: 'send_limit', retryAfter: 240 })
    send(state, now + minute, { ...fourth, channel: 'sms' })
    send(state, now + minute, { ...about, challenge: 'c1' })
    expect(send(state, now + 5 * minute, fourth).state.sentCodes).toHaveLength(1)
  })

  it('R25: counts no more than ten in any day, however they are spread', () => {
    const gaps = fc.array(fc.nat({ max: day }), { minLength: 30, maxLength: 60 })
    fc.assert(
      fc.property(gaps, spread => {
        let state: SubjectState = emptyState
        let at = now
        const sent: number[] = []
        for (const [nth, gap] of spread.entries()) {
          at += Math.floor(gap / 20)
          try {
            ;({ state } = send(state, at, { ...about, challenge: `c${nth}`, channel: `ch${nth % 4}` }))
            sent.push(at)
          } catch (error) {
            if (!isRefusal(error) || error.code !== 'send_limit') throw error
          }
        }
        // A bucket of ten that is full gives them at once, and one more for every tenth of a day.
        for (const first of sent) {
          const within = sent.filter(other => other >= first && other < first + day)
          expect(within.length).toBeLessThanOrEqual(20)
        }
        const all = sent.length
        expect(all).toBeLessThanOrEqual(10 + Math.ceil((at - now) / (day / 10)))
      }),
    )
  })

  it('sends nothing to who could not answer', () => {
    const locked = { ...emptyState, attempts: { email: attempts({ failures: 5, lockedUntil: now + minute }) } }
    expect(refusalOf(() => send(locked)).code).toBe('locked')
    const other = { ...emptyState, attempts: { [enrollmentBudget]: attempts({ suspended: true }) } }
    send(other)
    const confirming = sendAbout(about, { budget: enrollmentBudget })
    expect(refusalOf(() => countSend(other, confirming, key, facts())).code).toBe('suspended')
  })
})

describe('taking a code', () => {
  const { state, sending } = send(emptyState)

  it('R29: takes it once', () => {
    const taken = takeSentCode(state, about, sending.code, now)
    expect(taken?.sentCodes).toEqual([])
    expect(taken && takeSentCode(taken, about, sending.code, now)).toBeNull()
  })

  it('R24: takes it for what it was sent for alone', () => {
    for (const other of [
      { purpose: 'pay' },
      { challenge: 'c2' },
      { channel: 'sms' },
      { address: 'mallory@example.com' },
    ]) {
      expect(takeSentCode(state, { ...about, ...other }, sending.code, now)).toBeNull()
    }
  })

  it('R6: takes no code of another length, nor one that is not alive', () => {
    expect(takeSentCode(state, about, `0${sending.code}`, now)).toBeNull()
    expect(takeSentCode(state, about, sending.code.slice(1), now)).toBeNull()
    expect(takeSentCode(state, about, sending.code, now + 5 * minute - 1)).not.toBeNull()
    expect(takeSentCode(state, about, sending.code, now + 5 * minute)).toBeNull()
    expect(takeSentCode(emptyState, about, codeOf(text(new Uint8Array(codeKeyBytes)), about), now)).toBeNull()
  })

  it('R7: takes none that a clock made which was ahead', () => {
    expect(takeSentCode(state, about, sending.code, now - 5 * minute)).not.toBeNull()
    expect(takeSentCode(state, about, sending.code, now - day)).toBeNull()
  })
})

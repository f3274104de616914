import { _SHA1 } from '@noble/hashes/legacy.js'
import { totp, verifyTotp } from '@sallyport/core/otp'
import fc from 'fast-check'
import { afterEach, describe, expect, test, vi } from 'vitest'
import { matchingSteps, stepAt } from '../../src/otp/totp.js'
import { anyFormat, anyMoment, anySecret, anyWindow, at, codeOf, collision, now, secret } from './samples.js'

afterEach(() => {
  vi.restoreAllMocks()
})

describe('verifyTotp', () => {
  test('R3: by default one step before and after is accepted, and nothing beyond', () => {
    for (const delta of [-1, 0, 1]) {
      expect(verifyTotp({ secret, code: codeOf(now + delta), at, afterStep: null })).toEqual({
        step: now + delta,
        delta,
      })
    }
    for (const delta of [-3, -2, 2, 3])
      expect(verifyTotp({ secret, code: codeOf(now + delta), at, afterStep: null })).toBeNull()
  })

  test('R3: a window accepts exactly the steps that lie in it', () => {
    fc.assert(
      fc.property(
        anySecret,
        anyFormat,
        anyMoment,
        anyWindow,
        fc.integer({ min: -12, max: 12 }),
        (bytes, format, moment, window, delta) => {
          const step = stepAt(moment, format.period) + delta
          fc.pre(step >= 0)
          const options = { secret: bytes, ...format }
          const code = totp({ ...options, at: step * format.period * 1000 })
          const accepted = verifyTotp({ ...options, code, at: moment, window, afterStep: null })
          // 8 digits collide rarely, 6 now and then: where another step of the window has the same code, the later one counts.
          if (Math.abs(delta) <= window) expect(accepted?.step).toBeGreaterThanOrEqual(step)
          else if (accepted) expect(totp({ ...options, at: accepted.step * format.period * 1000 })).toBe(code)
          if (accepted) expect(Math.abs(accepted.delta)).toBeLessThanOrEqual(window)
        },
      ),
    )
  })

  test('R3: a window that is no whole number from 0 to 10 is a usage error that names it', () => {
    for (const window of [-1, 11, 0.5, Number.NaN, Number.POSITIVE_INFINITY, '1', null]) {
      expect(() => verifyTotp({ secret, code: '123456', window: window as number, afterStep: null })).toThrow(
        /^window /,
      )
    }
  })

  test('near the beginning of time steps before it do not exist', () => {
    expect(verifyTotp({ secret, code: codeOf(0), at: 0, window: 10, afterStep: null })).toEqual({ step: 0, delta: 0 })
    expect(verifyTotp({ secret, code: codeOf(0), at: -1, window: 1, afterStep: null })).toEqual({ step: 0, delta: 1 })
    expect(verifyTotp({ secret, code: codeOf(0), at: -8.64e15, window: 1, afterStep: null })).toBeNull()
    const digests = vi.spyOn(_SHA1.prototype, 'digestInto')
    verifyTotp({ secret, code: '123456', at: 0, window: 10, afterStep: null })
    expect(digests).toHaveBeenCalledTimes(2 * 11)
  })

  test('R4: a code is accepted once, whatever the clock says later', () => {
    fc.assert(
      fc.property(
        anySecret,
        anyFormat,
        anyMoment,
        anyWindow,
        fc.integer({ min: -600_000, max: 600_000 }),
        (bytes, format, moment, window, later) => {
          const options = { secret: bytes, ...format, window }
          const code = totp({ ...options, at: moment })
          const first = verifyTotp({ ...options, code, at: moment, afterStep: null })
          expect(first).not.toBeNull()
          const again = verifyTotp({ ...options, code, at: moment + later, afterStep: first?.step ?? null })
          // Anew only by the chance of 1 in 10^digits that a later step has the same digits: then it is that step's code.
          if (again) expect(again.step).toBeGreaterThan(first?.step ?? Number.POSITIVE_INFINITY)
          expect(verifyTotp({ ...options, code, at: moment, afterStep: first?.step ?? null })).toBeNull()
        },
      ),
    )
  })

  test('R4: an earlier code is refused after a later one, even inside the window', () => {
    for (const [step, accepted] of [
      [now - 1, false],
      [now, false],
      [now + 1, true],
    ] as const) {
      const result = verifyTotp({ secret, code: codeOf(step), at, afterStep: now })
      expect(result !== null).toBe(accepted)
    }
  })

  test('R4: where the same digits fall on two steps of the window, both are used up at once', () => {
    const { bytes, moment } = collision()
    const code = totp({ secret: bytes, at: moment })
    const first = verifyTotp({ secret: bytes, code, at: moment, window: 10, afterStep: null })
    expect(
      matchingSteps({ secret: bytes, algorithm: 'SHA1', digits: 6, period: 30, code, at: moment, window: 10 }).length,
    ).toBe(2)
    expect(first?.delta).toBeGreaterThan(0)
    expect(verifyTotp({ secret: bytes, code, at: moment, window: 10, afterStep: first?.step ?? null })).toBeNull()
  })

  test('R4: leaving out afterStep, or passing what is no step, is a usage error that names it', () => {
    for (const afterStep of [undefined, Number.NaN, -1, 0.5, '1', {}, 2 ** 53, Number.POSITIVE_INFINITY, 1n]) {
      expect(() => verifyTotp({ secret, code: codeOf(now), at, afterStep: afterStep as number })).toThrow(/^afterStep /)
    }
  })

  test('R40: no error quotes the secret or the code', () => {
    const text = 'JBSWY3DPEHPK3PXPJBSWY3DP'
    const calls = [
      () => verifyTotp({ secret: `${text}!`, code: '314159', afterStep: null }),
      () => verifyTotp({ secret: text, code: '314159', afterStep: 0.5 }),
      () => verifyTotp({ secret: text, code: '314159', window: 11, afterStep: null }),
      () => totp({ secret: text, digits: 9 }),
      () => totp({ secret: text, period: 1 }),
    ]
    for (const call of calls) {
      expect(call).toThrow()
      expect(call).not.toThrow(/JBSW|314159/)
    }
  })
})

import { _SHA1 } from '@noble/hashes/legacy.js'
import { totp, verifyTotp } from '@sallyport/core/otp'
import fc from 'fast-check'
import { afterEach, describe, expect, test, vi } from 'vitest'
import { matchingSteps, stepAt } from '../../src/otp/totp.js'
import { anyFormat, anyMoment, anySecret, anyWindow, at, codeOf, collision, now, secret } from './samples.js'

afterEach(() => {
  vi.restoreAllMocks()
})

describe('verification', () => {
  test('R9: every step of the window is computed, wherever the code fits or not', () => {
    const digests = vi.spyOn(_SHA1.prototype, 'digestInto')
    for (const window of [0, 1, 4, 10]) {
      for (const delta of [-window, 0, window, window + 1]) {
        for (const afterStep of [null, 0, now + delta, now + window]) {
          digests.mockClear()
          verifyTotp({ secret, code: codeOf(now + delta), at, window, afterStep })
          // An HMAC takes two digests; one HMAC more is that of the code which this test makes itself.
          expect(digests).toHaveBeenCalledTimes(2 * (2 * window + 1 + 1))
        }
      }
    }
  })

  test('R6, R9: a code of another length fits no step, and takes the same work to tell', () => {
    const options = { secret, algorithm: 'SHA1', digits: 6, period: 30, at, window: 2 } as const
    const code = codeOf(now)
    const digests = vi.spyOn(_SHA1.prototype, 'digestInto')
    for (const given of [`0${code}`, `00${code}`, codeOf(now, { digits: 8 })]) {
      digests.mockClear()
      expect(matchingSteps({ ...options, code: given })).toEqual([])
      expect(digests).toHaveBeenCalledTimes(2 * 5)
    }
  })

  test('R9: matchingSteps names every step that fits, ascending, used or not', () => {
    fc.assert(
      fc.property(
        anySecret,
        anyFormat,
        anyMoment,
        anyWindow,
        fc.integer({ min: -10, max: 10 }),
        (bytes, format, moment, window, delta) => {
          const current = stepAt(moment, format.period)
          fc.pre(current + delta >= 0)
          const codeAt = (step: number) => totp({ secret: bytes, ...format, at: step * format.period * 1000 })
          const code = codeAt(current + delta)
          const steps = Array.from({ length: 2 * window + 1 }, (_, index) => current - window + index)
          const expected = steps.filter(step => step >= 0 && codeAt(step) === code)
          expect(matchingSteps({ secret: bytes, ...format, code, at: moment, window })).toEqual(expected)
        },
      ),
    )
    const { bytes, moment } = collision()
    const code = totp({ secret: bytes, at: moment })
    const steps = matchingSteps({
      secret: bytes,
      algorithm: 'SHA1',
      digits: 6,
      period: 30,
      code,
      at: moment,
      window: 10,
    })
    expect(steps.map(step => totp({ secret: bytes, at: step * 30_000 }))).toEqual([code, code])
  })
})

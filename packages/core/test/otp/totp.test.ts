import { totp, verifyTotp } from '@sallyport/core/otp'
import fc from 'fast-check'
import { afterEach, describe, expect, test, vi } from 'vitest'
import { stepAt } from '../../src/otp/totp.js'
import { ascii } from './samples.js'

/** RFC 6238 Appendix B. Its text names one secret; its table comes from one for each hash, those of its reference program. */
const secrets = {
  SHA1: ascii('12345678901234567890'),
  SHA256: ascii('12345678901234567890123456789012'),
  SHA512: ascii('1234567890123456789012345678901234567890123456789012345678901234'),
}
const appendixB = [
  { seconds: 59, SHA1: '94287082', SHA256: '46119246', SHA512: '90693936' },
  { seconds: 1111111109, SHA1: '07081804', SHA256: '68084774', SHA512: '25091201' },
  { seconds: 1111111111, SHA1: '14050471', SHA256: '67062674', SHA512: '99943326' },
  { seconds: 1234567890, SHA1: '89005924', SHA256: '91819424', SHA512: '93441116' },
  { seconds: 2000000000, SHA1: '69279037', SHA256: '90698825', SHA512: '38618901' },
  { seconds: 20000000000, SHA1: '65353130', SHA256: '77737706', SHA512: '47863826' },
]
const algorithms = ['SHA1', 'SHA256', 'SHA512'] as const
const secret = secrets.SHA1

afterEach(() => {
  vi.restoreAllMocks()
})

describe('totp', () => {
  test.each(
    algorithms.flatMap(algorithm => appendixB.map(row => ({ algorithm, seconds: row.seconds, code: row[algorithm] }))),
  )('R1: RFC 6238 Appendix B gives $code for $seconds s and $algorithm', ({ algorithm, seconds, code }) => {
    const options = { secret: secrets[algorithm], algorithm, digits: 8, at: seconds * 1000 }
    expect(totp(options)).toBe(code)
    expect(totp({ ...options, at: new Date(seconds * 1000) })).toBe(code)
    expect(totp({ ...options, digits: 6 })).toBe(code.slice(2))
    expect(verifyTotp({ ...options, code, window: 0, afterStep: null })).toEqual({
      step: Math.floor(seconds / 30),
      delta: 0,
    })
  })

  test('R1: times past 2106, where seconds outgrow 32 bits, and past the year 6053, where steps do', () => {
    // Made with `oathtool --totp=SHA1 -d 8 -N @…`.
    const made = { 4294967295: '59791428', 4294967296: '59791428', 128849018880: '55999456', 253402300799: '60099568' }
    for (const [seconds, code] of Object.entries(made)) {
      expect(totp({ secret, digits: 8, at: Number(seconds) * 1000 })).toBe(code)
      expect(verifyTotp({ secret, digits: 8, at: Number(seconds) * 1000, code, afterStep: null })?.delta).toBe(0)
    }
  })

  test('R1: a step is the whole part of the quotient, exactly, up to the last moment that there is', () => {
    fc.assert(
      fc.property(fc.integer({ min: -8.64e15, max: 8.64e15 }), fc.integer({ min: 15, max: 300 }), (moment, period) => {
        const length = BigInt(period) * 1000n
        const remainder = ((BigInt(moment) % length) + length) % length
        expect(stepAt(moment, period)).toBe(Number((BigInt(moment) - remainder) / length))
      }),
      { numRuns: 2000 },
    )
  })

  test('R7: a moment that is none is a usage error that names it', () => {
    for (const moment of [Number.NaN, Number.POSITIVE_INFINITY, 8.64e15 + 1, -8.64e15 - 1, new Date(Number.NaN)]) {
      expect(() => totp({ secret, at: moment })).toThrow(/^at must/)
      expect(() => verifyTotp({ secret, code: '123456', at: moment, afterStep: null })).toThrow(/^at must/)
    }
    for (const moment of ['59000', null, [59000], {}, 59000n, { getTime: () => 59000 }]) {
      expect(() => totp({ secret, at: moment as number })).toThrow(/^at must/)
    }
    expect(() => totp({ secret, at: -1 })).toThrow(/^at must not lie before 1970/)
  })

  test('a period that is no whole number of seconds from 15 to 300 is a usage error that names it', () => {
    for (const period of [14, 301, 0, -30, 30.5, Number.NaN, '30', null]) {
      expect(() => totp({ secret, period: period as number })).toThrow(/^period /)
      expect(() => verifyTotp({ secret, period: period as number, code: '', afterStep: null })).toThrow(/^period /)
    }
  })

  test('without a time it is the present', () => {
    vi.spyOn(Date, 'now').mockReturnValue(59_000)
    expect(totp({ secret, digits: 8 })).toBe('94287082')
    expect(verifyTotp({ secret, digits: 8, code: '94287082', afterStep: null })).toEqual({ step: 1, delta: 0 })
  })
})

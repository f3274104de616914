import { hotp } from '@sallyport/core/otp'
import { describe, expect, test } from 'vitest'

const ascii = (text: string) => new TextEncoder().encode(text)

/** RFC 4226 Appendix D. */
const appendixD = {
  secret: ascii('12345678901234567890'),
  codes: ['755224', '287082', '359152', '969429', '338314', '254676', '287922', '162583', '399871', '520489'],
}

describe('hotp', () => {
  test.each(appendixD.codes.map((code, counter) => ({ counter, code })))(
    'R1: RFC 4226 Appendix D gives $code for counter $counter',
    ({ counter, code }) => {
      expect(hotp({ secret: appendixD.secret, counter })).toBe(code)
    },
  )

  test('R1: a counter uses all of its eight bytes, not only the lower four', () => {
    const secret = appendixD.secret
    const codes = [0, 2 ** 32, 2 ** 33, 2 ** 52, Number.MAX_SAFE_INTEGER].map(counter =>
      hotp({ secret, counter, digits: 8 }),
    )
    // Made with `oathtool --hotp -d 8 -c …`.
    expect(codes).toEqual(['84755224', '55999456', '11166590', '13033710', '41891307'])
  })

  test('leading zeros stay', () => {
    const secret = appendixD.secret
    const counters = Array.from({ length: 200 }, (_, counter) => counter)
    expect(
      counters.map(counter => hotp({ secret, counter })).filter(code => code.startsWith('0')).length,
    ).toBeGreaterThan(5)
    for (const counter of counters) expect(hotp({ secret, counter })).toMatch(/^[0-9]{6}$/)
  })

  test('a counter that is no whole number from 0 to 2^53 - 1 is a usage error that names it', () => {
    for (const counter of [-1, 0.5, Number.NaN, Number.POSITIVE_INFINITY, 2 ** 53, '1', null, undefined, 1n, [1]]) {
      expect(() => hotp({ secret: appendixD.secret, counter: counter as number })).toThrow(/^counter /)
    }
  })

  test('digits and algorithm outside of the standard are usage errors that name them', () => {
    for (const digits of [5, 9, 6.5, 0, -6, Number.NaN, '6', null, [6]]) {
      expect(() => hotp({ secret: appendixD.secret, counter: 0, digits: digits as number })).toThrow(/^digits /)
    }
    for (const algorithm of ['MD5', 'sha1', 'SHA-1', 'constructor', '__proto__', '', null, 1, ['SHA1']]) {
      expect(() => hotp({ secret: appendixD.secret, counter: 0, algorithm: algorithm as 'SHA1' })).toThrow(
        /^algorithm /,
      )
    }
  })
})

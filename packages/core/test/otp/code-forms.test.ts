import { verifyTotp } from '@sallyport/core/otp'
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { normalizeCode } from '../../src/otp/totp.js'
import { at, codeOf, now, secret } from './samples.js'

describe('what is typed as a code', () => {
  test('R6: spaces and dashes are dropped, wherever they are', () => {
    const code = codeOf(now)
    for (const typed of [
      code,
      ` ${code} `,
      `${code.slice(0, 3)} ${code.slice(3)}`,
      `${code.slice(0, 3)}-${code.slice(3)}`,
      [...code].join(' - '),
    ]) {
      expect(verifyTotp({ secret, code: typed, at, afterStep: null })).toEqual({ step: now, delta: 0 })
    }
  })

  test('R6: the replay key is the step: another spelling of a used code is used as well', () => {
    const code = codeOf(now)
    for (const typed of [` ${code}`, `${code} `, `${code.slice(0, 3)}-${code.slice(3)}`]) {
      expect(verifyTotp({ secret, code: typed, at, afterStep: now })).toBeNull()
    }
  })

  test('R6: a code of another length is wrong, also where its value is the same', () => {
    for (let step = now - 400; step <= now + 400; step++) {
      const [six, seven, eight] = [6, 7, 8].map(digits => codeOf(step, { digits })) as [string, string, string]
      const moment = step * 30_000
      for (const code of [seven, eight, `0${six}`, `00${six}`, six.slice(1), six.replace(/^0+/, '')].filter(
        code => code.length !== 6,
      )) {
        expect(verifyTotp({ secret, code, at: moment, window: 0, afterStep: null })).toBeNull()
      }
      expect(verifyTotp({ secret, code: six, digits: 8, at: moment, window: 0, afterStep: null })).toBeNull()
    }
  })

  test('R6, R45: what is no string of ASCII digits is a wrong code, never an error', () => {
    const code = codeOf(now)
    const fullWidth = [...code].map(digit => String.fromCharCode(0xff10 + Number(digit))).join('')
    const arabic = [...code].map(digit => String.fromCharCode(0x0660 + Number(digit))).join('')
    const mathematical = [...code].map(digit => String.fromCodePoint(0x1d7ce + Number(digit))).join('')
    const hostile = {
      get length() {
        throw new Error('the getter was called')
      },
      toString() {
        throw new Error('toString was called')
      },
      [Symbol.toPrimitive]() {
        throw new Error('toPrimitive was called')
      },
    }
    const trap = () => {
      throw new Error('the proxy was touched')
    }
    const wrong: unknown[] = [
      ...[
        undefined,
        null,
        true,
        Number(code),
        BigInt(code),
        Symbol(code),
        [code],
        [...code],
        { code },
        new String(code),
      ],
      ...[
        () => code,
        new Date(at),
        hostile,
        new Proxy({}, { get: trap, getPrototypeOf: trap, has: trap }),
        Buffer.from(code),
      ],
      ...[
        fullWidth,
        arabic,
        mathematical,
        `${code}\n`,
        `\t${code}`,
        `${code}\0`,
        `\ufeff${code}`,
        `\u00a0${code}`,
        `\u200b${code}`,
      ],
      ...[
        '',
        ' ',
        '-',
        `+${code}`,
        `${code}.0`,
        `${code}e0`,
        `0x${code}`,
        `${code.slice(0, 5)}O`,
        `\u2212${code}`,
        '\ud800',
      ],
      ...[' '.repeat(1 << 20), '1'.repeat(1 << 20), `${code}${' '.repeat(59)}`, `${'-'.repeat(1 << 20)}${code}`],
    ]
    for (const value of wrong) {
      expect(normalizeCode(value)).toBeNull()
      expect(verifyTotp({ secret, code: value, at, afterStep: null })).toBeNull()
    }
  })

  test('R6: whatever it is given, it gives back 6 to 8 ASCII digits or nothing', () => {
    const digitLike = fc.string({ unit: fc.constantFrom(...'0123456789 -+.\n٣３') })
    fc.assert(
      fc.property(fc.oneof(fc.anything(), digitLike), value => {
        const code = normalizeCode(value)
        if (code !== null) {
          expect(code).toMatch(/^[0-9]{6,8}$/)
          expect(code).toBe(String(value).replaceAll(' ', '').replaceAll('-', ''))
        }
      }),
      { numRuns: 2000 },
    )
  })
})

import { generateSecret, hotp } from '@sallyport/core/otp'
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { decodeSecret, encodeSecret, setupKey } from '../../src/otp/secret.js'

const anySecret = fc.uint8Array({ minLength: 10, maxLength: 128, size: 'max' })

describe('generateSecret', () => {
  test('R2: a secret has 160 bits unless more or less is asked for', () => {
    expect(generateSecret()).toMatch(/^[A-Z2-7]{32}$/)
    expect(decodeSecret(generateSecret())).toHaveLength(20)
    for (const bytes of [16, 17, 20, 32, 64]) expect(decodeSecret(generateSecret(bytes))).toHaveLength(bytes)
  })

  test('R2: less than 128 bits cannot be asked for', () => {
    for (const bytes of [15, 10, 0, -1, 65, 16.5, Number.NaN, '20', null, [20]]) {
      expect(() => generateSecret(bytes as number)).toThrow(/^bytes /)
    }
  })

  test('R2: no two secrets agree, and every bit of them is now set and now clear', () => {
    const secrets = Array.from({ length: 500 }, () => generateSecret())
    expect(new Set(secrets).size).toBe(500)
    const bytes = secrets.map(secret => decodeSecret(secret))
    for (let bit = 0; bit < 160; bit++) {
      const set = bytes.filter(secret => ((secret[bit >> 3] ?? 0) >> (bit & 7)) & 1).length
      // Seven standard deviations around a half: a fair bit fails this once in 10^11 runs.
      expect(Math.abs(set - 250)).toBeLessThan(80)
    }
  })
})

describe('a secret given as base32', () => {
  test('reads back to its bytes', () => {
    fc.assert(
      fc.property(anySecret, bytes => {
        expect(decodeSecret(encodeSecret(bytes))).toEqual(bytes)
      }),
    )
  })

  test('may have spaces, dashes, line ends, lower case and padding anywhere that people put them', () => {
    const separator = fc.constantFrom('', '', ' ', '-', '\u00a0', '\n')
    fc.assert(
      fc.property(
        anySecret,
        fc.array(separator, { minLength: 1 }),
        fc.nat(6),
        fc.boolean(),
        (bytes, between, padding, lower) => {
          const text = encodeSecret(bytes)
          const written = [...(lower ? text.toLowerCase() : text)]
            .map((c, i) => c + between[i % between.length])
            .join('')
          fc.pre(written.length <= 500)
          expect(decodeSecret(` ${written}${'='.repeat(padding)} `)).toEqual(bytes)
        },
      ),
    )
  })

  test('may have bits behind the last whole byte, as random letters do, and gives the codes that apps give', () => {
    expect(decodeSecret(`${'A'.repeat(25)}H`)).toEqual(new Uint8Array(16).fill(0, 0, 15).fill(1, 15))
    expect(hotp({ secret: 'JBSWY3DPEHPK3PXPJBSWY3DPEZ', counter: 1 })).toBe(
      hotp({ secret: 'JBSWY3DPEHPK3PXPJBSWY3DPEY', counter: 1 }),
    )
  })

  test('is refused where a letter is missing or foreign, and the message does not quote it', () => {
    const good = 'JBSWY3DPEHPK3PXPJBSWY3DP'
    const wrong = ['', ' ', '====', `${good}A`, `${good}ABC`, `${good}ABCDEF`, `${good}10`, `${good}ſ2`, `${good}ı2`]
    wrong.push(`${good}=AA`, `${good}Ａ2`, `${good}🔑`, `${good}\ud800`, `${good}%20`)
    for (const secret of wrong) {
      const error = thrownBy(() => decodeSecret(secret))
      expect(error.message).toMatch(/^secret /)
      expect(error.message).not.toContain('JBSW')
    }
  })

  test('R45: a megabyte of it is refused unread', () => {
    expect(thrownBy(() => decodeSecret('A'.repeat(1 << 20))).message).toMatch(/^secret must have at most/)
    expect(thrownBy(() => decodeSecret('='.repeat(1 << 20))).message).toMatch(/^secret must have at most/)
  })
})

describe('a secret', () => {
  test('has 10 to 128 bytes, however it is given', () => {
    for (const length of [10, 16, 20, 32, 64, 128]) {
      const bytes = new Uint8Array(length).fill(7)
      expect(decodeSecret(bytes)).toEqual(bytes)
      expect(decodeSecret(Buffer.from(bytes))).toEqual(bytes)
      expect(decodeSecret(encodeSecret(bytes))).toEqual(bytes)
    }
    for (const length of [0, 1, 9, 129]) {
      expect(() => decodeSecret(new Uint8Array(length))).toThrow(/^secret /)
      expect(() => decodeSecret(encodeSecret(new Uint8Array(length)))).toThrow(/^secret /)
    }
  })

  test('is copied: what becomes of the given bytes does not change it', () => {
    const given = Buffer.alloc(20, 1)
    const secret = decodeSecret(given)
    given.fill(2)
    expect(secret).toEqual(new Uint8Array(20).fill(1))
  })

  test('of another type is a usage error that names it', () => {
    const others = [undefined, null, 0, 20, true, [1, 2], {}, new Uint16Array(20), new ArrayBuffer(20), Symbol('x')]
    others.push({ length: 20 }, { toString: () => 'JBSWY3DPEHPK3PXPJBSWY3DP' })
    for (const secret of others) expect(() => decodeSecret(secret as string)).toThrow(/^secret must be/)
  })

  test('is shown for typing in groups of four', () => {
    expect(setupKey(new Uint8Array(20))).toBe(Array(8).fill('AAAA').join(' '))
    expect(setupKey('jbswy3dpehpk3pxpjb swy3dpey==')).toBe('JBSW Y3DP EHPK 3PXP JBSW Y3DP EY')
    fc.assert(
      fc.property(anySecret, bytes => {
        expect(decodeSecret(setupKey(bytes))).toEqual(bytes)
      }),
    )
  })
})

function thrownBy(action: () => unknown): Error {
  try {
    action()
  } catch (error) {
    return error as Error
  }
  throw new Error('nothing was thrown')
}

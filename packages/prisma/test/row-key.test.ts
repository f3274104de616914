import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { rowKey } from '../src/row-key.js'

/** Keys that databases are apt to take for one another, and any others of up to 15 UTF-16 units, lone surrogates too. */
const units = fc.oneof(
  fc.constantFrom('a', 'A', 'b', 'x', '0', ' ', '\0', '\t', 'é', 'e\u0301', 'ß', 'ı', '\ud83d', '\ude00'),
  fc.integer({ min: 0, max: 0xffff }).map(unit => String.fromCharCode(unit)),
)
const keys = fc.array(units, { maxLength: 15 }).map(parts => parts.join('').slice(0, 15))
const folded = (key: string) => key.normalize('NFKD').toLowerCase().trimEnd()

describe('the key of a row', () => {
  it('is the key, where that is hex', () => {
    fc.assert(
      fc.property(fc.stringMatching(/^[0-9a-f]{1,64}$/), key => {
        expect(rowKey(key)).toBe(key)
      }),
    )
  })

  it('R32: differs wherever keys differ, also to a database that folds', () => {
    fc.assert(
      fc.property(keys, keys, (one, other) => {
        expect(folded(rowKey(one)) === folded(rowKey(other))).toBe(one === other)
      }),
      { numRuns: 2_000 },
    )
  })

  it('R32: is nobody else’s, whatever a key spells', () => {
    for (const [one, other] of [
      ['A', rowKey('A')],
      ['', rowKey('')],
      ['ʼ', rowKey('ʼ')],
      ['ab', 'AB'],
    ] as const) {
      expect(rowKey(one)).not.toBe(rowKey(other))
    }
  })

  it('is 64 digits of either case at most in MySQL’s 191 characters, and what is longer is refused and not cut', () => {
    expect(rowKey('AB'.repeat(32))).toHaveLength(129)
    expect(rowKey('a'.repeat(191))).toHaveLength(191)
    for (const key of ['a'.repeat(192), 'A'.repeat(96), '\u0100'.repeat(48)]) {
      expect(() => rowKey(key)).toThrow('key is too long for the table')
    }
  })
})

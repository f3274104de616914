import { createHmac } from 'node:crypto'
import fc from 'fast-check'
import { afterEach, describe, expect, it, vi } from 'vitest'
import {
  newRecoveryCodes,
  normalizeRecoveryCode,
  recoveryCodeBytes,
  recoveryCodeCount,
  recoveryCodesLeft,
  recoveryKeyBytes,
  spendRecoveryCode,
} from '../../src/subject/recovery-codes.js'
import { emptyState, type RecoveryCodeSet } from '../../src/subject/state.js'
import { canonical, enrolled, material, now } from './fixtures.js'

const symbols = '0123456789ABCDEFGHJKMNPQRSTVWXYZ'
const { set, written } = newRecoveryCodes(material(), now)
const codes = written.map(canonical)

function spent(from: RecoveryCodeSet, code: string | undefined): RecoveryCodeSet {
  const taken = spendRecoveryCode(from, code ?? '', now)
  if (taken.found !== 'unused') throw new Error(`not spent but ${taken.found}`)
  return taken.set
}

afterEach(() => {
  vi.restoreAllMocks()
})

describe('a set of recovery codes', () => {
  it('R19: holds ten codes of 120 bits, every bit of them in what is written', () => {
    expect([recoveryCodeCount, recoveryCodeBytes * 8, recoveryKeyBytes * 8]).toEqual([10, 120, 256])
    expect(recoveryCodeBytes * 8).toBeGreaterThanOrEqual(112)
    const bytes = fc.uint8Array({ minLength: recoveryCodeBytes, maxLength: recoveryCodeBytes })
    fc.assert(
      fc.property(bytes, bytes, (one, other) => {
        const [first, second] = newRecoveryCodes({ key: new Uint8Array(32), codes: [one, other] }, now).written
        expect(first).toMatch(/^([0-9A-HJKMNP-TV-Z]{6}-){3}[0-9A-HJKMNP-TV-Z]{6}$/)
        const value = Array.from(canonical(first)).reduce(
          (sum, symbol) => sum * 32n + BigInt(symbols.indexOf(symbol)),
          0n,
        )
        expect(value.toString(16).padStart(30, '0')).toBe(Buffer.from(one).toString('hex'))
        expect(first === second).toBe(Buffer.compare(one, other) === 0)
      }),
    )
  })

  it('R19: is stored as HMAC-SHA-256 under the key of its set, and holds no code', () => {
    const key = Buffer.from(set.key, 'base64url')
    expect(set.codes.map(code => code.hash)).toEqual(
      codes.map(code => createHmac('sha256', key).update(code).digest('base64url')),
    )
    const stored = JSON.stringify({ ...emptyState, recoveryCodes: set }).toUpperCase()
    for (const [position, code] of written.entries()) {
      const raw = Buffer.from(material().codes[position] ?? [])
      for (const form of [
        code,
        canonical(code),
        raw.toString('hex'),
        raw.toString('base64'),
        raw.toString('base64url'),
      ]) {
        expect(stored).not.toContain(form.toUpperCase())
      }
      for (const part of code.split('-')) expect(stored).not.toContain(part)
    }
  })

  it('R19: gives the same code another hash in another set', () => {
    const { codes: same } = material()
    const again = newRecoveryCodes({ key: material('other').key, codes: same }, now)
    expect(again.written).toEqual(written)
    for (const { hash } of again.set.codes) expect(set.codes.map(code => code.hash)).not.toContain(hash)
  })

  it('says how many are left, and null where there is no set', () => {
    expect(recoveryCodesLeft(emptyState)).toBeNull()
    expect(recoveryCodesLeft(enrolled())).toBe(10)
    expect(recoveryCodesLeft({ ...emptyState, recoveryCodes: spent(set, codes[3]) })).toBe(9)
  })
})

describe('using a recovery code', () => {
  it('R18: takes each code once, in any order', () => {
    fc.assert(
      fc.property(fc.array(fc.nat({ max: 9 }), { maxLength: 20 }), order => {
        let left = set
        const used = new Set<number>()
        for (const position of order) {
          const taken = spendRecoveryCode(left, codes[position] ?? '', now + position)
          expect(taken.found).toBe(used.has(position) ? 'used' : 'unused')
          if (taken.found !== 'unused') continue
          used.add(position)
          left = taken.set
          expect(left.codes[position]?.usedAt).toBe(now + position)
        }
        expect(recoveryCodesLeft({ ...emptyState, recoveryCodes: left })).toBe(10 - used.size)
      }),
      { numRuns: 30 },
    )
  })

  it('R18: changes nothing but the one code, and not the set that it was given', () => {
    const before = structuredClone(set)
    const after = spent(set, codes[4])
    expect(set).toEqual(before)
    expect(after).toEqual({ ...before, codes: before.codes.with(4, { ...before.codes[4], usedAt: now } as never) })
  })

  it('R20: knows no code of another set', () => {
    const other = newRecoveryCodes(material('other'), now)
    for (const code of other.written) expect(spendRecoveryCode(set, canonical(code), now).found).toBe('none')
  })

  it('R22: makes the same comparisons however many are left and whatever is found', () => {
    const compared = (from: RecoveryCodeSet, code: string | undefined) => {
      const looks = vi.spyOn(String.prototype, 'charCodeAt')
      spendRecoveryCode(from, code ?? '', now)
      const count = looks.mock.calls.length
      looks.mockRestore()
      return count
    }
    const full = compared(set, 'Z'.repeat(24))
    expect(full).toBeGreaterThanOrEqual(10 * 43)
    let left = set
    for (const code of codes) {
      expect(compared(left, code)).toBe(full)
      left = spent(left, code)
      expect(compared(left, code)).toBe(full)
      expect(compared(left, 'Z'.repeat(24))).toBe(full)
    }
  })
})

describe('the spelling of a recovery code', () => {
  const code = fc.string({ unit: fc.constantFrom(...symbols), minLength: 24, maxLength: 24 })
  /** What a person may make of one symbol. */
  const spelling = (symbol: string) => {
    const alike = { '0': ['0', 'O', 'o'], '1': ['1', 'I', 'i', 'L', 'l'] }[symbol] ?? [symbol, symbol.toLowerCase()]
    return fc.constantFrom(...alike)
  }
  const between = fc.string({ unit: fc.constantFrom(' ', '-', '\t'), maxLength: 2 })

  it('is told from case, spaces, dashes, and O, I and L in place of digits', () => {
    const spelt = code.chain(symbolsOfCode => {
      const parts = Array.from(symbolsOfCode).map(symbol => fc.tuple(between, spelling(symbol)))
      return fc.tuple(fc.constant(symbolsOfCode), fc.tuple(...parts), between)
    })
    fc.assert(
      fc.property(spelt, ([meant, parts, rest]) => {
        expect(normalizeRecoveryCode(parts.flat().join('') + rest)).toBe(meant)
      }),
    )
  })

  it('is told from the written form', () => {
    expect(written.map(normalizeRecoveryCode)).toEqual(codes)
  })

  it('R45: is null for what cannot be a code', () => {
    const wrongLength = fc
      .string({ unit: fc.constantFrom(...symbols), maxLength: 60 })
      .filter(text => text.length !== 24)
    const foreign = fc.tuple(code, fc.nat({ max: 23 }), fc.constantFrom('U', 'u', '_', '.', '٣', '０', 'é', '\0', '😀'))
    fc.assert(
      fc.property(wrongLength, text => {
        expect(normalizeRecoveryCode(text)).toBeNull()
      }),
    )
    fc.assert(
      fc.property(foreign, ([text, position, symbol]) => {
        expect(normalizeRecoveryCode(text.slice(0, position) + symbol + text.slice(position + 1))).toBeNull()
      }),
    )
    for (const text of ['', ' ', '-', '123456', '000000000000000000000000x', `${codes[0]}0`]) {
      expect(normalizeRecoveryCode(text)).toBeNull()
    }
  })

  it('never gives anything but a canonical code, whatever it is given', () => {
    fc.assert(
      fc.property(fc.array(fc.nat({ max: 0xffff }), { maxLength: 64 }), units => {
        const normal = normalizeRecoveryCode(String.fromCharCode(...units))
        if (normal !== null) expect(normal).toMatch(/^[0-9A-HJKMNP-TV-Z]{24}$/)
      }),
    )
  })
})

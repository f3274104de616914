import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { e164 } from '../src/e164.js'

describe('the number that a channel makes of what was typed', () => {
  it('R25: is one for all spellings with the country code', () => {
    const number = fc.stringMatching(/^[1-9]\d{6,14}$/).map(digits => `+${digits}`)
    const marks = fc.array(fc.constantFrom('', ' ', '-', '.', '\u00a0', ' - '), { minLength: 15, maxLength: 15 })
    fc.assert(
      fc.property(number, marks, (one, between) => {
        const spelt = [...one].map((digit, index) => `${digit}${between[index] ?? ''}`).join('')
        fc.pre(spelt.length <= 40)
        expect(e164(spelt)).toBe(one)
        expect(e164(one)).toBe(one)
      }),
    )
    expect(e164(' +1 (202) 555-0142 ')).toBe('+12025550142')
  })

  it.each([
    '',
    '+',
    '2025550142',
    '0049 171 1234567',
    '+0491711234567',
    '+49 (0)171 1234567',
    '+49 (0171) 1234567',
    '+123456',
    '+1234567890123456',
    '++12025550142',
    '+12025550142,+12025550143',
    '+12025550142 +12025550143',
    '+1202555\r\n0142',
    '+1202555\u00000142',
    '+1202555\t0142',
    '+12025550142x5',
    '+１２０２５５５０１４２',
    '\ud800',
    `+1${' '.repeat(1_000_000)}2025550142`,
  ])('is none where it is not typed so: %j', typed => {
    expect(e164(typed)).toBeNull()
  })
})

import fc from 'fast-check'
import { parsePhoneNumberFromString as parseWithAll } from 'libphonenumber-js/max'
import { type CountryCode, getCountries, getExampleNumber, type PhoneNumber } from 'libphonenumber-js/mobile'
import examples from 'libphonenumber-js/mobile/examples'
import { describe, expect, it } from 'vitest'
import { phoneNumbers } from '../src/phone.js'

const normalize = phoneNumbers()

/** The library's own example of a mobile number, for every country that it knows. */
const mobiles: readonly { country: CountryCode; example: PhoneNumber }[] = getCountries().flatMap(country => {
  const example = getExampleNumber(country, examples)
  return example === undefined ? [] : [{ country, example }]
})
const aMobile = fc.constantFrom(...mobiles)

/** Places that share the ranges of a larger neighbour, and count as that. */
const shared: Partial<Record<CountryCode, CountryCode>> = {
  AX: 'FI',
  BL: 'GP',
  CC: 'AU',
  CX: 'AU',
  EH: 'MA',
  IM: 'GB',
  MF: 'GP',
  SJ: 'NO',
  VA: 'IT',
}

/** Numbers near to those: some digits are others, one is missing or too many. */
const aNeighbour = fc
  .tuple(
    aMobile,
    fc.array(fc.tuple(fc.nat(11), fc.nat(9)), { minLength: 1, maxLength: 6 }),
    fc.constantFrom('same', 'shorter', 'longer'),
  )
  .map(([{ example }, changes, length]) => {
    const digits = [...example.number.slice(1)]
    for (const [position, digit] of changes) digits[position % digits.length] = String(digit)
    if (length === 'shorter') digits.pop()
    if (length === 'longer') digits.push('1')
    return `+${digits.join('')}`
  })

/** Any string of UTF-16. The unit `binary` of fast-check takes seconds to prepare. */
const anyText = fc.string({ unit: fc.nat(0xffff).map(unit => String.fromCharCode(unit)), maxLength: 200 })

describe('phoneNumbers', () => {
  it('takes the example of every country, and knows whose it is', () => {
    expect(mobiles.length).toBeGreaterThan(240)
    for (const { country, example } of mobiles) {
      expect(normalize(example.number), country).toBe(example.number)
      expect(phoneNumbers({ countries: [shared[country] ?? country] })(example.number), country).toBe(example.number)
    }
  })

  it('R25: makes one number of all its spellings', () => {
    const separators = fc.array(fc.constantFrom('', ' ', '-', '.', '\u00a0', '\u2011', '/'), {
      minLength: 20,
      maxLength: 20,
    })
    fc.assert(
      fc.property(aMobile, separators, ({ country, example }, between) => {
        const inside = phoneNumbers({ defaultCountry: country })
        const digits = [...example.number]
        const spellings = [
          example.number,
          example.formatInternational(),
          ` \u202a${example.formatInternational()}\u202c `,
          digits
            .map((digit, index) => (index > 0 && index < digits.length - 1 ? `${digit}${between[index]}` : digit))
            .join(''),
        ]
        for (const spelling of spellings) {
          expect(normalize(spelling), spelling).toBe(example.number)
          expect(inside(spelling), spelling).toBe(example.number)
        }
        expect(inside(example.formatNational())).toBe(example.number)
      }),
      { numRuns: 500 },
    )
  })

  it('leaves a number that it has made as it is', () => {
    fc.assert(
      fc.property(
        fc.oneof(aNeighbour, fc.string({ unit: fc.constantFrom(...'+0123456789 ()-./') })),
        aMobile,
        (typed, { country }) => {
          for (const inside of [normalize, phoneNumbers({ defaultCountry: country })]) {
            const number = inside(typed)
            if (number === null) continue
            expect(number).toMatch(/^\+[1-9]\d{6,14}$/)
            expect(inside(number)).toBe(number)
            expect(normalize(number)).toBe(number)
          }
        },
      ),
      { numRuns: 2_000 },
    )
  })

  it('R25: takes what the library’s whole metadata calls a mobile number, or a line that may be one, of a country, and nothing else', () => {
    let taken = 0
    fc.assert(
      fc.property(aNeighbour, typed => {
        const number = parseWithAll(typed, { extract: false })
        const type = number?.getType()
        const is = (type === 'MOBILE' || type === 'FIXED_LINE_OR_MOBILE') && number?.country !== undefined
        if (is) taken++
        expect(normalize(typed) !== null, `${typed} is ${type} of ${number?.country}`).toBe(is)
      }),
      { numRuns: 5_000 },
    )
    expect(taken).toBeGreaterThan(500)
  })

  it.each([
    ['premium rate in the United States', '+1 900 555 0123'],
    ['premium rate in the United Kingdom', '+44 909 879 0000'],
    ['premium rate in France', '+33 899 12 34 56'],
    ['personal, in the United Kingdom', '+44 70 1234 5678'],
    ['toll-free', '+1 800 555 0123'],
    ['a landline', '+44 20 7946 0958'],
    ['a satellite phone', '+881 6 1234 5678'],
    ['an international network', '+883 5100 1234 5678'],
    ['international premium rate', '+979 1 2345 6789'],
    ['not assigned', '+44 7700 900123'],
    ['too short', '+49 171 12'],
    ['an emergency number', '112'],
  ])('R25: refuses a number that is %s', (_, number) => {
    expect(normalize(number)).toBeNull()
    expect(phoneNumbers({ defaultCountry: 'GB' })(number)).toBeNull()
  })

  it.each([
    '+1 202 555 0142 ext. 5',
    '+1 202 555 0142 x5',
    '+1 202 555 0142#5',
    '+1 202 555 0142,,5',
    '+12025550142;ext=5',
    'tel:+1-202-555-0142',
    'sip:+12025550142@example.com',
    '1-800-FLOWERS',
    'call +1 202 555 0142',
    '+１２０２５５５０１４２',
    '+١٢٠٢٥٥٥٠١٤٢',
    '(+1) 202 555 0142',
    '++1 202 555 0142',
    '+1 202 555 0142 +1 202 555 0143',
    '+12025550142,+12025550143',
    '+12025550142;+12025550143',
    '+1202555\r\n0142',
    '+1202555\t0142',
    '+1202555\u00000142',
    '\ud800+12025550142',
    '*67 202 555 0142',
    '',
    ' ',
    '+',
    '()',
    '-'.repeat(64),
    '+'.repeat(64),
    '\u202a'.repeat(64),
  ])('R45: refuses what is not plainly one number: %j', typed => {
    expect(normalize(typed)).toBeNull()
    expect(phoneNumbers({ defaultCountry: 'US' })(typed)).toBeNull()
  })

  it('R45: refuses any other text, of a megabyte at once, and never throws', () => {
    fc.assert(
      fc.property(anyText, typed => void normalize(typed)),
      { numRuns: 2_000 },
    )
    const long = ['+', '1', '(', ' ', '\u202a', '+1 202 555 0142 '].map(part => part.repeat(1_000_000 / part.length))
    const before = process.cpuUsage()
    for (const typed of long) expect(normalize(typed)).toBeNull()
    // Of this process alone, in µs: what else the machine has to do does not count.
    const { user, system } = process.cpuUsage(before)
    expect(user + system).toBeLessThan(100_000)
  })

  it('R25: keeps to the countries that it is told, also where they share a country code', () => {
    const british = phoneNumbers({ countries: ['GB'] })
    expect(british('+44 7400 123456')).toBe('+447400123456')
    expect(british('+44 7781 123456')).toBeNull() // Guernsey
    expect(british('+44 7624 123456')).toBeNull() // the Isle of Man
    const american = phoneNumbers({ countries: ['US'], defaultCountry: 'US' })
    expect(american('(202) 555-0142')).toBe('+12025550142')
    expect(american('(876) 210-1234')).toBeNull() // Jamaica
    expect(american('+49 1512 3456789')).toBeNull()
  })

  it('takes a number without a country code only where it is told whose', () => {
    expect(normalize('07400 123456')).toBeNull()
    expect(normalize('0044 7400 123456')).toBeNull()
    const british = phoneNumbers({ defaultCountry: 'GB' })
    for (const typed of ['07400 123456', '7400 123456', '00 44 7400 123456', '+44 (0)7400 123456']) {
      expect(british(typed), typed).toBe('+447400123456')
    }
    expect(british('+1 202 555 0142')).toBe('+12025550142')
  })

  it.each([
    ['defaultCountry', { defaultCountry: 'us' }],
    ['defaultCountry', { defaultCountry: '' }],
    ['countries', { countries: [] }],
    ['countries', { countries: ['US', 'UK'] }],
    ['countries', { countries: 'US' }],
    ['countries', { countries: [undefined] }],
  ])('names %s where it is wrong: %o', (name, options) => {
    expect(() => phoneNumbers(options as object)).toThrow(
      expect.objectContaining({ kind: 'usage', message: expect.stringMatching(`^options.${name} must be`) }),
    )
    expect(() => phoneNumbers({ country: 'US' } as object)).toThrow('options has no option "country"')
  })
})

/** `@sallyport/sms/phone`: which phone numbers codes are sent to. By `libphonenumber-js`, a port of Google's library. */
import { type CountryCode, isSupportedCountry, parsePhoneNumberFromString } from 'libphonenumber-js/mobile'
import { checkOptions, optional, type Rule } from './usage.js'

/** The options of {@link phoneNumbers}. */
export interface PhoneNumberOptions {
  /** Whose number it is where no country code is typed: ISO 3166-1 alpha-2, such as `US`. By default such a number is refused. */
  defaultCountry?: CountryCode | undefined
  /** The countries that codes are sent to; all by default. The one rule that ends most toll fraud. */
  countries?: readonly CountryCode[] | undefined
}

const isCountry = (value: unknown) => typeof value === 'string' && isSupportedCountry(value)
const rules: Record<keyof PhoneNumberOptions, Rule> = {
  defaultCountry: optional({ fits: isCountry, problem: 'must be the code of a country, such as "US"' }),
  countries: optional({
    fits: value => Array.isArray(value) && value.length > 0 && value.every(isCountry),
    problem: 'must be codes of countries, such as ["US", "CA"], and at least one',
  }),
}

/** No number needs more, however it is spelt. */
const longest = 64

/**
 * What people put between digits. No letters, so no words and no extensions: a code reaches no extension; no commas and semicolons, which
 * would tell a phone to wait and dial on. ASCII digits alone.
 */
const spelling = /^\+?[\d \u00a0\u2010-\u2015\u2212()./-]+$/

/**
 * Makes a channel's `normalize`: of every spelling of a mobile number it makes the same E.164 number, and of anything else null, so that
 * one phone is counted as one (R25). A number has to be assigned to a mobile network; or, where a country does not tell those apart, as
 * the United States do not, to any line. So premium-rate, shared-cost, personal, toll-free and landline numbers are refused, and those of
 * satellite and other networks that belong to no country.
 *
 * It uses the `mobile` metadata of `libphonenumber-js`, the least that knows this: about 100 KB, where `max` has 150 and `min` cannot tell a
 * mobile number from a premium one. Numbering plans change: keep that package up to date.
 *
 * @param options see {@link PhoneNumberOptions}. Åland, the Vatican and others that share the ranges of a larger neighbour count as that
 * @returns a function that gives the number in E.164, or null; it never throws
 * @throws SallyportError `usage`, naming the option
 *
 * @example
 * ```ts
 * import { phoneNumbers } from '@sallyport/sms/phone'
 *
 * const normalize = phoneNumbers({ defaultCountry: 'GB', countries: ['GB', 'IE'] })
 * normalize('07400 123456') // '+447400123456'
 * normalize('+44 (0)7400 123456') // '+447400123456'
 * normalize('+1 202 555 0142') // null: another country
 * normalize('+44 909 879 0000') // null: premium rate
 * ```
 */
export function phoneNumbers(options: PhoneNumberOptions = {}): (typed: string) => string | null {
  checkOptions(options, rules)
  const { defaultCountry, countries } = options
  const parsing = { extract: false, ...(defaultCountry === undefined ? {} : { defaultCountry }) }
  const allowed = countries === undefined ? null : new Set(countries)
  return typed => {
    if (typed.length > longest) return null
    // Address books put invisible marks around a number that is copied.
    const spelt = typed.replaceAll(/\p{Cf}/gu, '').trim()
    if (!spelling.test(spelt)) return null
    const number = parsePhoneNumberFromString(spelt, parsing)
    if (number === undefined || !number.isValid() || number.country === undefined) return null
    return allowed === null || allowed.has(number.country) ? number.number : null
  }
}

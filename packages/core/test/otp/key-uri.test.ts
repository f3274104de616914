import { keyUri, parseKeyUri } from '@sallyport/core/otp'
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { encodeSecret } from '../../src/otp/secret.js'

const secret = 'GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ'
const key = { secret, algorithm: 'SHA1', digits: 6, period: 30, issuer: 'Acme', account: 'alice' } as const

const anyName = fc
  .oneof(fc.string({ unit: 'grapheme' }), fc.string({ unit: 'binary' }), fc.string(), fc.emailAddress())
  .filter(name => name.trim() !== '' && !/[:\p{Cc}\p{Cs}]/u.test(name))
const anyKey = fc.record({
  secret: fc.uint8Array({ minLength: 10, maxLength: 128, size: 'max' }),
  algorithm: fc.constantFrom('SHA1' as const, 'SHA256' as const, 'SHA512' as const),
  digits: fc.integer({ min: 6, max: 8 }),
  period: fc.integer({ min: 15, max: 300 }),
  issuer: anyName,
  account: anyName,
})

describe('keyUri', () => {
  test('R8: the issuer stands in label and parameter, and every parameter is written out', () => {
    expect(keyUri({ secret, issuer: 'Acme', account: 'alice@example.com' })).toBe(
      `otpauth://totp/Acme:alice%40example.com?secret=${secret}&issuer=Acme&algorithm=SHA1&digits=6&period=30`,
    )
  })

  test('R8: a space is %20 and never +, the secret has no padding, the hash no dash', () => {
    fc.assert(
      fc.property(anyKey, options => {
        const uri = keyUri({ ...options, issuer: `${options.issuer} & Co`, account: `${options.account} Smith` })
        expect(uri).toMatch(
          /^otpauth:\/\/totp\/[\w.!~*'()%-]+:[\w.!~*'()%-]+\?secret=[A-Z2-7]+&issuer=[\w.!~*'()%-]+&algorithm=SHA(1|256|512)&digits=[678]&period=[0-9]+$/,
        )
        expect(uri).toContain('%20%26%20Co')
      }),
    )
  })

  test('R8: every URI reads back to what made it', () => {
    fc.assert(
      fc.property(anyKey, options => {
        const { issuer, account } = options
        const made = {
          ...options,
          secret: encodeSecret(options.secret),
          issuer: issuer.trim(),
          account: account.trim(),
        }
        const uri = keyUri(options)
        expect(parseKeyUri(uri)).toEqual(made)
        expect(keyUri(parseKeyUri(uri))).toBe(uri)
      }),
      { numRuns: 1000 },
    )
  })

  test("R8: every URI is one for the platform's own URL reader as well", () => {
    fc.assert(
      fc.property(anyKey, options => {
        const url = new URL(keyUri(options))
        expect(url.searchParams.get('issuer')).toBe(options.issuer.trim())
        expect(url.searchParams.get('secret')).toBe(encodeSecret(options.secret))
        const label = `${options.issuer.trim()}:${options.account.trim()}`
        expect(decodeURIComponent(url.pathname.slice(url.pathname.lastIndexOf('/') + 1))).toBe(label)
      }),
    )
  })

  test('R8: a colon, a control character, a lone surrogate or nothing at all is a usage error that names the argument', () => {
    const wrong = ['', ' ', '\u00a0', 'a:b', ':', 'a\0b', 'a\nb', 'a\u007fb', 'a\u0085b', '\ud800', 'a\udfffb']
    for (const name of [...wrong, undefined, null, 1, ['a'], { toString: () => 'a' }] as string[]) {
      expect(() => keyUri({ secret, issuer: name, account: 'alice' })).toThrow(/^issuer must/)
      expect(() => keyUri({ secret, issuer: 'Acme', account: name })).toThrow(/^account must/)
    }
  })

  test('what the standard does not know is a usage error that names it', () => {
    expect(() => keyUri({ ...key, secret: 'JBSWY3DP' })).toThrow(/^secret /)
    expect(() => keyUri({ ...key, algorithm: 'SHA-1' as 'SHA1' })).toThrow(/^algorithm /)
    expect(() => keyUri({ ...key, digits: 10 })).toThrow(/^digits /)
    expect(() => keyUri({ ...key, period: 10 })).toThrow(/^period /)
  })
})

describe('parseKeyUri', () => {
  const query = `secret=${secret}&issuer=Acme`

  test.each([
    ['nothing but the secret', `otpauth://totp/Acme:alice?secret=${secret}`],
    ['an escaped colon', `otpauth://totp/Acme%3Aalice?${query}`],
    ['an escaped colon in lower case', `otpauth://totp/Acme%3aalice?${query}`],
    ['spaces behind the colon', `otpauth://totp/Acme:%20%20alice?${query}`],
    ['a space as it is', `otpauth://totp/Acme: alice?${query}`],
    ['the issuer as a parameter only', `otpauth://totp/alice?${query}`],
    ['an empty issuer parameter', `otpauth://totp/Acme:alice?secret=${secret}&issuer=`],
    ['a secret in lower case', `otpauth://totp/Acme:alice?secret=${secret.toLowerCase()}&issuer=Acme`],
    ['a secret in groups', `otpauth://totp/Acme:alice?secret=${secret.replace(/.{4}/g, '$& ')}&issuer=Acme`],
    ['padding', `otpauth://totp/Acme:alice?secret=${secret}====&issuer=Acme`],
    ['escaped padding', `otpauth://totp/Acme:alice?secret=${secret}%3D%3D&issuer=Acme`],
    ['the hash in lower case', `otpauth://totp/Acme:alice?${query}&algorithm=sha1`],
    ['scheme and type in upper case', `OTPAUTH://TOTP/Acme:alice?${query}`],
    ['another order', `otpauth://totp/Acme:alice?period=30&digits=6&issuer=Acme&secret=${secret}`],
    [
      'parameters of other apps',
      `otpauth://totp/Acme:alice?${query}&image=https%3A%2F%2Facme.example%2Fa.png&counter=1`,
    ],
    ['a dangling ampersand', `otpauth://totp/Acme:alice?${query}&`],
  ])('reads a URI with %s', (_, uri) => {
    expect(parseKeyUri(uri)).toEqual(key)
  })

  test('without any issuer it is empty', () => {
    expect(parseKeyUri(`otpauth://totp/alice?secret=${secret}`)).toEqual({ ...key, issuer: '' })
  })

  test('a + is a plus in the label; in the issuer parameter it is a space unless the label says otherwise', () => {
    const read = (label: string, issuer: string) =>
      parseKeyUri(`otpauth://totp/${label}?secret=${secret}&issuer=${issuer}`)
    expect(read('Acme:alice+news@example.com', 'Acme').account).toBe('alice+news@example.com')
    expect(read('Acme%20Ltd:alice', 'Acme+Ltd').issuer).toBe('Acme Ltd')
    expect(read('alice', 'Acme+Ltd').issuer).toBe('Acme Ltd')
    expect(read('A+B:alice', 'A+B').issuer).toBe('A+B')
    expect(read('A%2BB:alice', 'A%2BB').issuer).toBe('A+B')
    expect(() => read('A+B:alice', 'A%20B')).toThrow(/^uri /)
  })

  test.each([
    ['no URI', 'JBSWY3DPEHPK3PXP'],
    ['another scheme', `https://totp/Acme:alice?${query}`],
    ['something before the scheme', ` otpauth://totp/Acme:alice?${query}`],
    ['a counter', `otpauth://hotp/Acme:alice?${query}&counter=1`],
    ['another type', `otpauth://totp2/Acme:alice?${query}`],
    ['no type', `otpauth://Acme:alice?${query}`],
    ['no label', `otpauth://totp/?${query}`],
    ['no account', `otpauth://totp/Acme:?${query}`],
    ['no issuer before the colon', `otpauth://totp/:alice?secret=${secret}`],
    ['two colons', `otpauth://totp/Acme:alice:bob?${query}`],
    ['no parameters', 'otpauth://totp/Acme:alice'],
    ['no secret', 'otpauth://totp/Acme:alice?issuer=Acme'],
    ['an empty secret', 'otpauth://totp/Acme:alice?secret=&issuer=Acme'],
    ['a short secret', 'otpauth://totp/Acme:alice?secret=JBSWY3DP'],
    ['a secret that is no base32', 'otpauth://totp/Acme:alice?secret=10101010101010101010'],
    ['a + in the secret', `otpauth://totp/Acme:alice?secret=${secret.slice(0, 16)}+${secret.slice(16)}`],
    ['two secrets', `otpauth://totp/Acme:alice?${query}&secret=${secret}`],
    ['two secrets, one of them escaped', `otpauth://totp/Acme:alice?${query}&%73ecret=JBSWY3DPEHPK3PXP`],
    ['two issuers', `otpauth://totp/Acme:alice?${query}&issuer=Acme`],
    ['two issuers that differ', `otpauth://totp/Acme:alice?secret=${secret}&issuer=Evil`],
    ['an issuer in another case', `otpauth://totp/Acme:alice?secret=${secret}&issuer=ACME`],
    ['a colon in the issuer', `otpauth://totp/alice?secret=${secret}&issuer=a%3Ab`],
    ['an unknown hash', `otpauth://totp/Acme:alice?${query}&algorithm=MD5`],
    ['a dash in the hash', `otpauth://totp/Acme:alice?${query}&algorithm=SHA-1`],
    ['a hash from the prototype', `otpauth://totp/Acme:alice?${query}&algorithm=constructor`],
    ['an empty hash', `otpauth://totp/Acme:alice?${query}&algorithm=`],
    ['5 digits', `otpauth://totp/Acme:alice?${query}&digits=5`],
    ['6.0 digits', `otpauth://totp/Acme:alice?${query}&digits=6.0`],
    ['full-width digits', `otpauth://totp/Acme:alice?${query}&digits=${encodeURIComponent('６')}`],
    ['a negative period', `otpauth://totp/Acme:alice?${query}&period=-30`],
    ['a period of 0', `otpauth://totp/Acme:alice?${query}&period=0`],
    ['a huge period', `otpauth://totp/Acme:alice?${query}&period=99999999999999999999`],
    ['a broken escape', `otpauth://totp/Acme:alice%?${query}`],
    ['a broken escape in the secret', `otpauth://totp/Acme:alice?secret=${secret}%E0%A4`],
    ['escapes that are no UTF-8', `otpauth://totp/Acme:%ff%fe?${query}`],
    ['a control character', `otpauth://totp/Acme:ali%00ce?${query}`],
    ['a fragment', `otpauth://totp/Acme:alice?${query}#digits=8`],
  ])('R8: refuses a URI with %s, and does not quote it', (_, uri) => {
    expect(() => parseKeyUri(uri)).toThrow(/^(uri|secret|issuer|account|algorithm|digits|period) must/)
    expect(() => parseKeyUri(uri)).not.toThrow(/GEZD|JBSW/)
  })

  test('refuses what is no string', () => {
    for (const uri of [undefined, null, 1, new URL(keyUri(key)), [keyUri(key)], {}] as string[]) {
      expect(() => parseKeyUri(uri)).toThrow(/^uri must be a string/)
    }
  })

  test('whatever text it is given, it reads it or throws a TypeError or RangeError', () => {
    const piece = fc.constantFrom(
      'otpauth://totp/',
      'Acme',
      ':',
      '%3A',
      '%',
      '?',
      '&',
      '=',
      'secret',
      secret,
      'issuer',
      '+',
      '#',
      '/',
    )
    fc.assert(
      fc.property(fc.array(fc.oneof(piece, fc.string()), { maxLength: 12 }), pieces => {
        try {
          const parsed = parseKeyUri(pieces.join(''))
          if (parsed.issuer !== '') expect(parseKeyUri(keyUri(parsed))).toEqual(parsed)
        } catch (error) {
          expect(error instanceof TypeError || error instanceof RangeError).toBe(true)
        }
      }),
      { numRuns: 2000 },
    )
  })
})

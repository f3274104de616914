import { randomBytes } from 'node:crypto'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { makeKeyring } from '../../src/vault/keyring.js'
import { longestToken, makeTokens, type TokenContent, type TokenType } from '../../src/vault/tokens.js'

const now = Date.parse('2026-03-01T12:00:00Z')
const expiresAt = now + 60_000
const keyring = makeKeyring([randomBytes(32).toString('base64')])
const tokens = makeTokens(keyring, 'acme')

const tied = { subject: 'alice', epoch: '1'.repeat(32), binding: null, credential: 'c'.repeat(64), expiresAt }
const contents: { [T in TokenType]: TokenContent<T> } = {
  challenge: {
    ...tied,
    stage: 'login',
    purpose: 'login',
    id: 'a'.repeat(32),
    permit: null,
    first: null,
    signedInBy: null,
  },
  enrollment: {
    ...tied,
    stage: 'profile',
    authenticator: 'b'.repeat(32),
    secret: 'JBSWY3DPEHPK3PXPJBSWY3DPEHPK3PXP',
    algorithm: 'SHA1',
    digits: 6,
    period: 30,
    replaces: null,
    proven: true,
    grant: { method: 'totp', expiresAt },
    permit: null,
    checked: null,
    alongside: [{ channel: 'email', address: 'alice@example.com' }],
  },
  destination: {
    ...tied,
    id: 'f'.repeat(32),
    channel: 'sms',
    address: '+12025550142',
    proven: false,
    grant: null,
    checked: 'email',
    alongside: [],
  },
  grant: { ...tied, purpose: 'factors', id: 'd'.repeat(32), method: 'recovery_code', first: null },
  permit: { subject: 'alice', id: 'e'.repeat(32), expiresAt },
}
const types = Object.keys(contents) as TokenType[]
const sealed = Object.fromEntries(types.map(type => [type, tokens.seal(type, contents[type])])) as Record<
  TokenType,
  string
>
const challenge = sealed.challenge
const alphabet = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_'

describe('a token', () => {
  it.each(types)('opens to what was sealed in it, and fits a cookie: %s', type => {
    expect(tokens.open(type, sealed[type], now)).toEqual(contents[type])
    expect(sealed[type]).toMatch(/^[\w-]+$/)
    expect(sealed[type].length).toBeLessThan(1500)
  })

  it('R52: opens as its own type alone', () => {
    for (const made of types) {
      for (const asked of types) expect(tokens.open(asked, sealed[made], now) !== null).toBe(made === asked)
    }
  })

  it('R52: is kept to its type by the seal itself, not by what lies inside', () => {
    for (const made of types) {
      for (const asked of types) {
        // The content of another type under this one's seal: what two types that grew alike would be.
        const disguised = tokens.seal(made, contents[asked] as never)
        expect(tokens.open(asked, disguised, now) !== null).toBe(made === asked)
        if (made !== asked) expect(tokens.open(made, disguised, now)).toBeNull()
      }
    }
  })

  it('R52: opens in its own namespace alone', () => {
    for (const namespace of ['', 'acm', 'acme ', 'ACME', 'other']) {
      const elsewhere = makeTokens(keyring, namespace)
      for (const type of types) expect(elsewhere.open(type, sealed[type], now)).toBeNull()
      expect(tokens.open('grant', elsewhere.seal('grant', contents.grant), now)).toBeNull()
    }
  })

  it('R34: opens under no other application’s key, and under its own after a rotation', () => {
    const [old, current] = [randomBytes(32).toString('base64'), randomBytes(32).toString('base64')]
    const token = makeTokens(makeKeyring([old]), 'acme').seal('challenge', contents.challenge)
    expect(makeTokens(makeKeyring([current, old]), 'acme').open('challenge', token, now)).toEqual(contents.challenge)
    expect(makeTokens(makeKeyring([current]), 'acme').open('challenge', token, now)).toBeNull()
  })

  it('R34: ends at the millisecond that it names', () => {
    for (const type of types) {
      expect(tokens.open(type, sealed[type], expiresAt - 1)).not.toBeNull()
      for (const at of [expiresAt, expiresAt + 1, Number.POSITIVE_INFINITY, Number.NaN]) {
        expect(tokens.open(type, sealed[type], at)).toBeNull()
      }
    }
  })

  it('R40: shows nothing of what it holds', () => {
    const text = Buffer.from(sealed.enrollment, 'base64url').toString('latin1')
    for (const part of ['alice', 'JBSWY3DP', 'profile', 'SHA1']) expect(text).not.toContain(part)
  })
})

describe('what is no token', () => {
  it('R34: is every token with one symbol changed', () => {
    for (let position = 0; position < challenge.length; position++) {
      for (let by = 1; by < 64; by += position === challenge.length - 1 ? 1 : 21) {
        const symbol = alphabet[(alphabet.indexOf(challenge.charAt(position)) + by) % 64]
        const altered = challenge.slice(0, position) + symbol + challenge.slice(position + 1)
        expect(tokens.open('challenge', altered, now)).toBeNull()
      }
    }
  })

  it('R34: is every token that was cut, stretched, spliced or spelt otherwise', () => {
    const other = tokens.seal('challenge', { ...contents.challenge, subject: 'mallory' })
    const position = fc.nat({ max: challenge.length })
    const mutation = fc.oneof(
      position.map(at => challenge.slice(0, at)),
      position.map(at => challenge.slice(at)),
      fc
        .tuple(position, fc.string({ unit: fc.constantFrom(...alphabet), minLength: 1, maxLength: 9 }))
        .map(([at, more]) => challenge.slice(0, at) + more + challenge.slice(at)),
      fc.tuple(position, position).map(([at, from]) => challenge.slice(0, at) + other.slice(from)),
      fc
        .tuple(position, fc.constantFrom(' ', '\n', '=', '.', '%', '\0', 'é'))
        .map(([at, symbol]) => challenge.slice(0, at) + symbol + challenge.slice(at)),
      fc.constantFrom(challenge.toLowerCase(), challenge.toUpperCase(), encodeURIComponent(`${challenge}=`)),
    )
    fc.assert(
      fc.property(mutation, altered => {
        fc.pre(altered !== challenge && altered !== other)
        expect(tokens.open('challenge', altered, now)).toBeNull()
      }),
      { numRuns: 500 },
    )
  })

  it('R45: is any value that is no string, and any string that is no token', () => {
    const hostile: unknown[] = [
      undefined,
      null,
      true,
      0,
      Number.NaN,
      1n,
      Symbol('token'),
      () => challenge,
      [challenge],
      { toString: () => challenge },
      new String(challenge),
      Buffer.from(challenge),
      new Proxy({}, { get: () => challenge }),
      '',
      'undefined',
      'null',
      '__proto__',
      'A'.repeat(longestToken),
    ]
    for (const type of types) for (const value of hostile) expect(tokens.open(type, value, now)).toBeNull()
    fc.assert(
      fc.property(fc.anything({ withBigInt: true, withDate: true, withTypedArray: true }), value => {
        expect(tokens.open('challenge', value, now)).toBeNull()
      }),
    )
  })

  it('R45: costs nothing, however long it is', () => {
    const long = 'A'.repeat(16 * 1024 * 1024)
    const before = process.cpuUsage()
    for (let time = 0; time < 1000; time++) for (const type of types) tokens.open(type, long, now)
    // Of this process alone, in µs: what else the machine has to do does not count.
    const { user, system } = process.cpuUsage(before)
    expect(user + system).toBeLessThan(500_000)
  })

  it('is never sealed so long that it would not open', () => {
    const sealOf = (length: number) => tokens.seal('challenge', { ...contents.challenge, purpose: 'p'.repeat(length) })
    expect(() => sealOf(4096)).toThrow('too long')
    const longest = sealOf(2600)
    expect(longest.length).toBeLessThanOrEqual(longestToken)
    expect(tokens.open('challenge', longest, now)?.purpose).toHaveLength(2600)
  })

  it('R34: is a token whose content has more, less or other than it should', () => {
    const { id, ...less } = contents.grant
    for (const content of [
      { ...contents.grant, admin: true },
      less,
      { ...contents.grant, id: 7, was: id },
      { ...contents.grant, method: 7 },
      { ...contents.grant, expiresAt: String(expiresAt) },
      null,
      'grant',
    ]) {
      expect(tokens.open('grant', tokens.seal('grant', content as never), now)).toBeNull()
    }
  })
})

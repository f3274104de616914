import { generateSecret, keyUri, verifyTotp } from '@sallyport/core/otp'
import { testClock, virtualAuthenticator } from '@sallyport/core/testing'
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'

describe('testClock', () => {
  test('stands still until it is moved, forth or back', () => {
    const clock = testClock(new Date(1000))
    expect([clock(), clock()]).toEqual([1000, 1000])
    clock.advance(500)
    expect(clock()).toBe(1500)
    clock.advance(-1500)
    expect(clock()).toBe(0)
  })

  test('starts at the same moment in every run, and every clock goes by itself', () => {
    const [one, other] = [testClock(), testClock()]
    one.advance(1)
    expect(other()).toBe(Date.UTC(2026, 0, 1))
  })

  test('does not copy a date that changes later, and refuses what is no time', () => {
    const start = new Date(1000)
    const clock = testClock(start)
    start.setTime(0)
    expect(clock()).toBe(1000)
    expect(() => testClock(new Date(Number.NaN))).toThrow(/^start /)
    for (const ms of [Number.NaN, Number.POSITIVE_INFINITY, 8.64e15]) expect(() => clock.advance(ms)).toThrow(/^ms /)
    expect(clock()).toBe(1000)
  })
})

describe('virtualAuthenticator', () => {
  const anyFormat = fc.record({
    algorithm: fc.constantFrom('SHA1' as const, 'SHA256' as const, 'SHA512' as const),
    // Long codes, lest the one of another step agree by chance.
    digits: fc.constant(8),
    period: fc.integer({ min: 15, max: 300 }),
  })

  test('R4: gives no step twice, and only codes that a login with the default window accepts', () => {
    fc.assert(
      fc.property(anyFormat, fc.array(fc.integer({ min: 0, max: 400_000 }), { maxLength: 20 }), (format, pauses) => {
        const clock = testClock()
        const secret = generateSecret()
        const authenticator = virtualAuthenticator(
          keyUri({ secret, issuer: 'Acme', account: 'alice', ...format }),
          clock,
        )
        let afterStep: number | null = null
        for (const pause of pauses) {
          clock.advance(pause)
          const present = Math.floor(clock() / (format.period * 1000))
          if (afterStep !== null && afterStep > present) {
            expect(() => authenticator.code()).toThrow(`advance the clock by ${format.period} s`)
          } else {
            const accepted = verifyTotp({ secret, ...format, code: authenticator.code(), at: clock(), afterStep })
            expect(accepted).not.toBeNull()
            afterStep = accepted?.step ?? null
          }
        }
      }),
    )
  })

  test('gives two codes without waiting, for confirming and signing in, and then asks for the clock to move', () => {
    const clock = testClock()
    const authenticator = virtualAuthenticator(
      keyUri({ secret: generateSecret(), issuer: 'Acme', account: 'alice', digits: 8 }),
      clock,
    )
    expect(authenticator.code()).not.toBe(authenticator.code())
    expect(() => authenticator.code()).toThrow('advance the clock by 30 s')
    expect(() => authenticator.code()).toThrow('advance the clock by 30 s')
    clock.advance(30_000)
    authenticator.code()
    expect(() => authenticator.code()).toThrow('advance the clock by 30 s')
    clock.advance(-90_000)
    expect(() => authenticator.code()).toThrow('advance the clock')
  })

  test('goes by the real time unless told otherwise', () => {
    const secret = generateSecret()
    const code = virtualAuthenticator(keyUri({ secret, issuer: 'Acme', account: 'alice' })).code()
    expect(verifyTotp({ secret, code, afterStep: null })).not.toBeNull()
  })
})

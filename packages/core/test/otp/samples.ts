/** A secret, a moment and its step, and arbitrary ones. */
import { type Secret, totp } from '@sallyport/core/otp'
import fc from 'fast-check'

export const ascii = (text: string) => new TextEncoder().encode(text)

export const secret = ascii('12345678901234567890')
export const at = 1_800_000_015_000
export const now = at / 30_000 - 0.5
export const codeOf = (step: number, options: Partial<Secret> = {}) => totp({ secret, ...options, at: step * 30_000 })

export const anySecret = fc.uint8Array({ minLength: 10, maxLength: 128, size: 'max' })
export const anyFormat = fc.record({
  algorithm: fc.constantFrom('SHA1' as const, 'SHA256' as const, 'SHA512' as const),
  digits: fc.integer({ min: 6, max: 8 }),
  period: fc.integer({ min: 15, max: 300 }),
})
export const anyMoment = fc.integer({ min: 0, max: 8.64e15 - 4e6 })
export const anyWindow = fc.integer({ min: 0, max: 10 })

/** A secret and a moment whose code comes again within the next ten steps. One step in about 10^5 has that luck. */
export function collision(): { bytes: Uint8Array; moment: number } {
  const bytes = secret
  const codes: string[] = []
  for (let step = 0; ; step++) {
    const code = totp({ secret: bytes, at: step * 30_000 })
    const earlier = codes.indexOf(code)
    if (earlier >= 0) return { bytes, moment: (step - codes.length + earlier) * 30_000 }
    codes.push(code)
    if (codes.length > 9) codes.shift()
  }
}

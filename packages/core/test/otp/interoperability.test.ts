/** Codes and URIs compared with other people's programs: oathtool (the OATH Toolkit), otplib and otpauth. */
import { execFile } from 'node:child_process'
import { randomInt } from 'node:crypto'
import { promisify } from 'node:util'
import { generateSecret, keyUri, totp, verifyTotp } from '@sallyport/core/otp'
import fc from 'fast-check'
import { Secret as OtpauthSecret, TOTP, URI } from 'otpauth'
import { generateSync, verifySync } from 'otplib'
import { describe, expect, test } from 'vitest'
import { encodeSecret } from '../../src/otp/secret.js'

const run = promisify(execFile)
const seed = Number(process.env['SALLYPORT_SEED'] ?? randomInt(2 ** 31))

const anyKey = fc.record({
  secret: fc.uint8Array({ minLength: 10, maxLength: 128, size: 'max' }).map(encodeSecret),
  algorithm: fc.constantFrom('SHA1' as const, 'SHA256' as const, 'SHA512' as const),
  digits: fc.integer({ min: 6, max: 8 }),
  period: fc.integer({ min: 15, max: 300 }),
})
// Half of the moments in our lifetime, half up to the year 9999.
const anySecond = fc.oneof(fc.integer({ min: 0, max: 4e9 }), fc.integer({ min: 0, max: 253402300799 }))
type Key = typeof anyKey extends fc.Arbitrary<infer T> ? T : never

/** The codes of `steps` steps from each moment on. One shell runs them all: a process of Node's own for each takes far longer. */
async function oathtool(cases: readonly (readonly [Key, seconds: number])[], steps: number): Promise<string[][]> {
  const commands = cases.map(
    ([{ secret, algorithm, digits, period }, seconds]) =>
      `oathtool --totp=${algorithm} -b -d ${digits} -s ${period}s -N @${seconds} -w ${steps - 1} ${secret}`,
  )
  try {
    const lines = (await run('sh', ['-ec', commands.join('\n')])).stdout.trim().split('\n')
    return cases.map((_, index) => lines.slice(index * steps, (index + 1) * steps))
  } catch (error) {
    const commandNotFound = 127
    if ((error as { code?: unknown }).code !== commandNotFound) throw error
    throw new Error('oathtool is missing: install the Debian package `oathtool` (apt-get install oathtool)')
  }
}

describe('other programs agree', () => {
  test(`R1: oathtool gives the same codes for 2000 random keys and moments (SALLYPORT_SEED=${seed})`, async () => {
    const cases = fc.sample(fc.tuple(anyKey, anySecond), { numRuns: 2000, seed })
    expect(new Set(cases.map(one => JSON.stringify(one))).size).toBeGreaterThan(1950)
    let compared = 0
    const compare = async (share: typeof cases) => {
      const theirs = await oathtool(share, 3)
      for (const [index, [key, seconds]] of share.entries()) {
        const ours = [0, 1, 2].map(step => totp({ ...key, at: (seconds + step * key.period) * 1000 }))
        expect(ours, `${JSON.stringify(key)} at ${seconds} s`).toEqual(theirs[index])
        compared += ours.length
      }
    }
    const shares = Array.from({ length: 8 }, (_, share) => cases.slice(share * 250, (share + 1) * 250))
    await Promise.all(shares.map(compare))
    expect(compared).toBe(6000)
  }, 60_000)

  test('R1: otplib and otpauth give the same codes, and take ours', () => {
    fc.assert(
      fc.property(anyKey, anySecond, (key, epoch) => {
        const code = totp({ ...key, at: epoch * 1000 })
        const { algorithm, digits, period } = key
        // otplib takes secrets of 16 to 64 bytes only.
        if (key.secret.length >= 26 && key.secret.length <= 103) {
          const options = {
            secret: key.secret,
            algorithm: algorithm.toLowerCase() as 'sha1',
            digits: digits as 6,
            period,
            epoch,
          }
          expect(generateSync(options)).toBe(code)
          expect(verifySync({ ...options, token: code }).valid).toBe(true)
        }
        const theirs = new TOTP({ secret: OtpauthSecret.fromBase32(key.secret), algorithm, digits, period })
        expect(theirs.generate({ timestamp: epoch * 1000 })).toBe(code)
        expect(theirs.validate({ token: code, timestamp: epoch * 1000, window: 1 })).not.toBeNull()
        expect(
          verifyTotp({ ...key, code: theirs.generate({ timestamp: epoch * 1000 }), at: epoch * 1000, afterStep: null }),
        ).not.toBeNull()
      }),
      { numRuns: 300, seed },
    )
  }, 30_000)

  test('R8: otpauth reads our URIs', () => {
    const name = fc
      .string({ unit: fc.constantFrom(..."aZ09 .&+%/?#@ßü漢😀'()"), minLength: 1 })
      .filter(text => text.trim() !== '')
    fc.assert(
      fc.property(anyKey, name, name, (key, issuer, account) => {
        const theirs = URI.parse(keyUri({ ...key, issuer, account }))
        expect(theirs).toBeInstanceOf(TOTP)
        const { algorithm, digits, period, label, secret } = theirs as TOTP
        expect({ algorithm, digits, period, issuer: theirs.issuer, account: label, secret: secret.base32 }).toEqual({
          ...key,
          issuer: issuer.trim(),
          account: account.trim(),
        })
      }),
      { seed },
    )
  })

  test('R2: other programs take the secrets that we generate', async () => {
    for (const bytes of [16, 20, 32, 64]) {
      const key = { secret: generateSecret(bytes), algorithm: 'SHA1', digits: 6, period: 30 } as const
      expect(OtpauthSecret.fromBase32(key.secret).bytes).toHaveLength(bytes)
      expect(await oathtool([[key, 59]], 1)).toEqual([[totp({ ...key, at: 59_000 })]])
      expect(generateSync({ secret: key.secret, epoch: 59 })).toBe(totp({ ...key, at: 59_000 }))
    }
  })
})

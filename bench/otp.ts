/**
 * `npx tsx bench/otp.ts`: verifying a code of six digits in a window of ±1 step, beside otplib and otpauth.
 *
 * Paired: the three take turns in short batches within one run, so that a busy machine slows all of them alike. What counts is
 * the ratio of the medians, not the microseconds. Each is given a base32 string, as an application keeps it.
 */
import { pathToFileURL } from 'node:url'
import { generateSecret, totp, verifyTotp } from '@sallyport/core/otp'
import { Secret, TOTP } from 'otpauth'
import { verifySync } from 'otplib'

const rounds = 300
const batch = 50
const at = 1_800_000_015_000
const secret = generateSecret()

const cases = {
  'right code': totp({ secret, at }),
  'code of the step before': totp({ secret, at: at - 30_000 }),
  'wrong code': wrongCode(),
}

function contestants(code: string): Record<string, () => boolean> {
  return {
    sallyport: () => verifyTotp({ secret, code, at, afterStep: null }) !== null,
    otplib: () => verifySync({ secret, token: code, epoch: at / 1000, epochTolerance: 30 }).valid,
    otpauth: () =>
      new TOTP({ secret: Secret.fromBase32(secret) }).validate({ token: code, timestamp: at, window: 1 }) !== null,
  }
}

export interface Comparison {
  name: string
  /** Medians in microseconds for each verification. */
  microseconds: Record<string, number>
}

export function compare(): Comparison[] {
  return Object.entries(cases).map(([name, code]) => {
    const running = Object.entries(contestants(code))
    const expected = name !== 'wrong code'
    for (const [who, verify] of running) if (verify() !== expected) throw new Error(`${who} judges the ${name} wrongly`)
    const samples = new Map(running.map(([who]) => [who, [] as number[]]))
    // A third of the rounds more, not counted, for the compiler to settle.
    for (let round = -rounds / 3; round < rounds; round++) {
      for (const [who, verify] of running) {
        const start = performance.now()
        for (let turn = 0; turn < batch; turn++) verify()
        if (round >= 0) samples.get(who)?.push(((performance.now() - start) / batch) * 1000)
      }
    }
    return { name, microseconds: Object.fromEntries([...samples].map(([who, times]) => [who, median(times)])) }
  })
}

function median(numbers: number[]): number {
  return numbers.sort((a, b) => a - b)[numbers.length >> 1] ?? Number.NaN
}

function wrongCode(): string {
  const near = [-1, 0, 1].map(step => totp({ secret, at: at + step * 30_000 }))
  return ['000000', '000001', '000002', '000003'].find(code => !near.includes(code)) ?? ''
}

if (import.meta.url === pathToFileURL(process.argv[1] ?? '').href) {
  for (const { name, microseconds } of compare()) {
    const ours = microseconds['sallyport'] ?? Number.NaN
    const shown = Object.entries(microseconds).map(
      ([who, time]) => `${who} ${time.toFixed(1)} µs (×${(time / ours).toFixed(1)})`,
    )
    console.log(`${name.padEnd(24)} ${shown.join('   ')}`)
  }
}

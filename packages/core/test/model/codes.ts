/** TOTP once more, by Node's own HMAC. */
import { createHmac } from 'node:crypto'

const alphabet = 'ABCDEFGHIJKLMNOPQRSTUVWXYZ234567'

function bytesOf(secret: string): Buffer {
  const bits = Array.from(secret, letter => alphabet.indexOf(letter).toString(2).padStart(5, '0')).join('')
  return Buffer.from((bits.match(/.{8}/g) ?? []).map(byte => Number.parseInt(byte, 2)))
}

/** RFC 6238 with SHA1, six digits and 30 s. */
export function codeAt(secret: string, step: number): string {
  const counter = Buffer.alloc(8)
  counter.writeBigUInt64BE(BigInt(step))
  const mac = createHmac('sha1', bytesOf(secret)).update(counter).digest()
  const offset = (mac[19] ?? 0) & 15
  return String((mac.readUInt32BE(offset) & 0x7fffffff) % 1_000_000).padStart(6, '0')
}

/** The steps of the window whose code this is, ascending. */
export function fittingSteps(secret: string, code: string, now: number, window: number): number[] {
  const current = Math.floor(now / 30_000)
  return Array.from({ length: 2 * window + 1 }, (_, at) => current - window + at).filter(
    step => codeAt(secret, step) === code,
  )
}

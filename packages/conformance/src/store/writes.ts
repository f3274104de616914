/** Keys, versions and bodies as core makes them, and those that a store might confuse. */
import type { Write } from '@sallyport/core'

/** The largest body that a store is asked to keep, in bytes. */
export const largestBody = 32 * 1024

/** A write whose parts a case may choose. */
export type Choice = Partial<Write>

/** A key as core makes them: 64 hex digits, and nobody else's. */
export function newKey(): string {
  return randomHex(32)
}

/** A version as core makes them: 32 hex digits, new for every attempt. */
export function newVersion(): string {
  return randomHex(16)
}

export function newWrite(choice: Choice = {}): Write {
  const version = choice.version ?? newVersion()
  return { version, body: bodyOf(version), expiresAt: null, summary: null, ...choice }
}

/**
 * A body that no other version has: it tells whether version and body on record belong together. It is plain ASCII, so that what
 * mangles bytes fails the cases that are about bytes, and no others.
 */
export function bodyOf(version: string, length = 48): Write['body'] {
  return Uint8Array.from({ length }, (_, index) => {
    const digit = version.charCodeAt(index % version.length)
    return 0x21 + ((digit + index * 7 + (index >> 5) * 11) % 0x5e)
  })
}

/** Eight lower-case letters and digits: the beginning of short keys that belong to one case alone. */
export function newToken(): string {
  const letters = 'abcdefghijklmnopqrstuvwxyz234567'
  return Array.from(crypto.getRandomValues(new Uint8Array(8)), byte => letters[byte & 31]).join('')
}

function randomHex(bytes: number): string {
  return Array.from(crypto.getRandomValues(new Uint8Array(bytes)), byte => byte.toString(16).padStart(2, '0')).join('')
}

/**
 * The one string that a record is in Redis: its version, a colon, and the body in base64. A string, since every client gives strings
 * back whole, in every protocol and through every HTTP bridge, and since one `SET` writes record and expiry at once.
 */
import type { Stored } from '@sallyport/core'

/** How many bytes become arguments of one call: there is a limit to those, and a body of 32 KiB could meet it. */
const chunk = 4096

/** @returns what {@link decodeRecord} reads */
export function encodeRecord({ version, body }: Stored): string {
  let bytes = ''
  for (let from = 0; from < body.length; from += chunk) {
    bytes += String.fromCharCode(...body.subarray(from, from + chunk))
  }
  return `${version}:${btoa(bytes)}`
}

/** @returns null where the string is none of ours */
export function decodeRecord(value: string): Stored | null {
  const [, version, base64] = /^([0-9a-f]{32}):([A-Za-z0-9+/]*={0,2})$/.exec(value) ?? []
  if (version === undefined || base64 === undefined || base64.length % 4 !== 0) return null
  return { version, body: Uint8Array.from(atob(base64), character => character.charCodeAt(0)) }
}

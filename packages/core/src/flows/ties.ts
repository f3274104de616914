/** What ties tokens to the request they were made in: binding and credential (R30, R34, R55). */
import { sha256 } from '@noble/hashes/sha2.js'
import { bytesToHex, utf8ToBytes } from '@noble/hashes/utils.js'
import type { Context } from './context.js'

/** The part of a token that names its request. */
export interface Ties {
  binding: string | null
  credential: string | null
}

/** The ties of this request. The token carries digests: it stays short, and shows no session id. */
export function tiesOf(context: Context): Ties {
  return { binding: digest(context.binding), credential: digest(context.credential) }
}

/** Whether a token was made in this request's session and under this password; given on one side only, it was not. */
export function holds(token: Ties, context: Context): boolean {
  const here = tiesOf(context)
  return token.binding === here.binding && token.credential === here.credential
}

function digest(value: string | undefined): string | null {
  return value === undefined ? null : bytesToHex(sha256(utf8ToBytes(value)))
}

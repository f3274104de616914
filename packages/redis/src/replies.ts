/** What clients give for what Redis said. */
import { failure } from './failures.js'

/**
 * The text of a reply, null for nil. Clients can be told to give integers as strings, or strings as bytes. Anything else would be
 * guessed at: a port that forgets to return gives undefined, which must not pass for "no second factor".
 */
export function textOf(reply: unknown): string | null {
  if (reply === null || typeof reply === 'string') return reply
  if (typeof reply === 'number' || typeof reply === 'bigint') return String(reply)
  if (reply instanceof Uint8Array) return new TextDecoder().decode(reply)
  throw failure(`the port gave ${nameOf(reply)}, where Redis gives a string, an integer or nil`)
}

function nameOf(reply: unknown): string {
  if (Array.isArray(reply)) return 'an array'
  return typeof reply === 'object' ? 'an object' : typeof reply === 'undefined' ? 'undefined' : `a ${typeof reply}`
}

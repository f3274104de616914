/** What a browser filled, judged before any I/O: a refusal, never a crash (R6, R45). */
import { refusal, usageError } from '../errors.js'
import { normalizeCode } from '../otp/totp.js'
import type { Answer, Input } from '../outcomes.js'
import type { JudgedAnswer } from '../subject/answers.js'
import { normalizeRecoveryCode } from '../subject/recovery-codes.js'
import { bytesKept } from '../usage.js'

const longestCode = 64
const longestName = 64
/** Of a name as a record keeps it: fifty of them have to fit (R53). */
const mostBytesOfName = 128
// Control, format and surrogate characters have no place in a name that is shown to people; the joiners of scripts and emoji have.
const unfitForNames = /[\p{Cc}\p{Cs}\p{Zl}\p{Zp}]|(?!\u200C|\u200D)\p{Cf}/u

/**
 * @param channels the ids of those that a code may have been sent by; none where an answer stands for itself
 * @throws Refusal `method_unavailable` for a method that there is not, `invalid_code` for a code of the wrong form
 */
export function judgeAnswer(answer: Answer, channels: readonly string[] = []): JudgedAnswer {
  requireObject(answer, 'answer')
  const { method, code } = answer
  if (method === 'totp') return { method, code: judgeDigits(code) }
  if (typeof method === 'string' && channels.includes(method)) return { method, code: judgeDigits(code) }
  if (method !== 'recovery_code') throw refusal('method_unavailable')
  const canonical = typeof code === 'string' && code.length <= longestCode ? normalizeRecoveryCode(code) : null
  if (canonical === null) throw refusal('invalid_code')
  return { method, code: canonical }
}

/** @throws Refusal `invalid_code` for what is not 6 to 8 digits, spaces and dashes apart */
export function judgeDigits(code: Input): string {
  const digits = normalizeCode(code)
  if (digits === null) throw refusal('invalid_code')
  return digits
}

/** What the person calls something; `unnamed` where nothing was typed. @throws Refusal `invalid_input` (field `name`) */
export function judgeName(name: Input, unnamed: string): string {
  if (name === undefined || name === null) return unnamed
  if (typeof name !== 'string' || name.length > 4 * longestName) throw refusal('invalid_input', { field: 'name' })
  const trimmed = name.trim()
  if (trimmed === '') return unnamed
  const tooLong = trimmed.length > longestName || bytesKept(trimmed) > mostBytesOfName
  if (tooLong || unfitForNames.test(trimmed)) throw refusal('invalid_input', { field: 'name' })
  return trimmed
}

/** An id as this library makes them; what cannot be one is not found. */
export function judgeId(id: Input): string {
  if (typeof id !== 'string' || !/^[0-9a-f]{32}$/.test(id)) throw refusal('not_found')
  return id
}

/** The container is the programmer's: what is inside may be the browser's. */
export function requireObject(value: unknown, argument: string): asserts value is object {
  if (typeof value !== 'object' || value === null) throw usageError(argument, 'must be an object')
}

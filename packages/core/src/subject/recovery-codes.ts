/** Single-use recovery codes of 120 bits, kept as HMAC-SHA-256 under a random key per set (R18–R22). */
import { hmac } from '@noble/hashes/hmac.js'
import { sha256 } from '@noble/hashes/sha2.js'
import { utf8ToBytes } from '@noble/hashes/utils.js'
import { base32crockford, base64urlnopad } from '@scure/base'
import { equal } from './equal.js'
import type { RecoveryCodeSet, SubjectState } from './state.js'

/** Codes in a set. */
export const recoveryCodeCount = 10
/** Random bytes in a code: 120 bits, over the 112 from which no slow hash is due (SP 800-63B-4, ASVS 6.5.2). */
export const recoveryCodeBytes = 15
/** Random bytes in the key of a set. */
export const recoveryKeyBytes = 32

const symbols = 24
const group = 6
// Before the case is changed: upper case makes ASCII of some letters that are none.
const typed = /^[0-9A-Za-z]{24}$/
const written = /^[0-9A-HJKMNP-TV-Z]{24}$/

/** What a new set is made of: drawn by the shell, since nothing here is random. */
export interface RecoveryMaterial {
  key: Uint8Array
  codes: readonly Uint8Array[]
}

/** A new set: what goes on record, and the codes in their written form, shown once. */
export function newRecoveryCodes(
  material: RecoveryMaterial,
  now: number,
): { set: RecoveryCodeSet; written: readonly string[] } {
  const canonical = material.codes.map(code => base32crockford.encode(code))
  const codes = canonical.map(code => ({ hash: hashCode(material.key, code), usedAt: null }))
  return {
    set: { key: base64urlnopad.encode(material.key), codes, createdAt: now },
    written: canonical.map(writtenForm),
  }
}

/**
 * A recovery code as a person may type it (any case, spaces and dashes anywhere, O for 0, I and L for 1), in its canonical form;
 * null where it cannot be one.
 */
export function normalizeRecoveryCode(input: string): string | null {
  const code = input.replace(/[\s-]/g, '')
  if (!typed.test(code)) return null
  const canonical = code.toUpperCase().replaceAll('O', '0').replace(/[IL]/g, '1')
  return written.test(canonical) ? canonical : null
}

/** How many are left; null where there is no set. */
export function recoveryCodesLeft(state: SubjectState): number | null {
  return state.recoveryCodes === null ? null : state.recoveryCodes.codes.filter(code => code.usedAt === null).length
}

/**
 * Uses a code up. Every code of the set is compared, used ones too, whatever is found (R22).
 *
 * @param code in its canonical form
 * @returns the set without it, or why not
 */
export function spendRecoveryCode(
  set: RecoveryCodeSet,
  code: string,
  now: number,
): { found: 'unused'; set: RecoveryCodeSet } | { found: 'used' | 'none' } {
  const hash = hashCode(base64urlnopad.decode(set.key), code)
  let position = -1
  set.codes.forEach((known, index) => {
    if (equal(known.hash, hash)) position = index
  })
  const known = set.codes[position]
  if (known === undefined) return { found: 'none' }
  if (known.usedAt !== null) return { found: 'used' }
  return { found: 'unused', set: { ...set, codes: set.codes.with(position, { ...known, usedAt: now }) } }
}

function hashCode(key: Uint8Array, code: string): string {
  return base64urlnopad.encode(hmac(sha256, key, utf8ToBytes(code)))
}

function writtenForm(code: string): string {
  const groups: string[] = []
  for (let start = 0; start < symbols; start += group) groups.push(code.slice(start, start + group))
  return groups.join('-')
}

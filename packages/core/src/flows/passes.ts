/** The pass: the only thing that may start a session (R35). */

import type { Method, Passed, Token, Warning } from '../outcomes.js'
import { fewRecoveryCodes } from '../subject/answers.js'
import { recoveryCodesLeft } from '../subject/recovery-codes.js'
import { hasFactor, type SubjectState } from '../subject/state.js'

/**
 * Authentication method references (RFC 8176) of a method: a recovery code has no name of its own there. A sent code goes by the name of
 * its channel and not by `otp`, so that whoever reads them can tell the weaker from the stronger (R27); `sms` is registered, `email` not.
 */
export function methodReferences(method: Method): readonly string[] {
  if (method === 'recovery_code') return ['mfa']
  return [method === 'totp' ? 'otp' : method, 'mfa']
}

/** The pass of a subject whose state is now so. */
export function passed(
  subject: string,
  state: SubjectState,
  because: Passed['because'],
  method: Method | null,
  trustedDevice: Token | null = null,
): Passed {
  const left = recoveryCodesLeft(state)
  const warnings: Warning[] = []
  if (hasFactor(state)) {
    if (left === null || left === 0) warnings.push('no_recovery_codes')
    else if (left <= fewRecoveryCodes) warnings.push('recovery_codes_low')
  }
  const amr = method === null ? [] : methodReferences(method)
  return { subject, because, method, amr, enrollBy: null, recoveryCodesLeft: left, warnings, trustedDevice }
}

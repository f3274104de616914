/** What a person answers with here. */
export type AnswerMethod = 'totp' | 'recovery_code'

/** The method that a link or a form names; the authenticator app where it names none. */
export function methodOf(value: unknown): AnswerMethod {
  return value === 'recovery_code' ? 'recovery_code' : 'totp'
}

/** What a person answers with here. */
export const channelIds = ['email', 'sms'] as const

export type ChannelId = (typeof channelIds)[number]
export type AnswerMethod = 'totp' | ChannelId | 'recovery_code'

/** What the codes of a method are called in a sentence. */
export const codesOf: Record<AnswerMethod, string> = {
  totp: 'codes from your app',
  email: 'codes by email',
  sms: 'codes by text message',
  recovery_code: 'recovery codes',
}

export function isChannelId(value: unknown): value is ChannelId {
  return channelIds.some(id => id === value)
}

/** The method that a link or a form names; the authenticator app where it names none. */
export function methodOf(value: unknown): AnswerMethod {
  return value === 'recovery_code' || isChannelId(value) ? value : 'totp'
}

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

/** What admins answer with: nothing that a mailbox or a phone number gives away. */
export type StrongMethod = 'totp' | 'recovery_code'

export function strongMethodOf(value: unknown): StrongMethod {
  return value === 'recovery_code' ? value : 'totp'
}

/** The method that a link or a form names; the authenticator app where it names none. */
export function methodOf(value: unknown): AnswerMethod {
  return value === 'recovery_code' || isChannelId(value) ? value : 'totp'
}

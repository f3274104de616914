/** The form that asks for a code: what a session keeps of a challenge, and what its page shows. */
import type { Challenge, SentCode } from '@sallyport/core'
import { type AnswerMethod, isChannelId, methodOf } from './methods.js'

/** A challenge that waits for its answer, as the session keeps it. */
export interface Asked {
  challenge: string
  methods: Challenge['methods']
  /** The codes that were sent for it, by method. */
  sent?: Record<string, Sending>
}

/** A code that is on its way. Sessions are kept as JSON, which has no dates: ms. */
export interface Sending {
  hint: string
  expiresAt: number
  resendAt: number
}

export function sendingOf({ hint, expiresAt, resendAt }: SentCode): Sending {
  return { hint, expiresAt: expiresAt.getTime(), resendAt: resendAt.getTime() }
}

/** What a page says of a code that is on its way. */
export interface SendingShown {
  hint: string
  /** Seconds for which it is good still. */
  goodFor: number
  /** Seconds until a resend is taken. */
  resendIn: number
}

export function showSending({ hint, expiresAt, resendAt }: Sending, now: number): SendingShown {
  const secondsUntil = (moment: number) => Math.max(0, Math.ceil((moment - now) / 1000))
  return { hint, goodFor: secondsUntil(expiresAt), resendIn: secondsUntil(resendAt) }
}

export interface CodeForm {
  /** What it asks for; null where nothing can be answered with. */
  method: AnswerMethod | null
  /** What a person may see of the address that its codes go to. */
  hint: string | null
  /** Null where no code was sent yet. */
  sending: SendingShown | null
  /** What else can be answered with; `sent`: a code is on its way already. */
  ways: readonly { method: AnswerMethod; hint: string | null; sent: boolean }[]
}

/**
 * @param chosen the method that the person chose; the best one where it is none that can be answered with
 * @param now ms
 */
export function codeForm(
  { methods, sent = {} }: Pick<Asked, 'methods' | 'sent'>,
  chosen: unknown,
  now: number,
): CodeForm {
  const shown = methods.find(({ method }) => method === chosen) ?? methods[0]
  const sendingBy = (method: string) => (isChannelId(method) ? sent[method] : undefined)
  const sending = shown && sendingBy(shown.method)
  return {
    method: shown === undefined ? null : methodOf(shown.method),
    hint: shown?.hint ?? null,
    sending: sending === undefined ? null : showSending(sending, now),
    ways: methods
      .filter(other => other !== shown)
      .map(({ method, hint }) => ({ method: methodOf(method), hint, sent: sendingBy(method) !== undefined })),
  }
}

/** What Sallyport refuses, said to the person at the browser. */
import type { Refusal, RefusalCode } from '@sallyport/core'
import { type AnswerMethod, type ChannelId, codesOf } from './methods.js'

/**
 * What is refused: a code, the first code of an authenticator that is being set up, an address that is being added, a network of one's own
 * list, or, at the gate, a person who has no way left to answer.
 */
export type About = AnswerMethod | 'setup' | `new_${ChannelId}` | 'network' | 'gate'

type Sentence = (wait: string | null, field: Refusal['field']) => string

/**
 * One sentence or two per refusal; the type makes sure that none is missing. `wait` is a time in words, or null; `field` what was not
 * filled in as it should be.
 */
const sentences: Record<RefusalCode, Sentence> = {
  ...aboutCodes(
    codesOf.totp,
    'That code is not right, or it was used already. If you just used it, wait for the next one.',
  ),
  invalid_input: () => 'Something in this form does not look right. A name can have up to 64 characters.',
  challenge_expired: () => 'That took a little too long, or it was finished in another tab. Please start again.',
  enrollment_expired: () =>
    'This QR code is no longer valid: it was used already, or it took too long. Please start again.',
  method_unavailable: () => 'You cannot use that kind of code here. Choose another.',
  address_not_allowed: () =>
    'You cannot log in from this network. Try again from one that you may log in from, or ask an admin.',
  send_too_soon: wait => `You asked for a code a moment ago. You can ask again in ${wait ?? 'a minute'}.`,
  send_limit: wait => `We cannot send more codes for now. Use another way, or try again in ${wait ?? 'a while'}.`,
  delivery_failed: () => 'We could not deliver the code. Use another way, or try again in a minute.',
  proof_required: () => 'Please confirm with a code first.',
  permit_required: () =>
    'An admin has reset your two-factor authentication. Open the link that the admin gave you, or paste its permit here.',
  not_enrolled: () => 'This needs two-factor authentication, which is off for your account. Turn it on first.',
  not_found: () => 'That is not there any more. It may have been changed in another tab.',
  would_lock_out: () =>
    'This is the last thing that you can log in with. To go without one, turn two-factor authentication off.',
  limit_reached: () => 'You have as many of these as there can be. Remove one first.',
  busy: () => 'A lot happened at once, and nothing was accepted. Please try again.',
  outcome_unknown: () =>
    'We could not find out whether that worked, and the code may be used up. Check your profile, then try again with a new code.',
}

const wrongSentCode = 'That code is not right, or it is no longer good. Take it from the newest message.'

/** Where it matters what was asked for. */
const otherSentences: Record<Exclude<About, 'totp'>, Partial<typeof sentences>> = {
  email: aboutCodes(codesOf.email, wrongSentCode),
  sms: aboutCodes(codesOf.sms, wrongSentCode),
  recovery_code: {
    invalid_code: () => 'That code is not right, or it was used already. Take another one from your list.',
  },
  gate: {
    not_enrolled: () =>
      'Your account needs two-factor authentication, and you have not set it up. Ask an admin for a link to do that.',
    locked: wait =>
      `There were too many wrong codes, and you have no recovery codes left. Wait ${wait ?? 'a while'}, or ask an admin to unlock your account.`,
    suspended: () =>
      'There were far too many wrong codes, and you have no recovery codes left. Ask an admin to unlock your account.',
    method_unavailable: () => 'There is no way to send you a code just now. Try again later, or ask an admin for help.',
  },
  network: {
    limit_reached: () => 'That network is on your list already, or there are as many as there can be.',
    not_found: () => 'That network is not on your list any more.',
    invalid_input: (_wait, field) =>
      field === 'name'
        ? 'A name can have up to 64 characters.'
        : 'That is no address or network, or one that is too wide. Write an address, such as 203.0.113.7, or a network of /24 at most, such as 203.0.113.0/24; for IPv6 of /48.',
  },
  setup: aboutFirstCodes(
    'That code is not right. Take the one that the app shows now, and see that the phone sets its clock by itself.',
    wait => `setting up an authenticator is locked for ${wait}. Then start again with a new QR code.`,
  ),
  new_email: {
    ...aboutNewAddresses(),
    invalid_input: () => 'That is no email address that we can send to. Check it for typing errors.',
  },
  new_sms: {
    ...aboutNewAddresses(),
    invalid_input: () =>
      'That is no phone number that we can send to. Write it with the country code, such as +1 202 555 0142.',
  },
}

function aboutCodes(codes: string, wrong: string): Record<'invalid_code' | 'locked' | 'suspended', Sentence> {
  return {
    invalid_code: wait =>
      wait === null
        ? wrong
        : `That code is not right. There were too many wrong ones: ${codes} are locked for ${wait}.`,
    locked: wait => `There were too many wrong codes, so ${codes} are locked for ${wait ?? 'a while'}.`,
    suspended: () =>
      `There were far too many wrong codes, so ${codes} are switched off. Use a recovery code, or ask an admin to unlock your account.`,
  }
}

function aboutFirstCodes(wrong: string, locked: (wait: string) => string): Partial<typeof sentences> {
  return {
    invalid_code: wait => (wait === null ? wrong : `There were too many wrong first codes, so ${locked(wait)}`),
    locked: wait => `There were too many wrong first codes, so ${locked(wait ?? 'a while')}`,
    suspended: () =>
      'There were far too many wrong first codes, so setting up is switched off. Ask an admin to unlock it.',
  }
}

function aboutNewAddresses(): Partial<typeof sentences> {
  return {
    ...aboutFirstCodes(wrongSentCode, wait => `adding an address is locked for ${wait}.`),
    enrollment_expired: () => 'That took too long, or something else was changed in the meantime. Please start again.',
    delivery_failed: () => 'We could not deliver a code there. Check what you typed, then try again.',
    send_limit: wait => `We cannot send more codes there for now. Try again in ${wait ?? 'a while'}.`,
  }
}

/** The refusal in words. */
export function inWords(refusal: Refusal, about: About = 'totp'): string {
  const sentence = (about !== 'totp' && otherSentences[about][refusal.code]) || sentences[refusal.code]
  return sentence(refusal.retryAfter === null ? null : waitInWords(refusal.retryAfter), refusal.field)
}

/** A time to wait, in words; never shorter than it is. */
export function waitInWords(seconds: number): string {
  if (seconds < 60) return plural(Math.max(1, Math.ceil(seconds)), 'second')
  const minutes = Math.ceil(seconds / 60)
  if (minutes < 60) return plural(minutes, 'minute')
  const hours = Math.floor(minutes / 60)
  const rest = minutes % 60
  return rest === 0 ? plural(hours, 'hour') : `${plural(hours, 'hour')} and ${plural(rest, 'minute')}`
}

function plural(count: number, unit: string): string {
  return `${count} ${unit}${count === 1 ? '' : 's'}`
}

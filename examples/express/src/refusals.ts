/** What Sallyport refuses, said to the person at the browser. */
import type { Refusal, RefusalCode } from '@sallyport/core'

/** One sentence or two per refusal; the type makes sure that none is missing. `wait` is a time in words, or null. */
const sentences: Record<RefusalCode, (wait: string | null) => string> = {
  invalid_code: wait =>
    wait === null
      ? 'That code is not right, or it was used already. Check it and try again.'
      : `That code is not right. There were too many wrong ones: codes from your app are locked for ${wait}.`,
  invalid_input: () => 'Something in this form does not look right. A name can have up to 64 characters.',
  locked: wait => `There were too many wrong codes, so codes from your app are locked for ${wait ?? 'a while'}.`,
  suspended: () =>
    'There were far too many wrong codes, so codes from your app are switched off. Use a recovery code, or ask the operator to unlock your account.',
  challenge_expired: () => 'That took a little too long, or it was finished in another tab. Please start again.',
  enrollment_expired: () =>
    'This QR code is no longer valid: it was used already, or it took too long. Please start again.',
  method_unavailable: () => 'You cannot use that kind of code here. Choose another.',
  address_not_allowed: () => 'Signing in from this network is not allowed.',
  send_too_soon: wait => `We sent you a code a moment ago. You can ask for another in ${wait ?? 'a minute'}.`,
  send_limit: wait => `We cannot send more codes for now. Try again in ${wait ?? 'a while'}.`,
  delivery_failed: () => 'We could not deliver the code. Try again, or use another way.',
  proof_required: () => 'Please confirm with a code first.',
  permit_required: () =>
    'An operator has reset your two-factor authentication. To sign in you need the one-time permit that the operator gave you.',
  not_enrolled: () => 'This needs two-factor authentication, which is off for your account. Turn it on first.',
  not_found: () => 'That is not there any more. It may have been changed in another tab.',
  would_lock_out: () => 'This is your last authenticator. To go without one, turn two-factor authentication off.',
  limit_reached: () => 'You have as many of these as there can be. Remove one first.',
  busy: () => 'A lot happened at once, and nothing was accepted. Please try again.',
  outcome_unknown: () =>
    'We could not find out whether that worked, and the code may be used up. Check your profile, then try again with a new code.',
}

/** The refusal in words. */
export function inWords(refusal: Refusal): string {
  return sentences[refusal.code](refusal.retryAfter === null ? null : waitInWords(refusal.retryAfter))
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

/** Mail about the second factor, for the account's owner: what they did not do themselves, somebody else did. */
import type { TwoFactorEvent } from '@sallyport/core'
import type { Accounts } from './accounts.js'
import type { Mail } from './mail.js'

// #region words
interface Notice {
  subject: string
  text: string
}

const notYou = 'If it was not you, somebody can get into your account: change your password now.'

/** What to mail because of an event; null: nothing. */
export function noticeOf(event: TwoFactorEvent): Notice | null {
  switch (event.type) {
    case 'failed':
      // The one that matters most: nobody comes to the code without the password.
      if (event.purpose !== 'login') return null
      return {
        subject: 'Somebody may have your password',
        text: 'Your password was entered, and then a wrong code. If you mistyped it, all is well. If it was not you, somebody has your password: change it now.',
      }
    case 'locked':
      return {
        subject: 'Too many wrong codes',
        text: `So for a while codes of that kind are not taken at all. ${notYou}`,
      }
    case 'suspended':
      return {
        subject: 'Far too many wrong codes',
        text: `So codes of that kind are switched off, until you give a right code of another kind or ask us to unlock them. ${notYou}`,
      }
    case 'enrolled':
      return { subject: 'An authenticator was added', text: `It can give codes for your account. ${notYou}` }
    case 'removed':
      return { subject: 'An authenticator was removed', text: `Its codes work no longer. ${notYou}` }
    case 'destination_added':
      return { subject: `${address(event.channel)} was added`, text: `Codes can be sent there. ${notYou}` }
    case 'destination_removed':
      return { subject: `${address(event.channel)} was removed`, text: `No codes are sent there any more. ${notYou}` }
    case 'recovery_code_used':
      return {
        subject: 'A recovery code was used',
        text: `${event.left} ${event.left === 1 ? 'is' : 'are'} left.${event.left <= 2 ? ' Make new ones in your profile.' : ''} ${notYou}`,
      }
    case 'recovery_codes_regenerated':
      return { subject: 'New recovery codes were made', text: `The old ones work no longer. ${notYou}` }
    case 'allowlist_changed':
      return {
        subject: 'Your list of networks was changed',
        text: `It says from where your account is opened, or opened without a code. ${notYou}`,
      }
    case 'device_trusted':
      return { subject: 'A browser is remembered', text: `For a while it is not asked for a code. ${notYou}` }
    case 'denied':
      return {
        subject: 'Somebody may have your password',
        text: `Your password was entered in a network that you cannot log in from (${event.network}). If it was not you, somebody has your password: change it now.`,
      }
    case 'disabled':
      return {
        subject: 'Two-factor authentication was turned off',
        text: `All authenticators, addresses for codes and recovery codes were removed. ${notYou}`,
      }
    case 'reset':
      return {
        subject: 'Two-factor authentication was reset',
        text: `An admin took all factors off your account: ${event.reason}. If you did not ask for it, tell us.`,
      }
    case 'allowlist_cleared':
      return {
        subject: 'Your list of networks was emptied',
        text: `An admin did it: ${event.reason}. If you did not ask for it, tell us.`,
      }
    case 'unlocked':
      return {
        subject: 'A lock was lifted',
        text: `Codes can be tried again. An admin did it: ${event.reason}. If you did not ask for it, tell us.`,
      }
    case 'imported':
      return { subject: 'Two-factor authentication was turned on', text: 'It was taken over from our old system.' }
    case 'device_revoked':
    case 'verified':
    case 'replay_detected': // comes with `failed`
    case 'recovery_codes_low': // comes with `recovery_code_used`
    case 'code_sent':
    case 'delivery_failed':
    case 'forgotten':
      return null
  }
}
// #endregion words

function address(channel: string): string {
  return channel === 'sms' ? 'A phone number for codes' : 'An email address for codes'
}

export interface NoticeSettings {
  accounts: Pick<Accounts, 'find'>
  mail: { transport: Pick<Mail['transport'], 'sendMail'>; from: string }
  /** ms that one mail may take. */
  patience?: number
}

export type Notices = ReturnType<typeof makeNotices>

// #region queue
/** Beyond this, mail is dropped and said to be: a mail server that is away for long must not fill the memory. */
const mostWaiting = 1000
/** Of one person's: nobody is to crowd out what others have to know, nor to fill a stranger's mailbox. */
const mostWaitingOfOne = 20
/**
 * ms in which a person is told once of wrong codes, and once of networks that were refused: a guesser gives five codes before there is a
 * lock, and nothing ever locks out who has the password and is in the wrong place.
 */
const quiet = 60 * 60_000

export function makeNotices({ accounts, mail: { transport, from }, patience = 15_000 }: NoticeSettings) {
  const toldLately = new Map<string, number>()
  const waitingOf = new Map<string, number>()
  let waiting = 0
  let last = Promise.resolve()
  let closed = false

  /** Puts a mail into the queue, and returns at once: whoever logs in does not wait for a mail server. */
  function tell(event: TwoFactorEvent): void {
    const notice = noticeOf(event)
    if (notice === null || closed) return
    const { subject } = event
    const ofThisOne = waitingOf.get(subject) ?? 0
    if (waiting === mostWaiting || ofThisOne === mostWaitingOfOne) {
      complain(event, 'too many are waiting')
      return
    }
    if (isRepeated(event)) return
    waiting += 1
    waitingOf.set(subject, ofThisOne + 1)
    last = last
      .then(() => inTime(send(subject, notice), patience))
      .catch(error => {
        complain(event, error?.code ?? 'it failed')
        // What was not told is told the next time.
        toldLately.delete(onceOf(event))
      })
      .finally(() => {
        waiting -= 1
        const left = (waitingOf.get(subject) ?? 1) - 1
        if (left === 0) waitingOf.delete(subject)
        else waitingOf.set(subject, left)
      })
  }

  async function send(userId: string, { subject, text }: Notice): Promise<void> {
    const user = await accounts.find(userId)
    if (user !== null) await transport.sendMail({ from, to: { name: '', address: user.email }, subject, text })
  }

  const onceOf = ({ type, subject }: TwoFactorEvent) => `${type} ${subject}`

  function isRepeated(event: TwoFactorEvent): boolean {
    if (event.type !== 'failed' && event.type !== 'denied') return false
    const at = event.at.getTime()
    for (const [told, time] of toldLately) if (time <= at - quiet) toldLately.delete(told)
    if (toldLately.has(onceOf(event))) return true
    toldLately.set(onceOf(event), at)
    return false
  }

  /** What a mail server says may quote the address: a log gets the code of the error and no more. */
  function complain({ type, subject }: TwoFactorEvent, why: string): void {
    console.error(`A notice of ${type} was not mailed to user ${subject}: ${why}`)
  }

  return {
    tell,
    /** Resolves when all that waits now is mailed, or has failed. */
    idle: (): Promise<void> => last,
    /** Resolves when all that waits is mailed, or when `grace` ms are over: what is not mailed then is lost. */
    async close(grace = 3_000): Promise<void> {
      closed = true
      await inTime(last, grace).catch(() => {})
    },
  }
}
// #endregion queue

/** Rejects where it takes longer. */
async function inTime(work: Promise<void>, ms: number): Promise<void> {
  let timer: NodeJS.Timeout | undefined
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(Object.assign(new Error('late'), { code: 'it took too long' })), ms)
  })
  try {
    await Promise.race([work, late])
  } finally {
    clearTimeout(timer)
  }
}

/** What happened to each user's second factor, for the user to see; what matters most is mailed as well, by `notices.ts`. */
import type { TwoFactorEvent } from '@sallyport/core'
import type { Accounts } from './accounts.js'
import { codesOf, isChannelId } from './methods.js'

export interface Entry {
  at: Date
  text: string
  alarming: boolean
  /** In a row. */
  times: number
}

const kept = 8

export type Activity = ReturnType<typeof makeActivity>

export function makeActivity(accounts: Accounts) {
  const bySubject = new Map<string, Entry[]>()

  /** A code that was used already is told as `failed` first: one line for both is enough. */
  function takeBackFailure(replay: Extract<TwoFactorEvent, { purpose: string }>): void {
    const { text } = describe({ ...replay, type: 'failed' })
    const entries = bySubject.get(replay.subject) ?? []
    const failure = entries.find(entry => entry.text === text && entry.at.getTime() === replay.at.getTime())
    if (failure === undefined) return
    failure.times -= 1
    bySubject.set(
      replay.subject,
      entries.filter(entry => entry.times > 0),
    )
  }

  return {
    async record(event: TwoFactorEvent): Promise<void> {
      if (event.type === 'replay_detected') takeBackFailure(event)
      const admin = 'by' in event ? ((await accounts.find(event.by))?.email ?? event.by) : ''
      const entry = { at: event.at, ...describe(event, admin), times: 1 }
      const earlier = bySubject.get(event.subject) ?? []
      const again = earlier[0]?.text === entry.text
      if (again) entry.times += earlier[0]?.times ?? 0
      bySubject.set(event.subject, [entry, ...earlier.slice(again ? 1 : 0)].slice(0, kept))
    },
    /** The newest first. */
    of: (subject: string): readonly Entry[] => bySubject.get(subject) ?? [],
  }
}

/** @param admin the address of who did it, where an admin did */
function describe(event: TwoFactorEvent, admin = ''): { text: string; alarming: boolean } {
  const calm = (text: string) => ({ text, alarming: false })
  const alarm = (text: string) => ({ text, alarming: true })
  switch (event.type) {
    case 'enrolled':
      return calm('An authenticator was added.')
    case 'removed':
      return calm('An authenticator was removed.')
    case 'destination_added':
      return calm(`${address(event.channel)} was added, for codes.`)
    case 'destination_removed':
      return calm(`${address(event.channel)} was removed.`)
    case 'code_sent':
      return calm(`A code was sent ${by(event.channel)}.`)
    case 'delivery_failed':
      return calm(`A code could not be sent ${by(event.channel)}.`)
    case 'verified':
      return calm(`${event.purpose === 'login' ? 'Logged in' : 'Confirmed'} with ${one(event.method)}.`)
    case 'failed':
      if (event.purpose === 'login') return alarm(`Your password was right, but ${one(event.method)} was wrong.`)
      if (event.purpose === 'enrollment') return alarm(`A wrong code was entered while ${added(event.method)}.`)
      return alarm('A wrong code was entered while you were logged in.')
    case 'replay_detected':
      return alarm(
        event.purpose === 'login'
          ? 'Your password was right, but the code had been used already.'
          : 'A code that was used already was entered again.',
      )
    case 'locked':
      if (event.purpose === 'enrollment')
        return alarm('Setting up is locked for a while, after too many wrong first codes.')
      return alarm(`${codes(event.method)} are locked for a while, after too many wrong ones.`)
    case 'suspended':
      return alarm(`${codes(event.method)} are switched off, after far too many wrong ones.`)
    case 'recovery_code_used':
      return calm(`A recovery code was used. ${event.left} left.`)
    case 'recovery_codes_low':
      return alarm(`Only ${event.left} recovery ${event.left === 1 ? 'code' : 'codes'} left.`)
    case 'recovery_codes_regenerated':
      return calm('New recovery codes were made. The old ones no longer work.')
    case 'device_trusted':
      return calm('A browser is remembered: for a while it is not asked for a code.')
    case 'device_revoked':
      return calm('A browser was forgotten: it is asked for a code again.')
    case 'allowlist_changed':
      return calm('Your list of networks was changed.')
    case 'denied':
      return alarm(`Your password was right, but you cannot log in from that network (${event.network}).`)
    case 'disabled':
      return alarm('Two-factor authentication was turned off.')
    case 'reset':
      return alarm(`An admin (${admin}) reset two-factor authentication: ${event.reason}`)
    case 'allowlist_cleared':
      return calm(`An admin (${admin}) emptied your list of networks: ${event.reason}`)
    case 'unlocked':
      return calm(`An admin (${admin}) lifted a lock: ${event.reason}`)
    case 'imported':
      return calm('Two-factor authentication was taken over from another system.')
    case 'forgotten':
      return calm('Two-factor data was deleted.')
  }
}

function one(method: string): string {
  if (method === 'recovery_code') return 'a recovery code'
  return isChannelId(method) ? `a code ${by(method)}` : 'a code from your authenticator'
}

/** `Codes from your app`, at the beginning of a sentence. */
function codes(method: string): string {
  return isChannelId(method) ? `Codes ${by(method)}` : `C${codesOf.totp.slice(1)}`
}

function by(channel: string): string {
  return channel === 'sms' ? 'by text message' : 'by email'
}

function address(channel: string): string {
  return channel === 'sms' ? 'A phone number' : 'An email address'
}

function added(method: string): string {
  return isChannelId(method) ? 'an address was being confirmed' : 'an authenticator was being set up'
}

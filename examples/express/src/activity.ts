/** What happened to each user's second factor, for the user to see: a real application would also write an email. */
import type { TwoFactorEvent } from '@sallyport/core'
import type { Accounts } from './accounts.js'

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
      const operator = 'by' in event ? ((await accounts.find(event.by))?.email ?? event.by) : ''
      const entry = { at: event.at, ...describe(event, operator), times: 1 }
      const earlier = bySubject.get(event.subject) ?? []
      const again = earlier[0]?.text === entry.text
      if (again) entry.times += earlier[0]?.times ?? 0
      bySubject.set(event.subject, [entry, ...earlier.slice(again ? 1 : 0)].slice(0, kept))
    },
    /** The newest first. */
    of: (subject: string): readonly Entry[] => bySubject.get(subject) ?? [],
  }
}

/** @param operator the address of who did it, where an operator did */
function describe(event: TwoFactorEvent, operator = ''): { text: string; alarming: boolean } {
  const calm = (text: string) => ({ text, alarming: false })
  const alarm = (text: string) => ({ text, alarming: true })
  switch (event.type) {
    case 'enrolled':
      return calm('An authenticator was added.')
    case 'removed':
      return calm('An authenticator was removed.')
    case 'verified':
      return calm(`${event.purpose === 'login' ? 'Logged in' : 'Confirmed'} with ${one(event.method)}.`)
    case 'failed':
      if (event.purpose === 'login') return alarm(`Your password was right, but ${one(event.method)} was wrong.`)
      if (event.purpose === 'enrollment') return alarm('A wrong first code was entered for a new authenticator.')
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
      return alarm('Codes from your authenticators are locked for a while, after too many wrong ones.')
    case 'suspended':
      return alarm('Codes from your authenticators are switched off, after far too many wrong ones.')
    case 'recovery_code_used':
      return calm(`A recovery code was used. ${event.left} left.`)
    case 'recovery_codes_low':
      return alarm(`Only ${event.left} recovery ${event.left === 1 ? 'code' : 'codes'} left.`)
    case 'recovery_codes_regenerated':
      return calm('New recovery codes were made. The old ones no longer work.')
    case 'disabled':
      return alarm('Two-factor authentication was turned off.')
    case 'reset':
      return alarm(`An operator (${operator}) reset two-factor authentication: ${event.reason}`)
    case 'unlocked':
      return calm(`An operator (${operator}) lifted a lock: ${event.reason}`)
    case 'imported':
      return calm('An authenticator was taken over from another system.')
    case 'forgotten':
      return calm('Two-factor data was deleted.')
  }
}

function one(method: string): string {
  return method === 'recovery_code' ? 'a recovery code' : 'a code from your authenticator'
}

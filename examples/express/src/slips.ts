/** What is shown just after it was made, and never again: recovery codes, a permit, the API key. */
import type { Request } from 'express'
import { isGoing } from './sessions.js'
import { signedInUser } from './signed-in.js'

export interface Slips {
  /**
   * `codes`: null for a session that has not earned them, see {@link SlipBox.claim}. `enrollment`: the token of the enrolment whose
   * confirmation made them; null for a set that was made anew.
   */
  recoveryCodes: { codes: readonly string[] | null; enrollment: string | null }
  permit: { email: string; token: string; expiresAt: Date }
  apiKey: { key: string }
}

interface Slip {
  content: Slips[keyof Slips]
  /** The session that earned it. */
  sessionID: string
  until: number
}

export type SlipBox = ReturnType<typeof makeSlipBox>

export const slipMinutes = 10

/**
 * Keeps a slip for the session that earned it, so that a POST can answer with a redirect and a refresh shows the same once more:
 * until the person says that it is saved, or for ten minutes, or until that session ends. Beside the session and not in it: two requests
 * at once write their sessions over each other. A real application keeps them where all its processes look, sealed and with a time to live.
 */
export function makeSlipBox(clock: () => number) {
  const slips = new Map<string, Slip>()

  // Recovery codes can be found by the person in another session: a browser may lose the one that earned them before it has shown them.
  function place(req: Request, kind: keyof Slips): string {
    return `${kind} ${kind === 'recoveryCodes' ? signedInUser(req).id : req.sessionID}`
  }

  function sweep(): void {
    for (const [at, { until }] of slips) if (until <= clock()) slips.delete(at)
  }

  /** The slip, where the session that earned it has not ended since: a new password and a change of factors elsewhere end it. */
  function look(req: Request, kind: keyof Slips): Slip | null {
    sweep()
    const slip = slips.get(place(req, kind))
    return slip !== undefined && isGoing(slip.sessionID, signedInUser(req)) ? slip : null
  }

  return {
    keep<Kind extends keyof Slips>(req: Request, kind: Kind, content: Slips[Kind]): void {
      const lifetime = slipMinutes * 60_000
      slips.set(place(req, kind), { content, sessionID: req.sessionID, until: clock() + lifetime })
      setTimeout(sweep, lifetime + 1000).unref()
    },
    find<Kind extends keyof Slips>(req: Request, kind: Kind): Slips[Kind] | null {
      const slip = look(req, kind)
      if (slip === null) return null
      const content = slip.content as Slips[Kind]
      return slip.sessionID === req.sessionID ? content : { ...content, codes: null }
    },
    /** Gives the recovery codes that another session of the person has earned to this one, which has to have earned them by a code. */
    claim(req: Request): void {
      const slip = look(req, 'recoveryCodes')
      if (slip !== null) slip.sessionID = req.sessionID
    },
    drop(req: Request, kind: keyof Slips): void {
      slips.delete(place(req, kind))
    },
  }
}

/** What is shown just after it was made, and never again: recovery codes, a permit, the API key. */
import type { Request } from 'express'

export interface Slips {
  recoveryCodes: { codes: readonly string[]; first: boolean }
  permit: { email: string; token: string; expiresAt: Date }
  apiKey: { key: string }
}

export type SlipBox = ReturnType<typeof makeSlipBox>

export const slipMinutes = 10

/**
 * Keeps a slip for the session that earned it, so that a POST can answer with a redirect and a refresh shows the same once more:
 * until the person says that it is saved, or for ten minutes. Beside the session and not in it: two requests at once write their
 * sessions over each other. A real application keeps them where all its processes look, sealed and with a time to live.
 */
export function makeSlipBox(clock: () => number) {
  const slips = new Map<string, { content: Slips[keyof Slips]; until: number }>()
  const turns = new Map<string, Promise<void>>()
  const place = (req: Request, kind: keyof Slips) => `${kind} ${req.sessionID}`

  function sweep(): void {
    for (const [at, { until }] of slips) if (until <= clock()) slips.delete(at)
  }

  return {
    keep<Kind extends keyof Slips>(req: Request, kind: Kind, content: Slips[Kind]): void {
      const lifetime = slipMinutes * 60_000
      slips.set(place(req, kind), { content, until: clock() + lifetime })
      setTimeout(sweep, lifetime + 1000).unref()
    },
    find<Kind extends keyof Slips>(req: Request, kind: Kind): Slips[Kind] | null {
      sweep()
      return (slips.get(place(req, kind))?.content as Slips[Kind] | undefined) ?? null
    },
    drop(req: Request, kind: keyof Slips): void {
      slips.delete(place(req, kind))
    },
    /** Does what makes a slip, once in a session at a time: the second click of two finds what the first one has made. */
    async inTurn({ sessionID }: Request, work: () => Promise<void>): Promise<void> {
      const done = (turns.get(sessionID) ?? Promise.resolve()).then(work)
      const over = done.catch(() => {})
      turns.set(sessionID, over)
      try {
        await done
      } finally {
        if (turns.get(sessionID) === over) turns.delete(sessionID)
      }
    },
  }
}

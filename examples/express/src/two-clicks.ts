/** Two clicks on one button are one request: where the second comes while the first is at work, both are answered alike. */
import type { Request, Response } from 'express'

/** Answers a request, when what it asked for is done. Nothing more is done here than to show what came of it. */
export type Answer = (req: Request, res: Response) => void | Promise<void>

/**
 * Makes a function that does `work`, unless the same is under way already: then it waits for that, and does nothing of its own. Nothing else
 * waits for anything: what waits would act later, with rights that it had when it came.
 *
 * @returns what is called with a request, what makes it the same as another one of its session, and the work
 */
export function joinClicks() {
  const underWay = new Map<string, Promise<Answer>>()

  return async (req: Request, res: Response, same: readonly unknown[], work: () => Promise<Answer>): Promise<void> => {
    // Of the same session: what is made for one is not shown to another.
    const key = JSON.stringify([req.sessionID, ...same])
    let answer = underWay.get(key)
    if (answer === undefined) {
      answer = work().finally(() => underWay.delete(key))
      underWay.set(key, answer)
    }
    await (await answer)(req, res)
  }
}

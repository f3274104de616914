import { tidying } from './case.js'
import type { Clients } from './clients.js'
import { late, within } from './deadline.js'

/** What is around the work of a case. */
export interface Surroundings {
  /** Those that the work opens. */
  readonly clients: Clients<object>
  /** ms */
  readonly timeout: number
  /** What hangs where the time is over. */
  readonly suspect: string
  /** Takes away what the work has left behind, as far as it can. */
  sweep?(): Promise<unknown>
}

/** One run of one case: the work in its time, and the tidying up, whatever became of it. */
export async function attempt(work: () => Promise<void>, surroundings: Surroundings): Promise<void> {
  const { timeout, suspect } = surroundings
  let failed = true
  try {
    if ((await within(work, timeout)) === late) throw new Error(`not done after ${timeout} ms: ${suspect} hangs`)
    failed = false
  } finally {
    await tidy(surroundings, failed)
  }
}

/** What goes wrong here is told only where the case itself held: otherwise the case's failure is the news. */
async function tidy({ clients, sweep }: Surroundings, failed: boolean): Promise<void> {
  if (sweep !== undefined) await within(sweep, tidying / 2)
  try {
    if ((await within(clients.close, tidying / 2)) === late) throw new Error('close() did not end')
  } catch (error) {
    if (!failed) throw error
  }
}

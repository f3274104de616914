import type { ConformanceCase } from '../case.js'
import { messageOf } from './nothing-ran.js'

/** What became of a case. */
export interface Outcome extends Pick<ConformanceCase, 'id' | 'level' | 'title' | 'why'> {
  /** From 1. */
  readonly run: number
  readonly status: 'passed' | 'failed' | 'excused'
  /** Why it failed, or why it was not asked for; null where it passed. */
  readonly message: string | null
  readonly ms: number
}

/** Runs a case, unless the backend is excused from it. */
export async function outcomeOf(
  { id, level, title, why, excused, run: perform }: ConformanceCase,
  run: number,
): Promise<Outcome> {
  const known = { id, level, title, why, run }
  if (excused !== null) return { ...known, status: 'excused', message: excused, ms: 0 }
  const started = performance.now()
  const ms = () => Math.round(performance.now() - started)
  try {
    await perform()
    return { ...known, status: 'passed', message: null, ms: ms() }
  } catch (error) {
    return { ...known, status: 'failed', message: messageOf(error), ms: ms() }
  }
}

/** How many of a level came to that. */
export function count(outcomes: readonly Outcome[], status: Outcome['status'], level?: Outcome['level']): number {
  return outcomes.filter(each => each.status === status && (level === undefined || each.level === level)).length
}

/** The name of an outcome, which tells runs apart where there are several. */
export function nameOf({ id, title, run }: Outcome): string {
  return `${id}: ${title}${run > 1 ? ` (run ${run})` : ''}`
}

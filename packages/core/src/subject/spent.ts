/** Challenges and grants that were used: one success each (R34). */
import { refusal } from '../errors.js'
import { secondsUntil } from './attempts.js'
import type { SubjectState } from './state.js'

/** The most ids that are remembered at once; overflow refuses (R53). */
export const mostSpent = 64

/** Whether the id was used before. */
export function isSpent(state: SubjectState, id: string): boolean {
  return state.spent.some(spent => spent.id === id)
}

/**
 * Remembers the id, at least until it would have expired anyway.
 *
 * @param until ms since 1970
 * @throws Refusal `limit_reached` where too many are remembered already
 */
export function spend(state: SubjectState, id: string, until: number, now: number): SubjectState {
  // Kept for as long as there is room: a process whose clock is ahead must not forget what another still honours.
  const kept = state.spent.length < mostSpent ? state.spent : state.spent.filter(spent => now < spent.until)
  if (kept.length >= mostSpent) {
    const soonest = Math.min(...kept.map(spent => spent.until))
    throw refusal('limit_reached', { retryAfter: secondsUntil(soonest, now) })
  }
  return { ...state, spent: [...kept, { id, until }] }
}

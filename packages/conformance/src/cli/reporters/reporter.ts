import type { Outcome } from '../outcome.js'

/** What was run. */
export interface Subject {
  readonly module: string
  readonly seed: number
  readonly runs: number
}

/** Makes a report: one that comes as it goes, or one at the end. */
export interface Reporter {
  begin(subject: Subject): string
  each(outcome: Outcome, index: number): string
  end(subject: Subject, outcomes: readonly Outcome[]): string
}

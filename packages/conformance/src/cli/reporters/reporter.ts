import type { Arguments } from '../arguments.js'
import type { Outcome } from '../outcome.js'

/** What was run. */
export type Subject = Pick<Arguments, 'suite' | 'module' | 'seed' | 'runs'>

/** What came of chance, in a header; nothing where nothing did. */
export const seedOf = ({ seed }: Subject) => (seed === null ? '' : `, seed ${seed}`)

/** Makes a report: one that comes as it goes, or one at the end. */
export interface Reporter {
  begin(subject: Subject): string
  each(outcome: Outcome, index: number): string
  end(subject: Subject, outcomes: readonly Outcome[]): string
}

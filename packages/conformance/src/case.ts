/**
 * One thing that is asked of a backend, and how it is found out. A suite is a list of these, with no test framework inside: run
 * them by {@link register}, by the command, or in a loop of your own.
 *
 * @example
 * ```ts
 * import type { ConformanceCase } from '@sallyport/conformance'
 *
 * async function failing(cases: readonly ConformanceCase[]): Promise<string[]> {
 *   const ids: string[] = []
 *   for (const { id, excused, run } of cases) {
 *     if (excused === null) await run().catch(() => ids.push(id))
 *   }
 *   return ids
 * }
 * ```
 */
export interface ConformanceCase {
  /** A group and a name, as `race/insert`. Ids are stable: a store's tests may name them. */
  readonly id: string
  /** A store that fails a `MUST` lets somebody in, or locks somebody out. One that fails a `SHOULD` is merely worse. */
  readonly level: 'MUST' | 'SHOULD'
  readonly title: string
  /** What it means for a login. */
  readonly why: string
  /** ms that `run` has for its calls; it has {@link tidying} more to clean up. */
  readonly timeout: number
  /** Why it is not asked of this backend, by what the backend declares; null where it is asked. */
  readonly excused: string | null
  /** Opens the clients that it needs, and closes them. Rejects where the backend fails, and when `timeout` has passed. */
  run(): Promise<void>
}

/** ms that a case may take, at most, after its `timeout`: to delete what it made, and to close its clients. */
export const tidying = 5_000

import type { Store } from '@sallyport/core'
import type { ConformanceCase } from '../case.js'
import type { StoreBackend } from './backend.js'
import { basics } from './cases/basics.js'
import { bodies } from './cases/bodies.js'
import { expiry } from './cases/expiry.js'
import { failures } from './cases/failures.js'
import { freshness } from './cases/freshness.js'
import { histories } from './cases/histories.js'
import { keys } from './cases/keys.js'
import { races } from './cases/races.js'
import { versions } from './cases/versions.js'
import { largestSeed, newSeed } from './random.js'
import { caseOf, type StoreCase } from './trial.js'

const all: readonly StoreCase[] = [
  ...basics,
  ...versions,
  ...bodies,
  ...keys,
  ...freshness,
  ...races,
  ...expiry,
  ...failures,
  ...histories,
]

/** What {@link storeSuite} takes beside the backend. */
export interface StoreSuiteOptions {
  /** Makes the plans of the random histories: an integer from 0 to 4294967295. A failure names the one to try again. */
  readonly seed?: number | undefined
}

/**
 * The cases that show whether a backend keeps the contract of a store (R47). Each opens clients of its own, uses new random keys,
 * and may run again, in any order, and beside the others.
 *
 * That all pass is no proof that a store is right: a race that never occurred was not seen. Run the suite often, and on the
 * topology that you run.
 *
 * @param backend how to connect
 * @param options a seed, to repeat random histories
 * @returns the cases, for {@link register} or for a loop of your own
 * @throws TypeError where an argument is not as it must be
 *
 * @example
 * ```ts
 * import { storeSuite } from '@sallyport/conformance'
 * import { memoryStore } from '@sallyport/memory'
 *
 * const store = memoryStore()
 * for (const { id, excused, run } of storeSuite({ open: () => store })) {
 *   if (excused === null) await run()
 *   console.log(excused === null ? `${id} holds` : `${id}: ${excused}`)
 * }
 * ```
 */
export function storeSuite<Client extends Store>(
  backend: StoreBackend<Client>,
  options: StoreSuiteOptions = {},
): readonly ConformanceCase[] {
  if (typeof backend?.open !== 'function') throw new TypeError('backend.open must be a function')
  if (backend.close !== undefined && typeof backend.close !== 'function') {
    throw new TypeError('backend.close must be a function')
  }
  if (backend.broken !== undefined && typeof backend.broken !== 'function') {
    throw new TypeError('backend.broken must be a function')
  }
  if (![undefined, 'exact', 'late'].includes(backend.capabilities?.ttl)) {
    throw new TypeError("backend.capabilities.ttl must be 'exact' or 'late'")
  }
  const { seed = newSeed() } = options
  if (!Number.isInteger(seed) || seed < 0 || seed > largestSeed) {
    throw new TypeError(`options.seed must be an integer from 0 to ${largestSeed}`)
  }
  return all.map(storeCase => caseOf(storeCase, backend as StoreBackend, seed))
}

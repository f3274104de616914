/**
 * Whether a concurrent history of one key is one that a compare-and-swap register could have given: whether there is an order of
 * its calls, each somewhere between its beginning and its end, in which every answer is right. What was written to expire may go
 * between any two of them: the model knows no clock, so it may go early, too.
 *
 * The search of Wing and Gong (Testing and Verifying Concurrent Objects, 1993), with the memory of Lowe (Testing for
 * Linearizability, 2017): what was tried from the same calls and the same version is not tried again.
 */

/** A call and its answer. `began` and `ended` are places in one order of all beginnings and ends. */
export type Operation = {
  readonly client: number
  readonly began: number
  /** Infinity where no answer came: it may have taken effect at any time since, or never. */
  readonly ended: number
} & (
  | { readonly kind: 'get'; readonly found: string | null }
  | {
      readonly kind: 'put'
      readonly version: string
      readonly ifVersion: string | null
      readonly landed: boolean
      /** Whether the storage may drop it at any time. */
      readonly expires: boolean
    }
  | { readonly kind: 'delete' }
)

const impossible = Symbol('impossible')

/** @param history of one key that was absent before */
export function isLinearizable(history: readonly Operation[]): boolean {
  // A call without an answer matters only by its effect, and a get has none.
  const operations = history.filter(({ kind, ended }) => kind !== 'get' || ended !== Number.POSITIVE_INFINITY)
  operations.sort((a, b) => a.began - b.began)
  const passing = expiring(history)
  const tried = new Set<string>()

  const search = (done: bigint, version: string | null): boolean => {
    let deadline = Number.POSITIVE_INFINITY
    for (const [index, { ended }] of operations.entries()) if (!has(done, index)) deadline = Math.min(deadline, ended)
    if (deadline === Number.POSITIVE_INFINITY) return true
    const situation = `${done.toString(36)} ${version}`
    if (tried.has(situation)) return false
    tried.add(situation)
    let lostDelete = false
    for (const [index, operation] of operations.entries()) {
      if (operation.began > deadline) break
      if (has(done, index)) continue
      // Of deletes without an answer the first that began can do what any other can.
      const isLostDelete = operation.kind === 'delete' && operation.ended === Number.POSITIVE_INFINITY
      if (isLostDelete && lostDelete) continue
      lostDelete ||= isLostDelete
      const next = effect(operation, version)
      if (next !== impossible && search(done | (1n << BigInt(index)), next)) return true
    }
    return version !== null && passing.has(version) && search(done, null)
  }
  return search(0n, null)
}

/** The versions that may go by themselves. */
export function expiring(history: readonly Operation[]): ReadonlySet<string> {
  return new Set(history.flatMap(each => (each.kind === 'put' && each.expires ? [each.version] : [])))
}

/** The version on record after an operation; impossible where it could not have had its answer. */
function effect(operation: Operation, version: string | null): string | null | typeof impossible {
  if (operation.kind === 'delete') return null
  if (operation.kind === 'get') return operation.found === version ? version : impossible
  const matches = operation.ifVersion === version
  if (operation.ended === Number.POSITIVE_INFINITY) return matches ? operation.version : impossible
  if (matches !== operation.landed) return impossible
  return matches ? operation.version : version
}

/**
 * The beginning of a history that is not linearizable, up to the first answer that no order explains. Calls that were under way
 * by then are in it, without their answers.
 */
export function shortestViolation(history: readonly Operation[]): readonly Operation[] {
  const ends = history.map(({ ended }) => ended).filter(Number.isFinite)
  for (const end of ends.sort((a, b) => a - b)) {
    const begun = history.filter(({ began }) => began < end)
    const prefix = begun.map(each => (each.ended > end ? { ...each, ended: Number.POSITIVE_INFINITY } : each))
    if (!isLinearizable(prefix)) return prefix
  }
  return history
}

function has(done: bigint, index: number): boolean {
  return ((done >> BigInt(index)) & 1n) === 1n
}

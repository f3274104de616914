import { type ConformanceCase, tidying } from './case.js'

/** How test runners take a test. What `timeout` (ms) is to one, the next one ignores. */
export type RegisterTest = (name: string, run: () => Promise<void>, timeout?: number) => unknown

/** `test` of vitest, Jest, `node:test` and Bun, `it` of mocha, and `Deno.test`, which says `ignore` for `skip`. */
export type TestFunction = RegisterTest & ({ readonly skip: RegisterTest } | { readonly ignore: RegisterTest })

/**
 * Registers every case as a test named `<id> (<level>): <title>`. Where a case fails, the message ends with why it matters. A
 * case that the backend is excused from is skipped, with the reason in its name.
 *
 * Runners time tests out each in their own way, or not at all; a case ends on its own when its time is over, and the runner is
 * given a little more.
 *
 * @param test the runner's function
 * @param cases from {@link storeSuite}
 * @throws TypeError where a case is to be skipped and `test` has neither `skip` nor `ignore`
 *
 * @example
 * ```ts
 * import { test } from 'node:test'
 * import { register, storeSuite } from '@sallyport/conformance'
 * import { memoryStore } from '@sallyport/memory'
 *
 * const store = memoryStore()
 * register(test, storeSuite({ open: () => store }))
 * ```
 */
export function register(test: TestFunction, cases: readonly ConformanceCase[]): void {
  for (const { id, level, title, why, timeout, excused, run } of cases) {
    const name = `${id} (${level}): ${title}`
    if (excused !== null) {
      skipOf(test)(`${name} [excused: ${excused}]`, async () => {})
      continue
    }
    const registered = test(name, () => run().catch(error => fail(error, why)), timeout + tidying)
    // Mocha takes no third argument: its `it` gives the test, whose time is set by a method.
    if (hasTimeout(registered)) registered.timeout(timeout + tidying)
  }
}

function skipOf(test: TestFunction): RegisterTest {
  const skip = 'skip' in test ? test.skip : test.ignore
  if (typeof skip !== 'function') throw new TypeError('test must have a function skip or ignore')
  return (name, run) => skip.call(test, name, run)
}

function fail(error: unknown, why: string): never {
  throw new Error(`${error instanceof Error ? error.message : String(error)}\n\nWhy it matters: ${why}`, {
    cause: error,
  })
}

function hasTimeout(registered: unknown): registered is { timeout(ms: number): unknown } {
  return (
    typeof registered === 'object' &&
    registered !== null &&
    'timeout' in registered &&
    typeof registered.timeout === 'function'
  )
}

/** Steps that are run one after the other, and the summary at the end. */
import { run } from './processes.mjs'

/** A step that did not hold. Its message is shown as it is, without a stack. */
export class StepFailed extends Error {}

/**
 * @typedef {{ passed: number, failed: number, skipped: readonly string[], failures?: readonly string[] }} Counts what a run of
 *   tests came to; `failures`: which failed, and why
 * @typedef {{ title: string, seconds: number, result: string, passed: number, failed: number, skipped: readonly string[],
 *   failures: readonly string[] }} Row
 */

/** Collects what each step came to. */
export class Report {
  /** @type {Row[]} */
  rows = []

  /**
   * Runs one step, unless one that it needs has failed. It counts as one check, or as the tests that it counted. Where `CI` is
   * set, a skipped test is a failed one.
   *
   * @param {string} title
   * @param {() => Promise<Counts | string | void> | Counts | string | void} work throws where the step fails; a string is a note
   * @param {{ needs?: readonly string[] }} [options] titles of steps
   * @returns {Promise<boolean>} whether it passed
   */
  async step(title, work, { needs = [] } = {}) {
    const unmet = needs.find(need => !this.rows.some(row => row.title === need && row.failed === 0))
    console.log(`\n▶ ${title}`)
    if (unmet !== undefined) return this.#add(title, 0, `not run, for want of: ${unmet}`, 0, 1, [])
    const started = performance.now()
    const seconds = () => (performance.now() - started) / 1000
    try {
      const outcome = await work()
      if (typeof outcome !== 'object') return this.#add(title, seconds(), outcome ?? 'passed', 1, 0, [])
      const { passed, skipped, failures = [] } = outcome
      const failed = outcome.failed + (process.env['CI'] ? skipped.length : 0)
      const counted = `${passed} passed, ${failed} failed, ${skipped.length} skipped`
      return this.#add(title, seconds(), counted, passed, failed, skipped, failures)
    } catch (error) {
      console.log(error instanceof StepFailed ? error.message : error)
      return this.#add(title, seconds(), 'FAILED', 0, 1, [])
    }
  }

  /**
   * @param {string} title
   * @param {number} seconds
   * @param {string} result
   * @param {number} passed
   * @param {number} failed
   * @param {readonly string[]} skipped
   * @param {readonly string[]} [failures]
   */
  #add(title, seconds, result, passed, failed, skipped, failures = []) {
    this.rows.push({ title, seconds, result, passed, failed, skipped, failures })
    console.log(`${failed === 0 ? '✓' : '✗'} ${title}: ${result} (${seconds.toFixed(1)} s)`)
    return failed === 0
  }

  /** Prints the summary, with the closing line that machines read, and sets the exit code. */
  finish() {
    const total = (/** @type {(row: Row) => number} */ of) => this.rows.reduce((sum, row) => sum + of(row), 0)
    const width = Math.max(...this.rows.map(row => row.title.length))
    console.log(`\n${'─'.repeat(width + 40)}`)
    for (const { title, seconds, result, failed } of this.rows) {
      console.log(`${failed === 0 ? '✓' : '✗'} ${title.padEnd(width)} ${seconds.toFixed(1).padStart(7)} s   ${result}`)
    }
    const skipped = this.rows.flatMap(row => row.skipped)
    const inCi = Boolean(process.env['CI'])
    if (skipped.length > 0) console.log(`\nSkipped${inCi ? ', which counts as failed where CI is set' : ''}:`)
    for (const name of skipped) console.log(`  ${name}`)
    const failures = this.rows.flatMap(row => row.failures)
    if (failures.length > 0) console.log('\nFailed:')
    for (const failure of failures) console.log(`  ${failure}`)
    const failed = total(row => row.failed)
    console.log(`\nIn ${total(row => row.seconds).toFixed(0)} s:`)
    console.log(`${total(row => row.passed)} passed, ${failed} failed, ${inCi ? 0 : skipped.length} skipped`)
    process.exitCode = failed === 0 && this.rows.length > 0 ? 0 : 1
  }
}

/**
 * Runs a command that must succeed; what it says is shown only where it does not.
 *
 * @param {string} command
 * @param {readonly string[]} args
 * @param {Parameters<typeof run>[2]} [options]
 */
export async function must(command, args, options) {
  const { code, output } = await run(command, args, options)
  if (code !== 0) throw new StepFailed(`${output.trimEnd()}\n$ ${[command, ...args].join(' ')}: exit code ${code}`)
}

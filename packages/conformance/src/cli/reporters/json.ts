/** One JSON object, for whatever else reads it. */
import { count } from '../outcome.js'
import type { Reporter } from './reporter.js'

export const json: Reporter = {
  begin: () => '',
  each: () => '',
  end({ suite, module, seed, runs }, cases) {
    const of = (level: 'MUST' | 'SHOULD') => ({
      passed: count(cases, 'passed', level),
      failed: count(cases, 'failed', level),
    })
    const summary = { must: of('MUST'), should: of('SHOULD'), excused: count(cases, 'excused') }
    return `${JSON.stringify({ suite, module, seed, runs, ...summary, cases }, null, 2)}\n`
  },
}

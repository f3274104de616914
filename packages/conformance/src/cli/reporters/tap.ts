/** Test Anything Protocol, version 14. A SHOULD that fails is marked as a TODO, which fails no build. */
import { nameOf } from '../outcome.js'
import { type Reporter, seedOf } from './reporter.js'

const escaped = (text: string) => text.replaceAll(/[\\#]/g, '\\$&')

export const tap: Reporter = {
  begin: subject => `TAP version 14\n# ${JSON.stringify(subject.module)}${seedOf(subject)}\n`,
  each(outcome, index) {
    const { level, status, message, why, ms } = outcome
    const point = `${status === 'failed' ? 'not ok' : 'ok'} ${index + 1} - ${escaped(nameOf(outcome))}`
    if (status === 'excused') return `${point} # SKIP ${escaped(message ?? '')}\n`
    const directive = status === 'failed' && level === 'SHOULD' ? ' # TODO SHOULD' : ''
    // A JSON string is a YAML one.
    const notes = Object.entries({ level, duration_ms: ms, ...(status === 'failed' && { message, why }) })
    const yaml = notes.map(([name, value]) => `  ${name}: ${JSON.stringify(value)}\n`).join('')
    return `${point}${directive}\n  ---\n${yaml}  ...\n`
  },
  end: (_, outcomes) => `1..${outcomes.length}\n`,
}

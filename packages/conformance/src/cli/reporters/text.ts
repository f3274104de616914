/** For people. */
import { count, nameOf } from '../outcome.js'
import { type Reporter, seedOf } from './reporter.js'

const marks = { passed: '✓', failed: '✗', excused: '-' }
const indented = (text: string) => text.replaceAll(/^/gm, '    ')

export const text: Reporter = {
  begin: subject => `${subject.module}${seedOf(subject)}${subject.runs > 1 ? `, ${subject.runs} runs` : ''}\n\n`,
  each(outcome) {
    const { level, status, message, why } = outcome
    const line = `${marks[status]} ${level.padEnd(6)} ${nameOf(outcome)}`
    if (message === null) return `${line}\n`
    if (status === 'excused') return `${line} [excused: ${message}]\n`
    return `${line}\n${indented(`${message}\nWhy it matters: ${why}`)}\n`
  },
  end(_, outcomes) {
    const of = (level: 'MUST' | 'SHOULD') =>
      `${level}: ${count(outcomes, 'passed', level)} passed, ${count(outcomes, 'failed', level)} failed`
    return `\n${of('MUST')}. ${of('SHOULD')}. ${count(outcomes, 'excused')} excused.\n`
  },
}

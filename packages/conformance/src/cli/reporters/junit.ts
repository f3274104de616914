/** JUnit XML, as CI servers read it. A SHOULD that fails is a skipped test, with what it said. */
import { count, nameOf, type Outcome } from '../outcome.js'
import type { Reporter } from './reporter.js'

const entities: Record<string, string> = { '&': '&amp;', '<': '&lt;', '>': '&gt;', '"': '&quot;', '\n': '&#10;' }

/** For an attribute; what XML 1.0 has no place for becomes U+FFFD. */
const escaped = (text: string) =>
  text
    // biome-ignore lint/suspicious/noControlCharactersInRegex: these are what must go
    .replaceAll(/[\u0000-\u0008\u000b-\u001f\ufffe\uffff]|\p{Surrogate}/gu, '\ufffd')
    .replaceAll(/[&<>"\n]/g, character => entities[character] ?? '')

const seconds = (ms: number) => (ms / 1000).toFixed(3)

function testCase(outcome: Outcome, suite: string): string {
  const { id, level, status, message, why, ms } = outcome
  const group = `${suite}.${id.split('/')[0]}`
  const open = `    <testcase classname="${escaped(group)}" name="${escaped(nameOf(outcome))}" time="${seconds(ms)}"`
  if (message === null) return `${open}/>\n`
  if (status === 'failed' && level === 'MUST') {
    const text = escaped(`${message}\n\nWhy it matters: ${why}`)
    return `${open}>\n      <failure type="MUST" message="${escaped(message)}">${text}</failure>\n    </testcase>\n`
  }
  const reason = status === 'excused' ? `excused: ${message}` : `SHOULD: ${message}`
  return `${open}>\n      <skipped message="${escaped(reason)}"/>\n    </testcase>\n`
}

export const junit: Reporter = {
  begin: () => '',
  each: () => '',
  end({ suite, module, seed }, outcomes) {
    const failed = count(outcomes, 'failed', 'MUST')
    const skipped = count(outcomes, 'excused') + count(outcomes, 'failed', 'SHOULD')
    const time = seconds(outcomes.reduce((sum, { ms }) => sum + ms, 0))
    const counts = `tests="${outcomes.length}" failures="${failed}" errors="0" skipped="${skipped}" time="${time}"`
    const properties =
      seed === null ? '' : `    <properties>\n      <property name="seed" value="${seed}"/>\n    </properties>\n`
    return `<?xml version="1.0" encoding="UTF-8"?>
<testsuites ${counts}>
  <testsuite name="${escaped(module)}" ${counts}>
${properties}${outcomes.map(outcome => testCase(outcome, suite)).join('')}  </testsuite>
</testsuites>
`
  },
}

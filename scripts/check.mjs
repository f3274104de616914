/** `npm run check`: the inner loop. Format, types, the order of imports, and the unit tests. */
import { checkBy, checkFormat, checkTypes, installPackages, npmPackages } from './lib/check-steps.mjs'
import { stopOnSignals } from './lib/processes.mjs'
import { Report } from './lib/steps.mjs'
import { installPrograms } from './lib/system-packages.mjs'
import { runTests } from './lib/vitest.mjs'

stopOnSignals(name => (name === 'SIGINT' ? 130 : 143))
const report = new Report()

await installPackages(report)
await report.step('programs', () => installPrograms(['oathtool', 'zbarimg']))
await checkFormat(report)
await checkTypes(report)
await checkBy(report, 'imports run downwards', 'layers.mjs')
await report.step('unit and property tests', () => runTests('unit'), { needs: [npmPackages] })

report.finish()

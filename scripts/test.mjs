/** `npm test`: everything that has to hold, from a fresh clone on, with one summary at the end. */
import { availableParallelism } from 'node:os'
import { checkBy, checkFormat, checkTypes, installPackages, npmPackages } from './lib/check-steps.mjs'
import { checkPackages } from './lib/package-checks.mjs'
import { stopOnSignals } from './lib/processes.mjs'
import { Report } from './lib/steps.mjs'
import { findProgram, installPrograms } from './lib/system-packages.mjs'
import { runTests } from './lib/vitest.mjs'

stopOnSignals(name => (name === 'SIGINT' ? 130 : 143))
const report = new Report()
const needs = [npmPackages]
const programs = 'programs'
const withServers = [npmPackages, programs]

await installPackages(report)
await report.step(programs, () => installPrograms())

await checkFormat(report)
await checkTypes(report)
await checkBy(report, 'imports run downwards', 'layers.mjs')
await checkBy(report, 'examples in documents and docstrings', 'examples.mjs')
await checkBy(report, 'docstrings of the public face', 'docstrings.mjs')
await checkBy(report, 'quotations and links', 'documents.mjs')
await checkBy(report, 'odds of guessing', 'odds.mjs --check')
await checkBy(report, 'table of requirements', 'requirements.mjs --check')

const built = 'build'
await checkBy(report, built, 'build.mjs')
await checkPackages(report, [built])
await checkBy(report, 'size of a bundle', 'size.mjs', [built])

/** Who talks to servers waits for them: one more at work than there are cores. */
const patient = availableParallelism() + 1
const env = { SALLYPORT_TEST_CHROMIUM: findProgram('browser') ?? undefined }
await report.step('unit and property tests', () => runTests('unit', env), { needs })
await report.step('tests of the stores', () => runTests('stores', env, [], patient), { needs: withServers })
await report.step('security tests on every store', () => runTests('core on *', env, [], patient), {
  needs: withServers,
})
await report.step('tests of the examples', () => runTests('examples', env), { needs: withServers })
await report.step('tests in a browser', () => runTests('browser', env), { needs: withServers })

report.finish()

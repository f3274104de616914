/**
 * `npm run conformance:long`: the conformance kit, a hundred times on every store of the house, and once under every test runner
 * that it says to serve. `CONFORMANCE_RUNS` is another number of times; names of runners on the command line choose among them,
 * and leave the hundred runs out.
 */
import { cpSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { checkBy, installPackages, npmPackages } from './lib/check-steps.mjs'
import { run, stopOnSignals } from './lib/processes.mjs'
import { root } from './lib/root.mjs'
import { must, Report, StepFailed } from './lib/steps.mjs'
import { installPrograms } from './lib/system-packages.mjs'
import { temporaryFolder } from './lib/temporary.mjs'
import { runTests } from './lib/vitest.mjs'
import { workspaces } from './lib/workspaces.mjs'

/** What each runner is started by, in a project where it is installed and the files of `test/runners` lie. */
const runners = {
  Jest: { npm: 'jest', command: ['jest', 'jest.test.cjs'] },
  mocha: { npm: 'mocha', command: ['mocha', 'mocha.spec.mjs'] },
  Bun: { npm: 'bun', command: ['bun', 'test', './bun.test.mjs'] },
  Deno: { npm: 'deno', command: ['deno', 'test', '--allow-env', '--allow-read', 'deno.test.mjs'] },
}

/** What every runner must say of the store in test/runners/backend.cjs that is broken. */
const complaints = ['put/occupied (MUST)', 'Why it matters: An insert that overwrites']

const needed = ['@sallyport/core', '@sallyport/memory', '@sallyport/conformance']

stopOnSignals(name => (name === 'SIGINT' ? 130 : 143))
const report = new Report()
const wanted = process.argv.slice(2).map(name => name.toLowerCase())
const chosen = Object.entries(runners).filter(([name]) => wanted.length === 0 || wanted.includes(name.toLowerCase()))
if (chosen.length < Math.max(1, wanted.length)) {
  console.error(`there are: ${Object.keys(runners).join(', ')}`)
  process.exit(2)
}

await installPackages(report)
const built = 'build'
await checkBy(report, built, 'build.mjs')

if (wanted.length === 0) {
  const programs = 'programs'
  await report.step(programs, () => installPrograms())
  const runs = process.env['CONFORMANCE_RUNS'] || '100'
  const env = { CONFORMANCE_RUNS: runs }
  const needs = [npmPackages, programs]
  await report.step(`${runs} runs on every store`, () => runTests('stores', env, ['test/conformance']), { needs })
}

const folder = temporaryFolder('runners')
const installed = 'test runners: install'
await report.step(installed, install, { needs: [built] })
for (const [name, { command }] of chosen) {
  await report.step(`${name}: a store that keeps the contract`, () => passes(command), { needs: [installed] })
  await report.step(`${name}: a store that breaks it`, () => complains(command), { needs: [installed] })
}

report.finish()

/** Makes a project outside the repository, with the packages as they would be published. */
async function install() {
  const packages = workspaces('packages').filter(({ name }) => needed.includes(name))
  await must('npm', ['pack', ...needed.map(name => `--workspace=${name}`), `--pack-destination=${folder}`])
  writeFileSync(join(folder, 'package.json'), JSON.stringify({ name: 'runners', private: true }))
  cpSync(join(root, 'packages/conformance/test/runners'), folder, { recursive: true })
  const tarballs = packages.map(({ name, manifest }) => `./${name.slice(1).replace('/', '-')}-${manifest.version}.tgz`)
  const programs = chosen.map(([, { npm }]) => npm)
  await must('npm', ['install', '--prefer-offline', '--no-fund', '--no-audit', ...tarballs, ...programs], {
    cwd: folder,
  })
}

/** @param {readonly string[]} command */
async function passes(command) {
  const { code, output } = await runIn(command, {})
  if (code !== 0) throw new StepFailed(output)
}

/** @param {readonly string[]} command */
async function complains(command) {
  const { code, output } = await runIn(command, { BROKEN: 'yes' })
  const missing = complaints.filter(complaint => !output.includes(complaint))
  if (code === 0 || missing.length > 0)
    throw new StepFailed(`${output}\nexit code ${code}, without: ${missing.join(', ')}`)
}

/**
 * @param {readonly string[]} command
 * @param {Record<string, string>} env
 */
function runIn([program = '', ...args], env) {
  const plain = { ...env, NO_COLOR: '1', FORCE_COLOR: undefined }
  return run(join(folder, 'node_modules/.bin', program), args, { cwd: folder, env: plain })
}

/** Runs vitest and counts from its JSON report, not from its words. */
import { existsSync, readFileSync } from 'node:fs'
import { join, relative } from 'node:path'
import { run } from './processes.mjs'
import { root } from './root.mjs'
import { StepFailed } from './steps.mjs'
import { temporaryFolder } from './temporary.mjs'

/**
 * @typedef {{ status: string, fullName: string, failureMessages?: readonly string[] }} Result of one test
 * @typedef {{ name: string, status: string, message?: string, assertionResults: readonly Result[] }} File
 */

/**
 * @param {string} project of vitest.config.ts; `*` stands for anything
 * @param {Record<string, string | undefined>} [env]
 * @param {readonly string[]} [files] parts of paths; all by default
 * @param {number} [workers] processes at once; as vitest.config.ts says by default
 * @returns {Promise<import('./steps.mjs').Counts>}
 */
export async function runTests(project, env = {}, files = [], workers = undefined) {
  const path = join(temporaryFolder('vitest'), 'report.json')
  const reporters = ['--reporter=default', '--reporter=json', `--outputFile.json=${path}`]
  const args = ['run', ...files, `--project=${project}`, '--allowOnly=false', ...reporters]
  if (workers !== undefined) args.push(`--maxWorkers=${workers}`)
  const { code } = await run(join(root, 'node_modules/.bin/vitest'), args, { env, show: true })
  if (!existsSync(path)) throw new StepFailed(`vitest ended with exit code ${code} and no report`)
  return count(JSON.parse(readFileSync(path, 'utf8')).testResults, code)
}

/**
 * Counts every test. A file that failed outside its tests counts as one failure, and so does a run that failed although all its
 * tests passed (an unhandled rejection) or that found no test at all.
 *
 * @param {readonly File[]} files
 * @param {number} code the exit code of vitest
 * @returns {import('./steps.mjs').Counts}
 */
export function count(files, code) {
  const results = files.flatMap(file =>
    file.assertionResults.map(result => ({ ...result, file: relative(root, file.name) })),
  )
  const passed = results.filter(result => result.status === 'passed').length
  const skipped = results
    .filter(result => result.status !== 'passed' && result.status !== 'failed')
    .map(result => `${result.file} › ${result.fullName.trim()}`)
  const failures = results
    .filter(result => result.status === 'failed')
    .map(({ file, fullName, failureMessages }) => `${file} › ${fullName.trim()}${why(failureMessages?.[0])}`)
  for (const { name, status, message, assertionResults } of files) {
    const ofItsOwn = status === 'failed' && assertionResults.every(result => result.status !== 'failed')
    if (ofItsOwn) failures.push(`${relative(root, name)} outside its tests${why(message)}`)
  }
  if (failures.length === 0 && results.length === 0) failures.push('no test was found')
  if (failures.length === 0 && code !== 0) failures.push(`vitest ended with exit code ${code}`)
  return { passed, failed: failures.length, skipped, failures }
}

/** @param {string | undefined} message of what was thrown */
function why(message) {
  const [line] = (message ?? '').trim().split('\n')
  return line ? `: ${line.slice(0, 300)}` : ''
}

/** Runs vitest and counts from its JSON report, not from its words. */
import { existsSync, readFileSync } from 'node:fs'
import { join, relative } from 'node:path'
import { run } from './processes.mjs'
import { root } from './root.mjs'
import { StepFailed } from './steps.mjs'
import { temporaryFolder } from './temporary.mjs'

/**
 * @typedef {{ status: string, fullName: string }} Result of one test
 * @typedef {{ name: string, status: string, message?: string, assertionResults: readonly Result[] }} File
 */

/**
 * @param {string} project of vitest.config.ts; `*` stands for anything
 * @param {Record<string, string | undefined>} [env]
 * @param {readonly string[]} [files] parts of paths; all by default
 * @returns {Promise<import('./steps.mjs').Counts>}
 */
export async function runTests(project, env = {}, files = []) {
  const path = join(temporaryFolder('vitest'), 'report.json')
  const reporters = ['--reporter=default', '--reporter=json', `--outputFile.json=${path}`]
  const args = ['run', ...files, `--project=${project}`, '--allowOnly=false', ...reporters]
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
  let failed = results.length - passed - skipped.length
  failed += files.filter(
    file => file.status === 'failed' && file.assertionResults.every(({ status }) => status !== 'failed'),
  ).length
  if (failed === 0 && (code !== 0 || results.length === 0)) failed = 1
  return { passed, failed, skipped }
}

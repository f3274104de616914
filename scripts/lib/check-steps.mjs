/** The steps that `npm test` and `npm run check` share. */
import { existsSync } from 'node:fs'
import { join } from 'node:path'
import generateExampleClients from '../example-clients.mjs'
import { installAll } from './npm-packages.mjs'
import { root } from './root.mjs'
import { must } from './steps.mjs'
import { workspaces } from './workspaces.mjs'

/** The title of the step that all others need. */
export const npmPackages = 'npm packages'

const installed = { needs: [npmPackages] }
const bin = (/** @type {string} */ name) => join(root, 'node_modules/.bin', name)

/** @param {import('./steps.mjs').Report} report */
export async function installPackages(report) {
  return report.step(npmPackages, installAll)
}

/** @param {import('./steps.mjs').Report} report */
export async function checkFormat(report) {
  await report.step('format and lint', () => must(bin('biome'), ['check', '--error-on-warnings', '.']), installed)
}

/**
 * Each project on its own; what was learned of it is kept, so that the next time is quicker.
 *
 * @param {import('./steps.mjs').Report} report
 */
export async function checkTypes(report) {
  await report.step('Prisma clients of the example', generateExampleClients, installed)
  const projects = ['packages', 'examples'].flatMap(parent => workspaces(/** @type {'packages'} */ (parent)))
  const folders = ['.', 'scripts', ...projects.map(({ folder }) => folder)]
  for (const folder of folders.filter(folder => existsSync(join(root, folder, 'tsconfig.json')))) {
    const title = folder === '.' ? 'types' : `types: ${folder}`
    const memory = `node_modules/.cache/types/${folder === '.' ? 'all' : folder.replaceAll('/', '-')}.json`
    const args = ['--project', folder, '--incremental', '--tsBuildInfoFile', memory]
    await report.step(title, () => must(bin('tsc'), args), installed)
  }
}

/**
 * Runs a script of the folder above.
 *
 * @param {import('./steps.mjs').Report} report
 * @param {string} title
 * @param {string} command the script, and what it takes
 * @param {readonly string[]} [needs] titles of steps
 */
export async function checkBy(report, title, command, needs = installed.needs) {
  const [script = '', ...args] = command.split(' ')
  await report.step(title, () => must(process.execPath, [join('scripts', script), ...args]), { needs })
}

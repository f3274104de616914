/** Programs that the tests run and that npm does not bring. */
import { accessSync, constants } from 'node:fs'
import { delimiter, join } from 'node:path'
import { must, StepFailed } from './steps.mjs'

/**
 * What is needed, by name: the commands that do it, the Debian package that brings the first of them, and the variable that may
 * point to another. The stores that come later add their servers here.
 *
 * @type {Record<string, { commands: readonly string[], debian: string, variable?: string }>}
 */
const programs = {
  browser: {
    commands: ['chromium', 'chromium-browser', 'google-chrome'],
    debian: 'chromium',
    variable: 'SALLYPORT_TEST_CHROMIUM',
  },
  oathtool: { commands: ['oathtool'], debian: 'oathtool' },
  zbarimg: { commands: ['zbarimg'], debian: 'zbar-tools' },
}

/**
 * Makes sure that programs are there. Installs them with apt-get where this user may; otherwise says which package to install.
 *
 * @param {readonly string[]} [names] of the table above; all of it by default
 */
export async function installPrograms(names = Object.keys(programs)) {
  const absent = () => names.filter(name => findProgram(name) === null)
  const missing = absent()
  if (missing.length === 0) return 'present'
  const packages = missing.map(name => programs[name]?.debian ?? name)
  if (process.getuid?.() !== 0 || onPath('apt-get') === null) {
    throw new StepFailed(
      `Not found: ${missing.join(', ')}. Install the packages: ${packages.join(' ')}\n  sudo apt-get install ${packages.join(' ')}`,
    )
  }
  console.log(`apt-get install ${packages.join(' ')}`)
  const env = { DEBIAN_FRONTEND: 'noninteractive' }
  await must('apt-get', ['update'], { env })
  await must('apt-get', ['install', '--yes', '--no-install-recommends', ...packages], { env })
  const stillMissing = absent()
  if (stillMissing.length > 0) throw new StepFailed(`Installed, but not found on PATH: ${stillMissing.join(', ')}`)
  return `installed: ${packages.join(', ')}`
}

/**
 * @param {string} name of the table above
 * @returns {string | null} the path of the program
 */
export function findProgram(name) {
  const program = programs[name]
  if (program === undefined) throw new Error(`no such program in the table: ${name}`)
  const chosen = program.variable === undefined ? undefined : process.env[program.variable]
  if (chosen) return isExecutable(chosen) ? chosen : null
  for (const command of program.commands) {
    const path = onPath(command)
    if (path !== null) return path
  }
  return null
}

/** @param {string} command */
function onPath(command) {
  const folders = (process.env['PATH'] ?? '').split(delimiter).filter(folder => folder !== '')
  return folders.map(folder => join(folder, command)).find(isExecutable) ?? null
}

/** @param {string} path */
function isExecutable(path) {
  try {
    accessSync(path, constants.X_OK)
    return true
  } catch {
    return false
  }
}

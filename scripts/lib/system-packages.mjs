/** Programs that the tests run and that npm does not bring. */
import { accessSync, constants, existsSync, readdirSync } from 'node:fs'
import { delimiter, join } from 'node:path'
import { must, StepFailed } from './steps.mjs'

/**
 * @typedef {object} Program
 * @property {readonly string[]} commands that do it
 * @property {string} debian the package that brings the first of them
 * @property {string} [variable] may point to another
 * @property {() => readonly string[]} [folders] where it lies, besides those of PATH
 * @property {string} [instead] a variable that points to a server which runs already: then the program is not needed
 */

const postgresql = {
  debian: 'postgresql',
  folders: () => versionsOf('/usr/lib/postgresql').map(version => join(version, 'bin')),
  instead: 'SALLYPORT_TEST_POSTGRES_URL',
}
const mariadb = { debian: 'mariadb-server', folders: () => ['/usr/sbin'], instead: 'SALLYPORT_TEST_MYSQL_URL' }

/**
 * What is needed, by name.
 *
 * @type {Record<string, Program>}
 */
const programs = {
  browser: {
    commands: ['chromium', 'chromium-browser', 'google-chrome'],
    debian: 'chromium',
    variable: 'SALLYPORT_TEST_CHROMIUM',
  },
  initdb: { ...postgresql, commands: ['initdb'] },
  mariadbd: { ...mariadb, commands: ['mariadbd', 'mysqld'] },
  'mariadb-install-db': { ...mariadb, commands: ['mariadb-install-db', 'mysql_install_db'] },
  oathtool: { commands: ['oathtool'], debian: 'oathtool' },
  postgres: { ...postgresql, commands: ['postgres'] },
  redis: { commands: ['redis-server'], debian: 'redis-server' },
  'redis-cli': { commands: ['redis-cli'], debian: 'redis-tools' },
  zbarimg: { commands: ['zbarimg'], debian: 'zbar-tools' },
}

/**
 * Makes sure that programs are there. Installs them with apt-get where this user may; otherwise says which package to install.
 *
 * @param {readonly string[]} [names] of the table above; all of it by default
 */
export async function installPrograms(names = Object.keys(programs)) {
  const absent = () => names.filter(name => isNeeded(name) && findProgram(name) === null)
  const missing = absent()
  if (missing.length === 0) return 'present'
  const packages = [...new Set(missing.map(packageOf))]
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
    const path = onPath(command, program.folders?.())
    if (path !== null) return path
  }
  return null
}

/**
 * @param {string} name of the table above
 * @returns {string} the Debian package that brings it
 */
export function packageOf(name) {
  return programs[name]?.debian ?? name
}

/** @param {string} name of the table above */
function isNeeded(name) {
  const { instead } = programs[name] ?? {}
  return instead === undefined || !process.env[instead]
}

/**
 * @param {string} parent of folders that are named after versions
 * @returns {string[]} the newest first
 */
function versionsOf(parent) {
  if (!existsSync(parent)) return []
  const newestFirst = readdirSync(parent).sort((a, b) => Number(b) - Number(a))
  return newestFirst.map(version => join(parent, version))
}

/**
 * @param {string} command
 * @param {readonly string[]} [besides] PATH
 */
function onPath(command, besides = []) {
  const folders = (process.env['PATH'] ?? '').split(delimiter).filter(folder => folder !== '')
  return [...folders, ...besides].map(folder => join(folder, command)).find(isExecutable) ?? null
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

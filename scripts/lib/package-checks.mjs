/** Proves the packages as they would be published: packed, looked at, and installed into empty projects. */
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { patiently } from './npm-packages.mjs'
import { run } from './processes.mjs'
import { root } from './root.mjs'
import { must, StepFailed } from './steps.mjs'
import { temporaryFolder } from './temporary.mjs'
import { workspaces } from './workspaces.mjs'

/** The versions of TypeScript, besides the repository's own, that have to understand the published types. */
const otherTypeScripts = ['5.6', '7']

const packing = 'packages: pack'
const fetching = `TypeScript ${otherTypeScripts.join(' and ')}: install`

const bin = (/** @type {string} */ name) => join(root, 'node_modules/.bin', name)
const npmInstall = ['install', '--prefer-offline', '--no-fund', '--no-audit', patiently]

/** @typedef {{ name: string, file: string }} Tarball */

/**
 * @param {import('./steps.mjs').Report} report
 * @param {readonly string[]} needs titles of the steps that must have passed
 */
export async function checkPackages(report, needs) {
  const folder = temporaryFolder('packages')
  /** @type {Tarball[]} */
  const tarballs = []
  await report.step(packing, async () => void tarballs.push(...(await pack(folder))), { needs })
  for (const { name } of workspaces('packages')) {
    const file = () => tarballs.find(tarball => tarball.name === name)?.file ?? ''
    const inside = { needs: [packing] }
    await report.step(`${name}: publint`, () => must(bin('publint'), ['run', file(), '--strict']), inside)
    const attw = () => must(bin('attw'), [file(), '--profile', 'node16', '--format', 'ascii', '--no-color'])
    await report.step(`${name}: attw`, attw, inside)
  }
  const compilers = join(folder, 'compilers')
  await report.step(fetching, () => installCompilers(compilers), { needs })
  for (const kind of /** @type {const} */ (['ESM', 'CJS'])) {
    await checkProject(report, kind, { folder: join(folder, kind), compilers, tarballs })
  }
}

/**
 * @param {string} folder
 * @returns {Promise<Tarball[]>}
 */
async function pack(folder) {
  const license = readFileSync(join(root, 'LICENSE'), 'utf8')
  const tarballs = []
  for (const workspace of workspaces('packages')) {
    if (readFileSync(join(root, workspace.folder, 'LICENSE'), 'utf8') !== license) {
      throw new StepFailed(`${workspace.folder}/LICENSE is not a copy of LICENSE`)
    }
    await must('npm', ['pack', `--workspace=${workspace.name}`, `--pack-destination=${folder}`])
    const file = `${workspace.name.replace('@', '').replace('/', '-')}-${workspace.manifest.version}.tgz`
    const listing = (await run('tar', ['-tzf', join(folder, file)])).output.trim().split('\n')
    const stray = listing.filter(
      path =>
        !/^package\/(dist\/[^/]+|prisma\/[^/]+\.prisma|sql\/[^/]+\.sql|package\.json|README\.md|LICENSE|CHANGELOG\.md)$/.test(
          path,
        ),
    )
    if (stray.length > 0) throw new StepFailed(`${file} holds what should not be published: ${stray.join(', ')}`)
    for (const needed of ['README.md', 'LICENSE']) {
      if (!listing.includes(`package/${needed}`)) throw new StepFailed(`${file} has no ${needed}`)
    }
    tarballs.push({ name: workspace.name, file: join(folder, file) })
  }
  return tarballs
}

/** @param {string} folder where each version lies under `node_modules/typescript-<version>` */
async function installCompilers(folder) {
  newProject(folder, 'module')
  const aliases = otherTypeScripts.map(version => `typescript-${version}@npm:typescript@${version}`)
  await must('npm', [...npmInstall, ...aliases], { cwd: folder })
}

/**
 * @param {import('./steps.mjs').Report} report
 * @param {'ESM' | 'CJS'} kind
 * @param {{ folder: string, compilers: string, tarballs: readonly Tarball[] }} of `folder`: of the project that is to be made
 */
async function checkProject(report, kind, { folder, compilers, tarballs }) {
  const installing = `${kind} project: install`
  const install = async () => {
    newProject(folder, kind === 'ESM' ? 'module' : 'commonjs')
    await must('npm', [...npmInstall, ...tarballs.map(({ file }) => file)], { cwd: folder })
    writeSources(folder, kind)
  }
  await report.step(installing, install, { needs: [packing] })

  const needs = [installing]
  const node = (/** @type {readonly string[]} */ args) => must(process.execPath, args, { cwd: folder })
  const script = kind === 'ESM' ? 'login.mjs' : 'login.cjs'
  await report.step(`${kind} project: enrol and log in`, () => node([script]), { needs })
  if (kind === 'ESM') {
    const title = `${kind} project: the command of the conformance kit`
    const command = join(folder, 'node_modules/.bin/sallyport-conformance')
    await report.step(title, () => must(command, ['store', './store.mjs'], { cwd: folder }), { needs })
  }
  if (kind === 'CJS') {
    const title = `${kind} project: the same where require() takes no ESM`
    await report.step(title, () => node(['--no-experimental-require-module', script]), { needs })
  }
  const own = join(root, 'node_modules/typescript/bin/tsc')
  await report.step(`${kind} project: types`, () => node([own]), { needs })
  for (const version of otherTypeScripts) {
    const tsc = join(compilers, `node_modules/typescript-${version}/bin/tsc`)
    const title = `${kind} project: types, TypeScript ${version}`
    await report.step(title, () => node([tsc]), { needs: [installing, fetching] })
  }
}

/**
 * @param {string} folder
 * @param {'module' | 'commonjs'} type
 */
function newProject(folder, type) {
  mkdirSync(folder)
  writeFileSync(join(folder, 'package.json'), JSON.stringify({ name: 'consumer', private: true, type }))
}

/**
 * Writes what scripts/consumer/ holds into a project, with `require` where the project is CommonJS.
 *
 * @param {string} folder
 * @param {'ESM' | 'CJS'} kind
 */
function writeSources(folder, kind) {
  const read = (/** @type {string} */ name) => readFileSync(join(root, 'scripts/consumer', name), 'utf8')
  const required = read('login.mjs').replace(/^import (\{.*\}|\w+) from ('.*')$/gm, 'const $1 = require($2)')
  writeFileSync(join(folder, `login.${kind === 'ESM' ? 'mjs' : 'cjs'}`), kind === 'ESM' ? read('login.mjs') : required)
  writeFileSync(join(folder, 'store.mjs'), read('store.mjs'))
  writeFileSync(join(folder, 'types.ts'), read('types.ts'))
  writeFileSync(join(folder, 'tsconfig.json'), JSON.stringify({ compilerOptions, files: ['types.ts'] }))
}

/** Strict, every declaration file checked, and neither the DOM's types nor those of Node.js in reach. */
const compilerOptions = {
  module: 'NodeNext',
  target: 'ES2022',
  lib: ['ES2022'],
  types: [],
  strict: true,
  exactOptionalPropertyTypes: true,
  noUncheckedIndexedAccess: true,
  skipLibCheck: false,
  noEmit: true,
}

/** Brings `node_modules` to what `package-lock.json` says, and does nothing where it is so already. */
import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { root } from './root.mjs'
import { must } from './steps.mjs'

/**
 * @typedef {{ version?: string, integrity?: string, link?: boolean, resolved?: string, optional?: boolean, devOptional?: boolean,
 *   dependencies?: Record<string, string>, devDependencies?: Record<string, string>, optionalDependencies?: Record<string, string>,
 *   peerDependencies?: Record<string, string>, peerDependenciesMeta?: Record<string, { optional?: boolean }> }} Entry
 * @typedef {Record<string, Entry>} Lock the `packages` of a lock file, by the path of their folder
 */

/** A registry that fails to answer is asked five times more, not twice. */
export const patiently = '--fetch-retries=5'

/** Installs everything that the repository needs. */
export async function installAll() {
  const { lock, installed } = readLocks()
  const why = manifestsDiffer(lock) ?? difference(lock, installed, Object.keys(lock)) ?? leftover(lock, installed)
  if (why === null) return 'as package-lock.json says'
  console.log(`npm ci (${why})`)
  await must('npm', ['ci', patiently])
  return 'installed'
}

/**
 * Installs what one workspace needs at run time, and nothing else. A full installation stays one.
 *
 * @param {string} workspace its folder
 */
export async function installFor(workspace) {
  const { lock, installed } = readLocks()
  const why = difference(lock, installed, closure(lock, workspace))
  if (why === null) return
  const full = existsSync(join(root, 'node_modules/vitest'))
  const args = ['ci', patiently, ...(full ? [] : [`--workspace=${workspace}`, '--omit=dev'])]
  console.log(`npm ${args.join(' ')} (${why})`)
  await must('npm', args)
}

/** @returns {{ lock: Lock, installed: Lock }} what should be there, and what npm noted down as installed */
function readLocks() {
  const read = (/** @type {string} */ path) => JSON.parse(readFileSync(join(root, path), 'utf8')).packages
  const noted = 'node_modules/.package-lock.json'
  return { lock: read('package-lock.json'), installed: existsSync(join(root, noted)) ? read(noted) : {} }
}

/**
 * @param {Lock} lock
 * @param {Lock} installed
 * @param {Iterable<string>} wanted
 * @returns {string | null} the first of `wanted` that is not installed as locked; packages for other platforms may be absent
 */
export function difference(lock, installed, wanted) {
  for (const path of wanted) {
    const should = lock[path]
    const is = installed[path]
    if (path === '' || should === undefined) continue
    if (is === undefined && (should.optional || should.devOptional)) continue
    if (is === undefined) return `${path} is missing`
    if (should.version !== is.version || should.integrity !== is.integrity) return `${path} is another version`
  }
  return null
}

/**
 * @param {Lock} lock
 * @param {Lock} installed
 */
function leftover(lock, installed) {
  const path = Object.keys(installed).find(path => lock[path] === undefined)
  return path === undefined ? null : `${path} is left over`
}

/**
 * @param {Lock} lock
 * @returns {string | null} a manifest whose dependencies the lock file does not know; `npm ci` then says what to do
 */
function manifestsDiffer(lock) {
  const kinds = /** @type {const} */ (['dependencies', 'devDependencies', 'optionalDependencies', 'peerDependencies'])
  for (const [path, entry] of Object.entries(lock)) {
    if (path.includes('node_modules/')) continue
    const manifest = JSON.parse(readFileSync(join(root, path, 'package.json'), 'utf8'))
    const sorted = (/** @type {Record<string, string> | undefined} */ them) =>
      JSON.stringify(Object.entries(them ?? {}).sort())
    if (kinds.some(kind => sorted(manifest[kind]) !== sorted(entry[kind])))
      return `${join(path, 'package.json')} changed`
  }
  return null
}

/**
 * @param {Lock} lock
 * @param {string} workspace
 * @returns {Set<string>} the paths of all packages that a workspace needs at run time, itself included
 */
export function closure(lock, workspace) {
  const found = new Set([workspace])
  for (const path of found) {
    const entry = lock[path]
    if (entry?.link && entry.resolved !== undefined) found.add(entry.resolved)
    const optionalPeer = (/** @type {string} */ name) => entry?.peerDependenciesMeta?.[name]?.optional === true
    const peers = Object.keys(entry?.peerDependencies ?? {}).filter(name => !optionalPeer(name))
    const names = [
      ...Object.keys(entry?.dependencies ?? {}),
      ...Object.keys(entry?.optionalDependencies ?? {}),
      ...peers,
    ]
    for (const name of names) {
      const at = resolve(lock, path, name)
      if (at !== null) found.add(at)
    }
  }
  return found
}

/**
 * @param {Lock} lock
 * @param {string} from
 * @param {string} name
 * @returns {string | null} where Node.js finds the package `name` from the folder `from`
 */
function resolve(lock, from, name) {
  for (let folder = from; ; folder = folder.slice(0, Math.max(0, folder.lastIndexOf('/')))) {
    const candidate = folder === '' ? `node_modules/${name}` : `${folder}/node_modules/${name}`
    if (lock[candidate] !== undefined) return candidate
    if (folder === '') return null
  }
}

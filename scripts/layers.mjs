/**
 * Holds the order of the house: within `packages/core/src` imports run downwards only, the rules of a subject touch no clock, no
 * chance and no outside world, and the other packages know the core by its public names alone.
 *
 * `node scripts/layers.mjs` checks the repository.
 */
import { existsSync, readFileSync } from 'node:fs'
import { join, posix } from 'node:path'
import { pathToFileURL } from 'node:url'
import { importsOf, parse, sourceFiles, usesOf } from './lib/imports.mjs'
import { root } from './lib/root.mjs'
import { workspaces } from './lib/workspaces.mjs'

/**
 * @typedef {object} Room
 * @property {string} name
 * @property {readonly string[]} files a folder ends in `/`; the longest entry that fits a file decides
 * @property {readonly string[]} mayImport names of rooms; its own files a room may always import
 * @property {readonly string[]} packages from npm
 * @property {boolean} [pure] takes no word of `outsideWorld`
 */

/** The words that the rooms share: errors, events, and the types of what goes in and comes out. */
const words = ['words']
const bottom = [...words, 'usage', 'framing', 'otp']
const below = [...bottom, 'subject', 'decide', 'policy', 'vault', 'options', 'store', 'delivery']
const noble = ['@noble/hashes', '@scure/base']

/**
 * The rooms of the core, from the ground up. A file has to have a place here.
 *
 * @type {readonly Room[]}
 */
export const rooms = [
  {
    name: 'words',
    files: ['errors.ts', 'events.ts', 'store/contract.ts', 'delivery/channel.ts', 'outcomes.ts'],
    mayImport: [],
    packages: [],
  },
  { name: 'usage', files: ['usage.ts'], mayImport: words, packages: ['@noble/hashes', 'zod/mini'] },
  { name: 'framing', files: ['framing.ts'], mayImport: [], packages: noble, pure: true },
  { name: 'otp', files: ['otp/'], mayImport: [], packages: noble, pure: true },
  { name: 'subject', files: ['subject/'], mayImport: bottom, packages: [...noble, 'zod/mini'], pure: true },
  { name: 'decide', files: ['policy/decide.ts'], mayImport: bottom, packages: [], pure: true },
  { name: 'policy', files: ['policy/'], mayImport: [...bottom, 'decide'], packages: ['zod/mini', 'ipaddr.js'] },
  { name: 'vault', files: ['vault/'], mayImport: bottom, packages: [...noble, '@noble/ciphers', 'zod/mini'] },
  { name: 'options', files: ['options.ts'], mayImport: [...bottom, 'subject', 'policy'], packages: ['zod/mini'] },
  { name: 'store', files: ['store/'], mayImport: [...bottom, 'subject', 'vault'], packages: [...noble, 'zod/mini'] },
  {
    name: 'delivery',
    files: ['delivery/'],
    mayImport: [...bottom, 'subject', 'vault', 'store'],
    packages: [...noble, 'zod/mini'],
  },
  { name: 'flows', files: ['flows/'], mayImport: below, packages: [...noble, 'zod/mini'] },
  { name: 'face', files: ['two-factor.ts', 'create.ts'], mayImport: [...below, 'flows'], packages: [] },
  { name: 'index', files: ['index.ts'], mayImport: [...below, 'flows', 'face'], packages: [] },
  { name: 'qr', files: ['qr/'], mayImport: [], packages: ['qrcode'] },
  { name: 'http', files: ['http/'], mayImport: words, packages: [] },
  { name: 'ip', files: ['ip/'], mayImport: ['policy'], packages: [] },
  { name: 'testing', files: ['testing/'], mayImport: [...words, 'otp', 'delivery'], packages: [] },
]

/** What a pure room does without. `randomBytes` is noble's; a flow draws it and hands it in. */
const outsideWorld = [
  'Date.now',
  'new Date()',
  'performance',
  'setTimeout',
  'setInterval',
  'setImmediate',
  'queueMicrotask',
  'Math.random',
  'crypto',
  'randomBytes',
  'fetch',
  'console',
  'globalThis',
]

/** What the pure rooms use all the same: a secret is drawn, and the time of a code defaults to now. */
const allowances = ['otp/secret.ts: randomBytes', 'otp/totp.ts: Date.now']

/** What no file of the core may use: it runs on Node.js, Bun, Deno and Workers alike. */
const nowhere = ['process', 'Buffer', '__dirname', '__filename']

/**
 * @param {string} source a folder laid out like `packages/core/src`
 * @returns {string[]} complaints, each with file and line
 */
export function checkCore(source) {
  /** @type {string[]} */
  const complaints = []
  /** @type {Map<string, Set<string>>} */
  const graph = new Map()
  for (const path of sourceFiles(source)) {
    const room = roomOf(path)
    const file = parse(join(source, path))
    const say = (/** @type {number} */ line, /** @type {string} */ problem) =>
      complaints.push(`${path}:${line} ${problem}`)
    if (room === undefined) {
      complaints.push(`${path} has no place in the table of scripts/layers.mjs`)
      continue
    }
    /** @type {Set<string>} */
    const values = new Set()
    graph.set(path, values)
    for (const { specifier, typeOnly, line } of importsOf(file)) {
      if (!specifier.startsWith('.')) {
        const known = room.packages.some(name => specifier === name || specifier.startsWith(`${name}/`))
        if (!known) say(line, `imports "${specifier}": ${room.name} may import ${list(room.packages)} from npm`)
        continue
      }
      const target = posix.join(posix.dirname(path), specifier).replace(/\.js$/, '.ts')
      const other = roomOf(target)
      if (!typeOnly) values.add(target)
      if (other === room || (other !== undefined && room.mayImport.includes(other.name))) continue
      // Types alone make no knot: the events name a method, an outcome nothing else.
      if (room.name === 'words' && other?.name === 'words') continue
      say(line, `imports ${target} (${other?.name ?? 'no room'}): ${room.name} may import ${list(room.mayImport)}`)
    }
    const forbidden = room.pure ? [...outsideWorld, ...nowhere] : nowhere
    for (const { word, line } of usesOf(file, forbidden)) {
      if (!allowances.includes(`${path}: ${word}`))
        say(line, `uses ${word}: ${room.pure ? 'this room is pure' : 'not on every platform'}`)
    }
  }
  return [...complaints, ...cycles(graph)]
}

/** @param {string} path */
function roomOf(path) {
  const fits = (/** @type {string} */ entry) => path === entry || (entry.endsWith('/') && path.startsWith(entry))
  const candidates = rooms.flatMap(room => room.files.filter(fits).map(entry => ({ room, length: entry.length })))
  return candidates.sort((a, b) => b.length - a.length)[0]?.room
}

/**
 * @param {Map<string, Set<string>>} graph imports of values
 * @returns {string[]} one complaint for every import that closes a circle
 */
function cycles(graph) {
  /** @type {string[]} */
  const complaints = []
  const done = new Set()
  const visit = (/** @type {string} */ path, /** @type {readonly string[]} */ trail) => {
    if (trail.includes(path))
      complaints.push(`imports go in a circle: ${[...trail.slice(trail.indexOf(path)), path].join(' → ')}`)
    if (trail.includes(path) || done.has(path)) return
    for (const next of graph.get(path) ?? []) visit(next, [...trail, path])
    done.add(path)
  }
  for (const path of graph.keys()) visit(path, [])
  return complaints
}

/**
 * The sources of every other package: its own files, what its manifest lists, and the core by its public names.
 *
 * @param {{ source: string, manifest: import('./lib/workspaces.mjs').Manifest, core: import('./lib/workspaces.mjs').Manifest }} of
 * @returns {string[]} complaints
 */
export function checkPackage({ source, manifest, core }) {
  /** @type {string[]} */
  const complaints = []
  const faces = Object.keys(core.exports ?? {}).map(path => posix.join(core.name, path))
  const listed = Object.keys({ ...manifest.dependencies, ...manifest.peerDependencies })
  for (const path of sourceFiles(source)) {
    for (const { specifier, line } of importsOf(parse(join(source, path)))) {
      const say = (/** @type {string} */ problem) =>
        complaints.push(`${path}:${line} imports "${specifier}": ${problem}`)
      if (specifier.startsWith('.')) {
        if (posix.join(posix.dirname(path), specifier).startsWith('..')) say('outside its own sources')
      } else if (specifier === core.name || specifier.startsWith(`${core.name}/`)) {
        if (!faces.includes(specifier)) say(`not a public name of ${core.name}`)
      } else if (
        !specifier.startsWith('node:') &&
        !listed.some(name => specifier === name || specifier.startsWith(`${name}/`))
      ) {
        say('not among the dependencies of its package.json')
      }
    }
  }
  return complaints
}

/** @param {readonly string[]} names */
function list(names) {
  return names.length === 0 ? 'nothing' : names.join(', ')
}

/** @returns {string[]} the complaints about this repository */
function checkRepository() {
  const core = JSON.parse(readFileSync(join(root, 'packages/core/package.json'), 'utf8'))
  return workspaces('packages').flatMap(({ folder, manifest }) => {
    const source = join(root, folder, 'src')
    if (!existsSync(source)) return []
    const complaints = manifest.name === core.name ? checkCore(source) : checkPackage({ source, manifest, core })
    return complaints.map(complaint => `${folder}/src/${complaint}`)
  })
}

if (import.meta.url === pathToFileURL(process.argv[1] ?? '').href) {
  const complaints = checkRepository()
  for (const complaint of complaints) console.error(complaint)
  console.log(complaints.length === 0 ? 'imports run downwards only' : `${complaints.length} complaints`)
  process.exitCode = complaints.length === 0 ? 0 : 1
}

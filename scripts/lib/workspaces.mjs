import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { root } from './root.mjs'

/**
 * @typedef {object} Manifest
 * @property {string} name
 * @property {string} version
 * @property {Record<string, unknown>} [exports]
 * @property {Record<string, string>} [dependencies]
 * @property {Record<string, string>} [devDependencies]
 * @property {Record<string, string>} [peerDependencies]
 *
 * @typedef {{ folder: string, name: string, manifest: Manifest }} Workspace `folder`: relative to the repository
 */

/**
 * @param {'packages' | 'examples'} parent
 * @returns {Workspace[]} the workspaces in a folder, each after those of them that it depends on
 */
export function workspaces(parent) {
  const all = readdirSync(join(root, parent)).flatMap(name => {
    const folder = `${parent}/${name}`
    const path = join(root, folder, 'package.json')
    if (!existsSync(path)) return []
    const manifest = /** @type {Manifest} */ (JSON.parse(readFileSync(path, 'utf8')))
    return [{ folder, name: manifest.name, manifest }]
  })
  /** @type {Set<Workspace>} */
  const ordered = new Set()
  const place = (/** @type {Workspace} */ workspace) => {
    for (const other of all) if (other !== workspace && dependsOn(workspace, other)) place(other)
    ordered.add(workspace)
  }
  for (const workspace of all) place(workspace)
  return [...ordered]
}

/**
 * @param {Workspace} workspace
 * @param {Workspace} other
 */
function dependsOn({ manifest }, other) {
  const all = { ...manifest.dependencies, ...manifest.devDependencies, ...manifest.peerDependencies }
  return all[other.name] !== undefined
}

/** Finds the Markdown files of the repository, their fenced blocks and their links. */
import { readdirSync } from 'node:fs'
import { join, relative } from 'node:path'
import { root } from './root.mjs'

/** Folders that hold no documents of ours. */
const elsewhere = new Set(['node_modules', 'dist', 'coverage', '.git'])

/** @returns {string[]} the paths of all Markdown files, relative to the repository */
export function markdownFiles(folder = root) {
  return readdirSync(folder, { withFileTypes: true })
    .flatMap(entry => {
      const path = join(folder, entry.name)
      if (entry.isDirectory()) return elsewhere.has(entry.name) ? [] : markdownFiles(path)
      return entry.name.endsWith('.md') ? [relative(root, path)] : []
    })
    .sort()
}

/**
 * @typedef {object} Fence a fenced block
 * @property {string} info what follows the backticks, as `ts`
 * @property {string} text without the indentation of the fence
 * @property {number} line the number of its first line of text, from 1
 * @property {string} before the last line before the fence that is not empty
 */

/**
 * @param {string} text
 * @returns {Fence[]}
 */
export function fencesIn(text) {
  const lines = text.split('\n')
  /** @type {Fence[]} */
  const fences = []
  for (let index = 0; index < lines.length; index++) {
    const [, indent, ticks, info] = lines[index]?.match(/^([ >]*)(```+)\s*(.*?)\s*$/) ?? []
    if (indent === undefined || ticks === undefined || info === undefined) continue
    const first = index + 1
    const closing = (/** @type {string} */ line) => line.slice(indent.length).trim() === ticks
    while (++index < lines.length && !closing(lines[index] ?? ''));
    const body = lines
      .slice(first, index)
      .map(line => (line.startsWith(indent) ? line.slice(indent.length) : line.trimStart()))
    const before = lines.slice(0, first - 1).findLast(line => line.trim() !== '') ?? ''
    fences.push({ info, text: body.join('\n'), line: first + 1, before: before.trim() })
  }
  return fences
}

/**
 * @param {string} text
 * @returns {{ target: string, line: number }[]} the targets of links and images outside code
 */
export function linksIn(text) {
  return withoutCode(text)
    .split('\n')
    .flatMap((line, index) => {
      const inline = [...line.matchAll(/\]\(\s*<?([^)\s>]+)>?(?:\s+"[^"]*")?\s*\)/g)]
      const reference = [...line.matchAll(/^\s*\[[^\]]+\]:\s*<?([^\s>]+)>?/g)]
      const html = [...line.matchAll(/\b(?:href|src)="([^"]+)"/g)]
      return [...inline, ...reference, ...html].map(match => ({ target: match[1] ?? '', line: index + 1 }))
    })
}

/**
 * @param {string} text
 * @returns {Set<string>} the anchors of its headings, made as code hosts make them
 */
export function anchorsIn(text) {
  /** @type {Set<string>} */
  const anchors = new Set()
  for (const [, heading = ''] of withoutFences(text).matchAll(/^#{1,6}\s+(.*?)\s*#*$/gm)) {
    const plain = heading.replace(/\[([^\]]*)\]\([^)]*\)/g, '$1').toLowerCase()
    const slug = plain.replace(/[^\p{L}\p{N}\p{M}\s_-]/gu, '').replaceAll(' ', '-')
    let anchor = slug
    for (let count = 1; anchors.has(anchor); count++) anchor = `${slug}-${count}`
    anchors.add(anchor)
  }
  for (const [, name = ''] of text.matchAll(/<a\s+(?:id|name)="([^"]+)"/g)) anchors.add(name)
  return anchors
}

/** @param {string} text */
function withoutCode(text) {
  return withoutFences(text).replace(/`[^`\n]*`/g, '')
}

/** @param {string} text with blank lines where the fences were */
function withoutFences(text) {
  return text.replace(/^[ >]*(```+)[^\n]*\n[\s\S]*?^[ >]*\1\s*$/gm, block => block.replace(/[^\n]/g, ''))
}

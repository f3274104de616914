/**
 * Holds the documents to the sources: relative links lead somewhere, and what a document quotes from a file is what stands there.
 *
 * A quotation is a fenced block after a comment that names a region of a file:
 *
 *     <!-- quote examples/express/src/two-factor.ts#connect -->
 *
 * where the file has `// #region connect` … `// #endregion`; regions do not nest. `node scripts/documents.mjs` checks, `--write` copies the
 * regions into the documents.
 */
import { existsSync, readFileSync, statSync, writeFileSync } from 'node:fs'
import { dirname, join, normalize } from 'node:path'
import { pathToFileURL } from 'node:url'
import { anchorsIn, linksIn, markdownFiles } from './lib/markdown.mjs'
import { root } from './lib/root.mjs'

const quotation = /^<!-- quote (\S+)#(\S+) -->\n+```(\w*)\n([\s\S]*?)^```$/gm

/**
 * @param {string} text of a source file
 * @param {string} name
 * @returns {string | null} the lines of a region, moved to the left margin; null where there is no such region
 */
export function region(text, name) {
  const lines = text.split('\n')
  const first = lines.findIndex(line => line.trim() === `// #region ${name}`)
  const length = lines.slice(first + 1).findIndex(line => /^\/\/ #endregion\b/.test(line.trim()))
  if (first === -1 || length === -1) return null
  const body = lines.slice(first + 1, first + 1 + length)
  const margin = Math.min(...body.filter(line => line.trim() !== '').map(line => line.search(/\S/)))
  return `${body
    .map(line => line.slice(margin))
    .join('\n')
    .trim()}\n`
}

/**
 * @param {string} text of a document
 * @param {(path: string) => string} read
 * @returns {{ text: string, complaints: string[] }} the document with every quotation made true
 */
export function requote(text, read) {
  /** @type {string[]} */
  const complaints = []
  const made = text.replace(quotation, (block, path, name, language, quoted) => {
    const should = region(read(path), name)
    if (should === null) complaints.push(`${path} has no region ${name}`)
    if (should === null || should === quoted) return block
    complaints.push(
      `what is quoted from ${path}#${name} is not what stands there: run node scripts/documents.mjs --write`,
    )
    return `<!-- quote ${path}#${name} -->\n\`\`\`${language}\n${should}\`\`\``
  })
  const markers = text.match(/^\s*<!-- quote .*$/gm)?.length ?? 0
  if (markers !== (text.match(quotation)?.length ?? 0)) complaints.push('a quote comment has no fenced block after it')
  return { text: made, complaints }
}

/**
 * @param {string} document its path, relative to the repository
 * @param {string} text
 * @returns {string[]} complaints about links that lead nowhere
 */
function brokenLinks(document, text) {
  return linksIn(text).flatMap(({ target, line }) => {
    if (/^[a-z][a-z0-9+.-]*:/i.test(target)) return []
    const [path = '', anchor] = decodeURI(target).split('#')
    const file = path === '' ? document : normalize(join(dirname(document), path))
    const complaint = `${document}:${line} links to ${target}, which does not exist`
    if (file.startsWith('..') || !existsSync(join(root, file))) return [complaint]
    if (anchor === undefined || !file.endsWith('.md') || statSync(join(root, file)).isDirectory()) return []
    return anchorsIn(readFileSync(join(root, file), 'utf8')).has(anchor) ? [] : [complaint]
  })
}

if (import.meta.url === pathToFileURL(process.argv[1] ?? '').href) {
  const write = process.argv.includes('--write')
  const complaints = markdownFiles().flatMap(document => {
    const path = join(root, document)
    const before = readFileSync(path, 'utf8')
    const made = requote(before, source => readFileSync(join(root, source), 'utf8'))
    if (write && made.text !== before) writeFileSync(path, made.text)
    const text = write ? made.text : before
    const quotes = write
      ? requote(text, source => readFileSync(join(root, source), 'utf8')).complaints
      : made.complaints
    return [...quotes.map(complaint => `${document}: ${complaint}`), ...brokenLinks(document, text)]
  })
  for (const complaint of complaints) console.error(complaint)
  process.exitCode = complaints.length === 0 ? 0 : 1
}

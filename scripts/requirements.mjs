/**
 * The table of security requirements in docs/security.md, with the tests that show each: those whose titles carry its number.
 *
 * `node scripts/requirements.mjs --check` fails where the table is not what the tests say, where a requirement has neither test
 * nor an entry below, or where a title carries a number that does not exist; `--write` writes the table.
 */
import { existsSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import ts from 'typescript'
import { parse, sourceFiles } from './lib/imports.mjs'
import { root } from './lib/root.mjs'
import { workspaces } from './lib/workspaces.mjs'

const begin = '<!-- requirements:begin -->'
const end = '<!-- requirements:end -->'
const page = 'docs/security.md'

/** @typedef {{ file: string, title: string }} Test */
/** @typedef {Record<string, Record<string, string>>} Groups requirements by number, by the name of their group */

/**
 * @param {string} path of a test file
 * @returns {string[]} the titles of its tests and groups, as written; skipped ones show nothing and are left out
 */
export function titlesOf(path) {
  /** @type {string[]} */
  const titles = []
  const visit = (/** @type {ts.Node} */ node) => {
    if (ts.isCallExpression(node)) {
      const names = calledNames(node.expression)
      const title = node.arguments[0]
      const isTest = ['it', 'test', 'describe'].includes(names[0] ?? '')
      if (isTest && names.some(name => name === 'skip' || name === 'todo')) return
      if (isTest && title !== undefined) {
        if (ts.isStringLiteralLike(title)) titles.push(title.text)
        else if (ts.isTemplateExpression(title))
          titles.push(
            title
              .getText()
              .slice(1, -1)
              .replace(/\$\{.*?\}/g, '…'),
          )
      }
    }
    ts.forEachChild(node, visit)
  }
  visit(parse(path))
  return titles
}

/**
 * @param {ts.Expression} expression
 * @returns {string[]} `it.each(table)` → it, each
 */
function calledNames(expression) {
  if (ts.isIdentifier(expression)) return [expression.text]
  if (ts.isPropertyAccessExpression(expression)) return [...calledNames(expression.expression), expression.name.text]
  if (ts.isCallExpression(expression)) return calledNames(expression.expression)
  if (ts.isTaggedTemplateExpression(expression)) return calledNames(expression.tag)
  return []
}

/** @returns {Test[]} all titles of this repository's tests that carry a number */
function testsOfRepository() {
  const own = [...workspaces('packages'), ...workspaces('examples')].map(({ folder }) => `${folder}/test`)
  return [...own, 'test']
    .filter(folder => existsSync(join(root, folder)))
    .flatMap(folder => sourceFiles(join(root, folder)).map(path => `${folder}/${path}`))
    .filter(file => file.endsWith('.test.ts'))
    .flatMap(file => titlesOf(join(root, file)).map(title => ({ file, title })))
    .filter(({ title }) => numbersIn(title).length > 0)
}

/** @param {string} title */
function numbersIn(title) {
  return [...title.matchAll(/\bR\d+\b/g)].map(([number]) => number)
}

/**
 * @param {Groups} groups
 * @param {readonly Test[]} tests
 * @returns {{ table: string, complaints: string[] }}
 */
export function render(groups, tests) {
  const known = Object.values(groups).flatMap(group => Object.keys(group))
  const complaints = tests.flatMap(({ file, title }) => {
    const unknown = numbersIn(title).filter(number => !known.includes(number))
    return unknown.map(number => `${file}: there is no ${number}: "${title}"`)
  })
  const rows = Object.entries(groups).flatMap(([group, requirements]) => [
    `\n### ${group}\n`,
    '| | Requirement | Shown by |',
    '|---|---|---|',
    ...Object.entries(requirements).map(([number, text]) => {
      const showing = tests.filter(({ title }) => numbersIn(title).includes(number))
      if (showing.length === 0) complaints.push(`no test shows ${number}: ${text}`)
      return `| **${number}** | ${text} | ${showing.length === 0 ? 'no test yet' : links(showing)} |`
    }),
  ])
  return { table: `${rows.join('\n').trim()}\n`, complaints }
}

/** @param {readonly Test[]} tests */
function links(tests) {
  const files = [...new Set(tests.map(({ file }) => file))]
  const inTable = (/** @type {string} */ text) =>
    text
      .replace(/\s+/g, ' ')
      .replace(/%[sdifjo]|\$[\w.]+/g, '…')
      .replace(/[\\|<>*_`[\]]/g, '\\$&')
  return files
    .map(file => {
      const titles = tests.filter(test => test.file === file).map(({ title }) => `“${inTable(title)}”`)
      return `[${file.replace(/^(packages|examples)\/(.*)\/test\//, '$2: ').replace(/^test\//, 'all stores: ')}](../${file}): ${[...new Set(titles)].join(', ')}`
    })
    .join('<br>')
}

/**
 * @param {string} text of the page
 * @param {string} table
 */
export function insert(text, table) {
  const [before, rest] = text.split(begin)
  const after = rest?.split(end)[1]
  if (before === undefined || after === undefined) throw new Error(`${page} lacks ${begin} or ${end}`)
  return `${before}${begin}\n${table}${end}${after}`
}

if (import.meta.url === pathToFileURL(process.argv[1] ?? '').href) {
  const groups = JSON.parse(readFileSync(join(root, 'docs/requirements.json'), 'utf8'))
  const { table, complaints } = render(groups, testsOfRepository())
  const path = join(root, page)
  const is = readFileSync(path, 'utf8')
  const should = insert(is, table)
  if (process.argv.includes('--write')) writeFileSync(path, should)
  else if (is !== should) complaints.push(`${page} is not up to date: run node scripts/requirements.mjs --write`)
  for (const complaint of complaints) console.error(complaint)
  process.exitCode = complaints.length === 0 ? 0 : 1
}

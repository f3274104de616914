/** What a TypeScript file imports, and which words of the outside world it uses. Read from its syntax, never run. */
import { readdirSync, readFileSync } from 'node:fs'
import { join, relative } from 'node:path'
import ts from 'typescript'

/**
 * @typedef {{ specifier: string, typeOnly: boolean, names: readonly string[], line: number }} Import
 * @typedef {{ word: string, line: number }} Use
 */

/**
 * @param {string} folder
 * @returns {string[]} all TypeScript files under it, relative to it and with `/`, sorted
 */
export function sourceFiles(folder) {
  return readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter(entry => entry.isFile() && /\.[cm]?tsx?$/.test(entry.name))
    .map(entry => relative(folder, join(entry.parentPath, entry.name)).replaceAll('\\', '/'))
    .sort()
}

/** @param {string} path */
export function parse(path) {
  return ts.createSourceFile(path, readFileSync(path, 'utf8'), ts.ScriptTarget.Latest, true)
}

/**
 * @param {ts.SourceFile} file
 * @returns {Import[]} static, dynamic and type imports, `require`, and re-exports
 */
export function importsOf(file) {
  /** @type {Import[]} */
  const found = []
  /** @param {ts.Node} node @param {ts.Node | undefined} module @param {boolean} typeOnly @param {readonly string[]} names */
  const add = (node, module, typeOnly, names = []) => {
    if (module !== undefined && ts.isStringLiteralLike(module)) {
      found.push({ specifier: module.text, typeOnly, names, line: lineOf(file, node) })
    }
  }
  each(file, node => {
    if (ts.isImportDeclaration(node)) {
      const clause = node.importClause
      const bindings = clause?.namedBindings
      const named = bindings !== undefined && ts.isNamedImports(bindings) ? bindings.elements : undefined
      const allTypes =
        named !== undefined && named.length > 0 && clause?.name === undefined && named.every(name => name.isTypeOnly)
      const names = named?.map(({ propertyName, name }) => (propertyName ?? name).text)
      add(node, node.moduleSpecifier, clause?.isTypeOnly === true || allTypes, names)
    } else if (ts.isExportDeclaration(node)) {
      const clause = node.exportClause
      const allTypes =
        clause !== undefined && ts.isNamedExports(clause) && clause.elements.every(name => name.isTypeOnly)
      add(node, node.moduleSpecifier, node.isTypeOnly || allTypes)
    } else if (ts.isImportTypeNode(node) && ts.isLiteralTypeNode(node.argument)) {
      add(node, node.argument.literal, true)
    } else if (ts.isImportEqualsDeclaration(node) && ts.isExternalModuleReference(node.moduleReference)) {
      add(node, node.moduleReference.expression, node.isTypeOnly)
    } else if (ts.isCallExpression(node)) {
      const { expression } = node
      const isRequire = ts.isIdentifier(expression) && expression.text === 'require'
      if (isRequire || expression.kind === ts.SyntaxKind.ImportKeyword) add(node, node.arguments[0], false)
    }
  })
  return found
}

/**
 * @param {ts.SourceFile} file
 * @param {readonly string[]} words names (`process`), members (`Date.now`) and constructions without arguments (`new Date()`)
 * @returns {Use[]} where they occur as values
 */
export function usesOf(file, words) {
  /** @type {Use[]} */
  const found = []
  each(file, node => {
    const word = wordOf(node)
    if (word !== null && words.includes(word)) found.push({ word, line: lineOf(file, node) })
  })
  return found
}

/** @param {ts.Node} node */
function wordOf(node) {
  if (ts.isPropertyAccessExpression(node) && ts.isIdentifier(node.expression))
    return `${node.expression.text}.${node.name.text}`
  if (ts.isNewExpression(node) && ts.isIdentifier(node.expression) && !node.arguments?.length)
    return `new ${node.expression.text}()`
  if (!ts.isIdentifier(node)) return null
  const { parent } = node
  const isMemberName =
    'name' in parent && parent.name === node && !ts.isVariableDeclaration(parent) && !ts.isParameter(parent)
  return isMemberName || ts.isTypeNode(parent) || ts.isJSDocNameReference(parent) ? null : node.text
}

/**
 * @param {ts.Node} node
 * @param {(node: ts.Node) => void} visit
 */
function each(node, visit) {
  visit(node)
  ts.forEachChild(node, child => each(child, visit))
}

/**
 * @param {ts.SourceFile} file
 * @param {ts.Node} node
 */
function lineOf(file, node) {
  return file.getLineAndCharacterOfPosition(node.getStart(file)).line + 1
}

/**
 * Type-checks every example: the ```ts blocks of all documents, and those of the `@example` tags in the docstrings of the
 * packages. Each is a module of its own, checked against the sources under the options of tsconfig.json. Complaints name the
 * line of the document. What is quoted from a file (scripts/documents.mjs) is checked there.
 */
import { existsSync, readFileSync } from 'node:fs'
import { dirname, join, relative } from 'node:path'
import ts from 'typescript'
import { sourceFiles } from './lib/imports.mjs'
import { fencesIn, markdownFiles } from './lib/markdown.mjs'
import { root } from './lib/root.mjs'
import { workspaces } from './lib/workspaces.mjs'

/** @typedef {{ file: string, line: number, text: string }} Example `line`: where its first line stands in `file` */

/** @returns {{ examples: Example[], complaints: string[] }} */
function collect() {
  const documents = markdownFiles()
  const sources = workspaces('packages')
    .filter(({ folder }) => existsSync(join(root, folder, 'src')))
    .flatMap(({ folder }) => sourceFiles(join(root, folder, 'src')).map(path => `${folder}/src/${path}`))
  const complaints = []
  const examples = []
  for (const file of [...documents, ...sources]) {
    const text = readFileSync(join(root, file), 'utf8')
    for (const fence of fencesIn(file.endsWith('.md') ? text : docstrings(text))) {
      if (/^(typescript|ts[x,\s:{].*)$/.test(fence.info)) {
        complaints.push(`${file}:${fence.line - 1} is marked "${fence.info}": write \`\`\`ts, which is checked`)
      } else if (fence.info === 'ts' && !fence.before.startsWith('<!-- quote ')) {
        examples.push({ file, line: fence.line, text: fence.text })
      }
    }
  }
  return { examples, complaints }
}

/**
 * @param {string} text of a source file
 * @returns {string} its docstrings without their stars, on the same lines; all other lines empty
 */
function docstrings(text) {
  let inside = false
  return text
    .split('\n')
    .map(line => {
      if (/^\s*\/\*\*/.test(line)) inside = true
      const kept = inside ? line.replace(/^\s*(\/\*\*|\*\/?) ?/, '') : ''
      if (line.includes('*/')) inside = false
      return kept
    })
    .join('\n')
}

/**
 * @param {readonly Example[]} examples
 * @returns {string[]} complaints
 */
function typeCheck(examples) {
  const { config } = ts.readConfigFile(join(root, 'tsconfig.json'), ts.sys.readFile)
  const { options } = ts.parseJsonConfigFileContent({ ...config, include: [], files: [] }, ts.sys, root)
  options['configFilePath'] = join(root, 'tsconfig.json')

  // The modules exist for the compiler alone. Each lies beside its document, and its text on the lines that it has there.
  const modules = new Map(
    examples.map(({ file, line, text }) => [
      join(root, dirname(file), `example of ${file.replaceAll('/', ' ')} at ${line}.mts`),
      { file, text: `${'\n'.repeat(line - 1)}${text}\nexport {}\n` },
    ]),
  )
  const host = ts.createCompilerHost(options)
  const { fileExists, readFile, getSourceFile } = host
  host.fileExists = path => modules.has(path) || fileExists(path)
  host.readFile = path => modules.get(path)?.text ?? readFile(path)
  host.getSourceFile = (path, languageVersion, ...rest) => {
    const module = modules.get(path)
    if (module === undefined) return getSourceFile(path, languageVersion, ...rest)
    return ts.createSourceFile(path, module.text, languageVersion, true)
  }
  const program = ts.createProgram([...modules.keys()], options, host)
  return ts.getPreEmitDiagnostics(program).map(({ file, start = 0, messageText }) => {
    const message = ts.flattenDiagnosticMessageText(messageText, '\n  ')
    if (file === undefined) return message
    const line = file.getLineAndCharacterOfPosition(start).line + 1
    return `${modules.get(file.fileName)?.file ?? relative(root, file.fileName)}:${line} ${message}`
  })
}

const { examples, complaints } = collect()
complaints.push(...typeCheck(examples))
for (const complaint of complaints) console.error(complaint)
console.log(`${examples.length} examples, ${complaints.length} complaints`)
process.exitCode = complaints.length === 0 ? 0 : 1

/** Type-checks texts that lie in no file, as the sources of this repository would be checked. */

import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import ts from 'typescript'

export const root = fileURLToPath(new URL('../', import.meta.url))

/**
 * @param texts by the absolute path that each is to be checked under: modules are looked for from there
 * @returns what the compiler says of them, with path and line
 */
export function typeComplaints(texts: ReadonlyMap<string, string>): string[] {
  const { config } = ts.readConfigFile(join(root, 'tsconfig.json'), ts.sys.readFile)
  const { options } = ts.parseJsonConfigFileContent({ ...config, include: [], files: [] }, ts.sys, root)
  const host = ts.createCompilerHost(options)
  const { fileExists, readFile } = host
  host.fileExists = name => texts.has(name) || fileExists(name)
  host.readFile = name => texts.get(name) ?? readFile(name)
  const program = ts.createProgram([...texts.keys()], options, host)
  return [...texts.keys()].flatMap(name =>
    program.getSemanticDiagnostics(program.getSourceFile(name)).map(({ messageText, start }) => {
      const line = (texts.get(name) ?? '').slice(0, start).split('\n').length
      return `${name}:${line} ${ts.flattenDiagnosticMessageText(messageText, '\n')}`
    }),
  )
}

/**
 * Holds the public face to its docstrings: everything that a package exports says what it is, and every function, class and constant
 * shows it by an example. `node scripts/docstrings.mjs` checks the repository.
 */
import { relative } from 'node:path'
import { pathToFileURL } from 'node:url'
import ts from 'typescript'
import { root } from './lib/root.mjs'

/**
 * @param {readonly string[]} entries files whose exports are public
 * @param {ts.CompilerOptions} options
 * @returns {string[]} complaints
 */
export function undocumented(entries, options) {
  const program = ts.createProgram(entries, options)
  const checker = program.getTypeChecker()
  return entries.flatMap(entry => {
    const source = program.getSourceFile(entry)
    const module = source && checker.getSymbolAtLocation(source)
    if (module === undefined) return [`${relative(root, entry)} exports nothing`]
    return checker.getExportsOfModule(module).flatMap(exported => {
      const symbol = exported.flags & ts.SymbolFlags.Alias ? checker.getAliasedSymbol(exported) : exported
      const says = ts.displayPartsToString(symbol.getDocumentationComment(checker)) !== ''
      const shows = symbol.getJsDocTags(checker).some(tag => tag.name === 'example')
      const name = `${relative(root, entry)}: ${exported.name}`
      if (!says) return [`${name} has no docstring`]
      return symbol.flags & ts.SymbolFlags.Value && !shows ? [`${name} has no example`] : []
    })
  })
}

/** The entries of all packages are those that tsconfig.json gives their public names to. */
function check() {
  const { config } = ts.readConfigFile(`${root}/tsconfig.json`, ts.sys.readFile)
  const { options } = ts.parseJsonConfigFileContent({ ...config, include: [], files: [] }, ts.sys, root)
  const entries = Object.values(options.paths ?? {}).map(([path]) => ts.sys.resolvePath(`${root}/${path}`))
  const complaints = undocumented(entries, options)
  for (const complaint of complaints) console.error(complaint)
  console.log(`${entries.length} entries, ${complaints.length} complaints`)
  process.exitCode = complaints.length === 0 ? 0 : 1
}

if (process.argv[1] !== undefined && import.meta.url === pathToFileURL(process.argv[1]).href) check()

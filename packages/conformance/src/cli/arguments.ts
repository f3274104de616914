import { parseArgs } from 'node:util'
import { largestSeed, newSeed } from '../store/random.js'
import { NothingRan } from './nothing-ran.js'
import { type ReporterName, reporters } from './reporters/index.js'

export const usage = `Usage: sallyport-conformance store <module> [options]

Runs the cases that show whether a store keeps the contract of @sallyport/core.
<module>: a file whose default export is a StoreBackend, or a function that returns one.

  --reporter <name>  ${Object.keys(reporters).join(', ')}; text by default
  --output <file>    write the report to a file
  --only <id>        run this case or group of cases; may be given several times
  --runs <n>         run everything so often; once by default
  --seed <n>         make the random histories from this seed
  --processes <n>    spread the clients over so many processes, each of which loads the module

Exit code: 0 all that is a MUST passed, 1 a MUST failed, 2 nothing ran.
`

/** What the command line asks for. */
export interface Arguments {
  readonly module: string
  readonly reporter: ReporterName
  readonly output: string | null
  /** Ids, or the groups before their slashes; empty: all. */
  readonly only: readonly string[]
  readonly runs: number
  readonly seed: number
  /** Null: the clients live in this one. */
  readonly processes: number | null
}

const options = {
  reporter: { type: 'string', default: 'text' },
  output: { type: 'string' },
  only: { type: 'string', multiple: true },
  runs: { type: 'string', default: '1' },
  seed: { type: 'string' },
  processes: { type: 'string' },
  help: { type: 'boolean', short: 'h', default: false },
} as const

/**
 * @returns what is asked for; null: to be told how
 * @throws NothingRan where it is not understood
 */
export function readArguments(args: readonly string[]): Arguments | null {
  const { values, positionals } = parsed(args)
  if (values.help) return null
  const [suite, module, ...rest] = positionals
  if (suite === undefined) throw new NothingRan(`nothing to do\n\n${usage}`)
  if (suite !== 'store') throw new NothingRan(`there is no suite "${suite}": only store\n\n${usage}`)
  if (module === undefined) throw new NothingRan(`no module is named\n\n${usage}`)
  if (rest.length > 0) throw new NothingRan(`one module at a time: what is ${rest.join(' ')}?`)
  const { reporter, output = null, only = [] } = values
  if (!isReporter(reporter)) {
    throw new NothingRan(`there is no reporter "${reporter}": ${Object.keys(reporters).join(', ')}`)
  }
  const seed = values.seed === undefined ? newSeed() : integer('--seed', values.seed, 0, largestSeed)
  const processes = values.processes === undefined ? null : integer('--processes', values.processes, 2, 64)
  return { module, reporter, output, only, runs: integer('--runs', values.runs, 1, 1_000_000), seed, processes }
}

function parsed(args: readonly string[]) {
  try {
    return parseArgs({ args: [...args], options, allowPositionals: true })
  } catch (error) {
    throw new NothingRan(`${(error as Error).message}\n\n${usage}`)
  }
}

function isReporter(name: string): name is ReporterName {
  return Object.hasOwn(reporters, name)
}

function integer(name: string, value: string, least: number, most: number): number {
  const number = /^\d+$/.test(value) ? Number(value) : Number.NaN
  if (number >= least && number <= most) return number
  throw new NothingRan(`${name} must be an integer from ${least} to ${most}, and not "${value}"`)
}

import { parseArgs } from 'node:util'
import { largestSeed, newSeed } from '../store/random.js'
import { NothingRan } from './nothing-ran.js'
import { type ReporterName, reporters } from './reporters/index.js'

export const usage = `Usage: sallyport-conformance store <module> [options]
       sallyport-conformance channel <module> [options]

Runs the cases that show whether a store, or a channel, keeps the contract of @sallyport/core.
<module>: a file whose default export is a StoreBackend, or a ChannelBackend, or a function that returns one.

  --reporter <name>  ${Object.keys(reporters).join(', ')}; text by default
  --output <file>    write the report to a file
  --only <id>        run this case or group of cases; may be given several times
  --runs <n>         run everything so often; once by default
  --seed <n>         make the random histories of a store from this seed
  --processes <n>    spread the clients of a store over so many processes, each of which loads the module

Exit code: 0 all that is a MUST passed, 1 a MUST failed, 2 nothing ran.
`

const suites = ['store', 'channel'] as const

/** What can be proven. */
export type SuiteName = (typeof suites)[number]

/** What the command line asks for. */
export interface Arguments {
  readonly suite: SuiteName
  readonly module: string
  readonly reporter: ReporterName
  readonly output: string | null
  /** Ids, or the groups before their slashes; empty: all. */
  readonly only: readonly string[]
  readonly runs: number
  /** Null: nothing is random. */
  readonly seed: number | null
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
  if (!isSuite(suite)) throw new NothingRan(`there is no suite "${suite}": ${suites.join(', ')}\n\n${usage}`)
  if (module === undefined) throw new NothingRan(`no module is named\n\n${usage}`)
  if (rest.length > 0) throw new NothingRan(`one module at a time: what is ${rest.join(' ')}?`)
  const { reporter, output = null, only = [] } = values
  if (!isReporter(reporter)) {
    throw new NothingRan(`there is no reporter "${reporter}": ${Object.keys(reporters).join(', ')}`)
  }
  const runs = integer('--runs', values.runs, 1, 1_000_000)
  const seed = seedFor(suite, values.seed)
  const processes = values.processes === undefined ? null : integer('--processes', values.processes, 2, 64)
  if (suite !== 'store' && processes !== null) throw new NothingRan('--processes is for stores')
  return { suite, module, reporter, output, only, runs, seed, processes }
}

function seedFor(suite: SuiteName, given: string | undefined): number | null {
  if (suite === 'store') return given === undefined ? newSeed() : integer('--seed', given, 0, largestSeed)
  if (given !== undefined) throw new NothingRan('--seed is for the random histories of a store')
  return null
}

function isSuite(name: string): name is SuiteName {
  return (suites as readonly string[]).includes(name)
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

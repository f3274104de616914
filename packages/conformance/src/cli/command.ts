import { appendFileSync, writeFileSync } from 'node:fs'
import type { ConformanceCase } from '../case.js'
import { type Arguments, readArguments, usage } from './arguments.js'
import { messageOf, NothingRan } from './nothing-ran.js'
import { count, type Outcome, outcomeOf } from './outcome.js'
import { reporters } from './reporters/index.js'
import { type LoadedSuite, loadSuite } from './suites.js'

/** Where a command writes to. */
export interface Streams {
  out(text: string): void
  error(text: string): void
}

/** Carries out what the command line asks for. @returns the exit code */
export async function command(args: readonly string[], streams: Streams): Promise<number> {
  try {
    const asked = readArguments(args)
    if (asked === null) {
      streams.out(usage)
      return 0
    }
    const outcomes = await run(asked, streams.out)
    return count(outcomes, 'failed', 'MUST') === 0 ? 0 : 1
  } catch (error) {
    if (!(error instanceof NothingRan)) throw error
    streams.error(`sallyport-conformance: ${error.message.trimEnd()}\n`)
    return 2
  }
}

async function run(asked: Arguments, out: (text: string) => void): Promise<Outcome[]> {
  const write = asked.output === null ? out : fileWriter(asked.output)
  const { casesOf, end } = await loadSuite(asked)
  try {
    return await runAll(casesOf, asked, write)
  } finally {
    end()
  }
}

async function runAll(
  casesOf: LoadedSuite['casesOf'],
  asked: Arguments,
  write: (text: string) => void,
): Promise<Outcome[]> {
  const reporter = reporters[asked.reporter]
  const suites = Array.from({ length: asked.runs }, (_, run) => chosen(casesOf(run), asked.only))
  if (suites[0]?.every(({ excused }) => excused !== null))
    throw new NothingRan('the backend is excused from all of this')
  const outcomes: Outcome[] = []
  write(reporter.begin(asked))
  for (const [run, cases] of suites.entries()) {
    for (const each of cases) {
      const outcome = await outcomeOf(each, run + 1)
      write(reporter.each(outcome, outcomes.push(outcome) - 1))
    }
  }
  write(reporter.end(asked, outcomes))
  return outcomes
}

/** The cases of these ids and groups; all where none is named. */
function chosen(cases: readonly ConformanceCase[], only: readonly string[]): readonly ConformanceCase[] {
  const fits = (name: string, id: string) => id === name || id.startsWith(`${name}/`)
  const unknown = only.find(name => !cases.some(({ id }) => fits(name, id)))
  if (unknown !== undefined) {
    throw new NothingRan(`there is no case "${unknown}". There are:\n  ${cases.map(({ id }) => id).join('\n  ')}`)
  }
  return only.length === 0 ? cases : cases.filter(({ id }) => only.some(name => fits(name, id)))
}

/** The file is begun before anything runs: a place that cannot be written to is told at once. */
function fileWriter(path: string): (text: string) => void {
  try {
    writeFileSync(path, '')
  } catch (error) {
    throw new NothingRan(`the report cannot be written: ${messageOf(error)}`)
  }
  return text => appendFileSync(path, text)
}

/** A process of its own on a place: one instance of an application, as a load balancer would have several. */
import { type ChildProcess, fork } from 'node:child_process'
import { createHash } from 'node:crypto'
import { once } from 'node:events'
import { renameSync, writeFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { build } from 'esbuild'
import type { Place } from '../backends/index.js'

const here = (path: string) => fileURLToPath(new URL(path, import.meta.url))

/** Bundled once for all processes of a test file: compiled by each of them, the sources would take most of their time. */
const program = bundle()

async function bundle(): Promise<string> {
  const { outputFiles } = await build({
    entryPoints: [here('./instance.ts')],
    write: false,
    bundle: true,
    platform: 'node',
    format: 'esm',
    packages: 'external',
    tsconfig: here('../../tsconfig.json'),
  })
  const contents = outputFiles[0]?.contents ?? new Uint8Array()
  const name = createHash('sha256').update(contents).digest('hex').slice(0, 16)
  const path = here(`../../node_modules/.cache/sallyport/instance-${name}.mjs`)
  // Moved into place: another test file may be doing the same.
  const aside = `${path}.${process.pid}`
  writeFileSync(aside, contents)
  renameSync(aside, path)
  return path
}

/** What an instance is made of: plain data, since it goes to another process. */
export interface Instance {
  place: Place
  keys: readonly string[]
  /** Where each call stands still when it writes, for good; when all do, it says so, and a test kills it at that very moment. */
  stopsAt?: 'before the write' | 'within the write' | 'after the write'
}

/** One verb of `createTwoFactor`, by its path, at a moment of the test's clock. `undefined` in `args` arrives as null. */
export interface Call {
  verb: string
  args: readonly unknown[]
  /** ms since 1970 */
  now: number
  /** How it hears of its writes, which reach the store all the same: as of one that failed, or of one that a driver sent twice. */
  replies?: 'lost' | 'of the second write'
}

/** What came of a call: what it returned, as JSON has it, and the code that it mailed; or the code of what it threw. */
export type Outcome = { value: unknown; mailed: string | null; code: 'ok' } | { code: string }

export interface Process {
  /** Runs all of them at once. */
  run(calls: readonly Call[]): Promise<Outcome[]>
  /** Runs all of them at once, and resolves when each stands where it was told to stop. */
  runUntilItStops(...calls: readonly Call[]): Promise<void>
  /** Closes its connections and ends. */
  stop(): Promise<void>
  /** Ends it as a power cut would. */
  kill(): Promise<void>
}

/** Starts a process, and resolves when it is connected. */
export async function startProcess(instance: Instance): Promise<Process> {
  const child = fork(await program, [JSON.stringify(instance)], {
    execArgv: [],
    serialization: 'advanced',
    stdio: ['ignore', 'inherit', 'inherit', 'ipc'],
  })
  await answerOf(child)
  return {
    async run(calls) {
      const answer = answerOf(child)
      child.send(calls)
      return (await answer) as Outcome[]
    },
    async runUntilItStops(...calls) {
      const answer = answerOf(child)
      child.send(calls)
      const said = await answer
      if (said !== instance.stopsAt) throw new Error(`it did not stop, but answered ${JSON.stringify(said)}`)
    },
    async stop() {
      if (child.exitCode !== null || child.signalCode !== null) return
      const exit = once(child, 'exit')
      child.disconnect()
      await exit
    },
    async kill() {
      const exit = once(child, 'exit')
      child.kill('SIGKILL')
      await exit
    },
  }
}

/** The next message of a process, one at a time. */
function answerOf(child: ChildProcess): Promise<unknown> {
  return new Promise((resolve, reject) => {
    const settle = (work: () => void) => {
      child.off('message', onMessage)
      child.off('exit', onExit)
      work()
    }
    const onMessage = (message: unknown) => settle(() => resolve(message))
    const onExit = (code: number | null) => settle(() => reject(new Error(`the process ended with exit code ${code}`)))
    child.on('message', onMessage)
    child.on('exit', onExit)
  })
}

/** Deals the calls out to the processes, which run all of them at once; what came of each, in the order of the calls. */
export async function runEverywhere(processes: readonly Process[], calls: readonly Call[]): Promise<Outcome[]> {
  const hands = processes.map((_, nth) => calls.filter((_, index) => index % processes.length === nth))
  const outcomes = await Promise.all(processes.map((process, nth) => process.run(hands[nth] ?? [])))
  return calls.flatMap((_, index) => outcomes[index % processes.length]?.[Math.floor(index / processes.length)] ?? [])
}

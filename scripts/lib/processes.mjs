/** Child processes that never outlive this one: a signal ends them all, with whatever they started. */
import { spawn } from 'node:child_process'
import { setTimeout as pause } from 'node:timers/promises'
import { root } from './root.mjs'

/** How long a child may take to end before it is killed, in ms. */
const patience = 5_000

/** Process groups that are alive, by the id of their leader. */
const groups = new Set()
let stopping = false

/**
 * Runs a command to its end. It leads a process group of its own, so that everything it starts can be ended with it.
 *
 * @param {string} command
 * @param {readonly string[]} args
 * @param {{ cwd?: string, env?: Record<string, string | undefined>, show?: boolean, uid?: number, gid?: number }} [options] `show`: to the
 *   terminal as it comes; `uid`, `gid`: of another user than this one
 * @returns {Promise<{ code: number, output: string }>} `output`: both streams in the order of arrival; empty where shown
 */
export function run(command, args, { show = false, ...options } = {}) {
  return new Promise((resolve, reject) => {
    if (stopping) return
    const child = start(command, args, { show, ...options })
    let output = ''
    for (const stream of [child.stdout, child.stderr]) {
      stream?.setEncoding('utf8').on('data', text => {
        output += text
      })
    }
    child.on('error', error => !stopping && reject(error))
    child.on('close', (code, signal) => {
      if (stopping) return
      resolve({ code: code ?? 1, output: signal === null ? output : `${output}\nended by ${signal}\n` })
    })
  })
}

/**
 * Starts a command and leaves it running; the caller may listen to its `close`.
 *
 * @param {string} command
 * @param {readonly string[]} args
 * @param {{ cwd?: string, env?: Record<string, string | undefined>, show?: boolean, uid?: number, gid?: number }} [options]
 */
export function start(command, args, { cwd = root, env = {}, show = true, ...user } = {}) {
  const output = show ? 'inherit' : 'pipe'
  const child = spawn(command, args, {
    cwd,
    env: { ...process.env, ...env },
    detached: true,
    stdio: ['ignore', output, output],
    ...user,
  })
  const { pid } = child
  if (pid !== undefined) {
    groups.add(pid)
    child.on('close', () => groups.delete(pid))
  }
  return child
}

/** Ends every child and its group: asks first, kills after {@link patience}. */
export async function endChildren() {
  stopping = true
  const left = new Set(groups)
  for (const pid of left) signal(pid, 'SIGTERM')
  for (const deadline = Date.now() + patience; left.size > 0 && Date.now() < deadline; await pause(20)) {
    for (const pid of left) if (!signal(pid, 0)) left.delete(pid)
  }
  for (const pid of left) signal(pid, 'SIGKILL')
}

/** Whether the children are being ended, so that their end is no news. */
export const isStopping = () => stopping

/**
 * What Ctrl-C and its like do: end the children, then this process.
 *
 * @param {(signal: NodeJS.Signals) => number} exitCode
 */
export function stopOnSignals(exitCode) {
  const stop = async (/** @type {NodeJS.Signals} */ name) => {
    if (stopping) return
    await endChildren()
    process.exit(exitCode(name))
  }
  for (const name of /** @type {const} */ (['SIGINT', 'SIGTERM', 'SIGHUP'])) process.on(name, stop)

  // What ends npm alone, as SIGKILL does, is not passed on.
  if (process.env['npm_lifecycle_event'] === undefined) return
  const parent = process.ppid
  setInterval(() => process.ppid !== parent && stop('SIGTERM'), 250).unref()
}

/**
 * @param {number} group
 * @param {NodeJS.Signals | 0} name
 * @returns {boolean} whether the group was there
 */
function signal(group, name) {
  try {
    process.kill(-group, name)
    return true
  } catch {
    return false
  }
}

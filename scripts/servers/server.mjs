/** One server of the tests: started in a folder of its own, told ready by its own words, stopped by the process that was started. */
import { spawn } from 'node:child_process'
import { chownSync, rmSync } from 'node:fs'
import { createServer } from 'node:net'
import { setTimeout as pause } from 'node:timers/promises'
import { StepFailed } from '../lib/steps.mjs'
import { findProgram, packageOf } from '../lib/system-packages.mjs'
import { temporaryFolder } from '../lib/temporary.mjs'

/** How long a server may take to start, and how long to stop, in ms. */
const patience = { start: 60_000, stop: 10_000 }

/**
 * @typedef {{ uid: number, gid: number } | undefined} Owner the user that a server runs as; undefined: this one
 * @typedef {{ stop(): Promise<void> }} Server
 */

/** Those that are not ready yet: nobody has a {@link Server} to stop them by. @type {Set<import('node:child_process').ChildProcess>} */
const starting = new Set()
let stopped = false

/** Ends what is still starting, and waits for its end. Nothing is started any more. */
export async function stopStarting() {
  stopped = true
  const children = [...starting]
  const ends = children.map(child => new Promise(resolve => child.once('close', resolve)))
  for (const child of children) child.kill('SIGKILL')
  await Promise.all(ends)
}

/**
 * Starts a program and waits for the line by which it tells that it is ready.
 *
 * @param {string} program of the table in lib/system-packages.mjs
 * @param {readonly string[]} args
 * @param {{ folder: string, ready: RegExp, owner?: Owner, signal?: NodeJS.Signals }} options `signal`: what ends it quickly and cleanly
 * @returns {Promise<Server>}
 */
export async function startServer(program, args, { folder, ready, owner, signal = 'SIGTERM' }) {
  if (stopped) throw new StepFailed(`${program} is not to be started any more`)
  const child = spawn(programAt(program), args, { cwd: folder, stdio: ['ignore', 'pipe', 'pipe'], ...owner })
  starting.add(child)
  child.once('close', () => starting.delete(child))
  const ended = new Promise(resolve => child.once('close', resolve))
  let said = ''
  await new Promise((resolve, reject) => {
    const fail = (/** @type {string} */ why) => {
      clearTimeout(timer)
      child.kill('SIGKILL')
      reject(new StepFailed(`${program} ${why}\n${said.slice(-4000)}`))
    }
    const timer = setTimeout(() => fail(`was not ready within ${patience.start / 1000} s`), patience.start)
    child.once('error', error => fail(`did not start: ${error.message}`))
    child.once('close', code => fail(`ended with exit code ${code}`))
    for (const stream of [child.stdout, child.stderr]) {
      stream.setEncoding('utf8').on('data', text => {
        said += text
        if (!ready.test(said)) return
        clearTimeout(timer)
        starting.delete(child)
        resolve(undefined)
      })
    }
  })
  // What it says from now on is read and thrown away, or a full pipe would stop it.
  said = ''
  return {
    async stop() {
      child.kill(signal)
      const late = pause(patience.stop, 'late', { ref: false })
      if ((await Promise.race([ended, late])) === 'late') child.kill('SIGKILL')
      await ended
      rmSync(folder, { recursive: true, force: true })
    },
  }
}

/**
 * @param {string} program of the table in lib/system-packages.mjs
 * @returns {string} its path
 */
export function programAt(program) {
  const path = findProgram(program)
  if (path === null) throw new StepFailed(`${program} is not installed: install the package ${packageOf(program)}`)
  return path
}

/**
 * @param {string} name
 * @param {Owner} [owner]
 * @returns {string} a new folder of that user's
 */
export function folderFor(name, owner) {
  const folder = temporaryFolder(name)
  if (owner !== undefined) chownSync(folder, owner.uid, owner.gid)
  return folder
}

/** Below what systems give to outgoing connections, one of which could take the port before the server does. */
const ports = { from: 20_000, to: 32_000 }

/** How often a server is started whose port somebody else takes first. */
const mostTries = 5

/**
 * Starts a server at ports that are free. Another one may be there first: then at others.
 *
 * @template T
 * @param {number} count
 * @param {(...ports: number[]) => Promise<T>} start
 * @returns {Promise<T>}
 */
export async function withFreePorts(count, start) {
  for (let tries = 1; ; tries++) {
    /** @type {number[]} */
    const ports = []
    while (ports.length < count) ports.push(await freePort())
    try {
      return await start(...ports)
    } catch (error) {
      const taken = error instanceof StepFailed && /address already in use/i.test(error.message)
      if (!taken || tries === mostTries) throw error
    }
  }
}

/** Those that are given away: a server that is being prepared does not listen yet. @type {Set<number>} */
const given = new Set()

/** @returns {Promise<number>} a port of loopback that nobody listens on and that is given to nobody else, drawn lest two processes meet */
export async function freePort() {
  for (;;) {
    const port = ports.from + Math.floor(Math.random() * (ports.to - ports.from))
    if (given.has(port)) continue
    given.add(port)
    if (await isFree(port)) return port
  }
}

/**
 * @param {number} port
 * @returns {Promise<boolean>}
 */
function isFree(port) {
  return new Promise(resolve => {
    const probe = createServer()
    probe.once('error', () => resolve(false))
    probe.listen(port, '127.0.0.1', () => probe.close(() => resolve(true)))
  })
}

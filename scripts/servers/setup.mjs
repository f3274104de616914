/** The global set-up of those projects of vitest that talk to servers: one set of servers for a whole run, also of several projects. */
import { spawn } from 'node:child_process'
import { createInterface } from 'node:readline'
import { fileURLToPath } from 'node:url'
import { generatePrismaClients } from './prisma-clients.mjs'

const script = fileURLToPath(new URL('../servers.mjs', import.meta.url))

/** @returns {Promise<() => Promise<void>>} what stops them */
async function start() {
  const child = spawn(process.execPath, [script], { stdio: ['pipe', 'pipe', 'inherit'] })
  const ended = new Promise(resolve => child.once('close', resolve))
  const stop = async () => {
    child.stdin.end()
    await ended
  }
  try {
    const [variables, clients] = await Promise.all([firstLine(child.stdout), generatePrismaClients()])
    // Workers, and the processes that tests start, find them where a user's own servers would be.
    Object.assign(process.env, JSON.parse(variables), { SALLYPORT_TEST_PRISMA_CLIENTS: clients })
    return stop
  } catch (error) {
    await stop()
    throw error
  }
}

/** @param {import('node:stream').Readable} stream */
async function firstLine(stream) {
  for await (const line of createInterface(stream)) return line
  throw new Error('the servers that the tests need could not be started: see above')
}

/** Several projects of one run share this process, though not this module. */
const shared = /** @type {{ [key: symbol]: { users: number, started: ReturnType<typeof start> } | undefined }} */ (
  /** @type {unknown} */ (globalThis)
)
const place = Symbol.for('sallyport: servers of the tests')

export default async function setup() {
  shared[place] ??= { users: 0, started: start() }
  const servers = shared[place]
  servers.users++
  const stop = await servers.started
  return async () => {
    if (--servers.users > 0) return
    delete shared[place]
    await stop()
  }
}

/** `npm run demo`: installs what the example application needs, starts it, and keeps it until Ctrl-C. */
import { spawn } from 'node:child_process'
import { createServer } from 'node:net'
import { join, relative, resolve } from 'node:path'
import { setTimeout as pause } from 'node:timers/promises'
import generateExampleClients from './example-clients.mjs'
import { installFor } from './lib/npm-packages.mjs'
import { endChildren, isStopping, start, stopOnSignals } from './lib/processes.mjs'
import { root } from './lib/root.mjs'
import { StepFailed } from './lib/steps.mjs'

const example = 'examples/express'
const usualPort = 3000

/** How long the page may take to come up, in ms. */
const patience = 60_000

stopOnSignals(() => 0)
try {
  await demo()
} catch (error) {
  console.error(error instanceof StepFailed ? error.message : error)
  await endChildren()
  process.exit(1)
}

async function demo() {
  console.log(`Sallyport: the application in ${example}`)
  await installFor(example)
  await generateExampleClients()
  const port = await choosePort()
  const url = `http://localhost:${port}`

  const data = dataFolder()
  const env = { PORT: String(port), DATA: data, TSX_TSCONFIG_PATH: join(root, 'tsconfig.json') }
  const server = start(process.execPath, ['--import', 'tsx', 'src/server.ts'], { cwd: join(root, example), env })
  server.on('error', error => console.error(error))
  server.on('close', code => {
    if (isStopping()) return
    console.error(`the application ended with exit code ${code ?? 'none'}`)
    process.exit(code || 1)
  })
  await answering(url)
  console.log(`
  ${url}

Sign up with any address, then turn on two-factor authentication in the profile. Ctrl-C ends it.
Accounts are kept in ${relative(process.cwd(), data)}: the next run finds them again.`)
  openBrowser(url)
}

/** @returns {string} `DATA`, as seen from where the command was given, else the example's own */
function dataFolder() {
  const asked = process.env['DATA']
  return asked ? resolve(process.env['INIT_CWD'] ?? '', asked) : join(root, example, 'data')
}

/** @returns {Promise<number>} `PORT`, else the usual one, else one that is free */
async function choosePort() {
  const asked = process.env['PORT']
  if (asked) {
    const port = Number(asked)
    if (!Number.isInteger(port) || port < 1 || port > 65_535) throw new StepFailed(`PORT is no port: ${asked}`)
    if ((await freePort(port)) === null) throw new StepFailed(`port ${port} is taken: choose another with PORT`)
    return port
  }
  const usual = await freePort(usualPort)
  if (usual !== null) return usual
  const other = await freePort(0)
  if (other === null) throw new StepFailed('no port is free')
  console.log(`port ${usualPort} is taken; using ${other}`)
  return other
}

/**
 * @param {number} port 0: any
 * @returns {Promise<number | null>} the port, where nobody listens on it
 */
function freePort(port) {
  return new Promise(resolve => {
    const probe = createServer()
    probe.once('error', () => resolve(null))
    probe.listen(port, () => {
      const address = probe.address()
      probe.close(() => resolve(typeof address === 'object' && address !== null ? address.port : null))
    })
  })
}

/** @param {string} url */
async function answering(url) {
  for (const deadline = Date.now() + patience; Date.now() < deadline; await pause(100)) {
    try {
      const response = await fetch(url, { redirect: 'manual' })
      if (response.status < 500) return
    } catch {
      // Not yet.
    }
  }
  throw new StepFailed(`${url} did not answer within ${patience / 1000} s`)
}

/** @param {string} url opened where there is a person with a desktop to see it; that it fails is no trouble */
function openBrowser(url) {
  const mac = process.platform === 'darwin'
  const desktop = mac || process.env['DISPLAY'] || process.env['WAYLAND_DISPLAY']
  if (!process.stdout.isTTY || !desktop) return
  // Let go of, unlike the application: the browser outlives the demonstration.
  const opener = spawn(mac ? 'open' : 'xdg-open', [url], { detached: true, stdio: 'ignore' })
  opener.on('error', () => {})
  opener.unref()
}

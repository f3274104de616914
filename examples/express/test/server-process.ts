/** The example as somebody starts it: `src/server.ts` in a process of its own, on the real clock. */
import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { fileURLToPath } from 'node:url'

const here = (path: string) => fileURLToPath(new URL(path, import.meta.url))

export interface ServerProcess {
  /** `http://localhost:…` */
  origin: string
  /** All that it has said so far. */
  said(): string
  /** Its exit code; null where the signal has ended it. */
  end(signal: NodeJS.Signals): Promise<number | null>
}

/** Starts it, and resolves when it tells where it is. */
export async function startServer(env: Record<string, string>): Promise<ServerProcess> {
  const { child, said, exited } = launch(env)
  const listening = new Promise<string>(resolve => {
    child.stdout?.on('data', () => {
      const origin = /Acme is at (http:\/\/localhost:\d+)/.exec(said())?.[1]
      if (origin !== undefined) resolve(origin)
    })
  })
  const failed = exited.then(code => {
    throw new Error(`the server ended with exit code ${code}:\n${said()}`)
  })
  const origin = await Promise.race([listening, failed])
  failed.catch(() => {})
  return {
    origin,
    said,
    end(signal) {
      child.kill(signal)
      return exited
    },
  }
}

/** Starts it where it cannot start. */
export async function failToStart(env: Record<string, string>): Promise<{ code: number | null; said: string }> {
  const { said, exited } = launch(env)
  const code = await exited
  return { code, said: said() }
}

function launch(env: Record<string, string>) {
  const {
    SALLYPORT_KEY: _key,
    TWO_FACTOR_STORE: _store,
    SMTP_URL: _mail,
    TRUSTED_PROXIES: _proxies,
    TWILIO_ACCOUNT_SID: _sms,
    ...inherited
  } = process.env
  const child: ChildProcess = spawn(process.execPath, ['--import', 'tsx', 'src/server.ts'], {
    cwd: here('..'),
    env: { ...inherited, PORT: '0', TSX_TSCONFIG_PATH: here('../../../tsconfig.json'), ...env },
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  let said = ''
  for (const stream of [child.stdout, child.stderr]) {
    stream?.setEncoding('utf8').on('data', text => {
      said += text
    })
  }
  const exited = once(child, 'close').then(([code]) => code as number | null)
  return { child, said: () => said, exited }
}

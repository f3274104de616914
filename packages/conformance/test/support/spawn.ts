import { spawn } from 'node:child_process'
import { fileURLToPath } from 'node:url'

const root = fileURLToPath(new URL('../../../..', import.meta.url))

export interface Ended {
  code: number | null
  out: string
  error: string
}

/** Runs Node.js on sources to its end, in the root of the repository. */
export function node(args: readonly string[], flags: readonly string[] = []): Promise<Ended> {
  const env = {
    ...process.env,
    TSX_TSCONFIG_PATH: `${root}/tsconfig.json`,
    NODE_OPTIONS: '',
    NODE_TEST_CONTEXT: undefined,
  }
  const child = spawn(process.execPath, ['--import', 'tsx', ...flags, ...args], { cwd: root, env })
  const ended: Ended = { code: null, out: '', error: '' }
  child.stdout.setEncoding('utf8').on('data', text => {
    ended.out += text
  })
  child.stderr.setEncoding('utf8').on('data', text => {
    ended.error += text
  })
  return new Promise((resolve, reject) => {
    child.on('error', reject)
    child.on('close', code => resolve({ ...ended, code }))
  })
}

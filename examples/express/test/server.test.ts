import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { fileURLToPath } from 'node:url'
import { expect, test } from 'vitest'

const here = (path: string) => fileURLToPath(new URL(path, import.meta.url))

test.each(['SIGINT', 'SIGTERM'] as const)(
  'it starts without a setting, tells where it is, and stops cleanly on %s',
  async signal => {
    const { SALLYPORT_KEY: _, ...env } = process.env
    const child = spawn(process.execPath, ['--import', 'tsx', 'src/server.ts'], {
      cwd: here('..'),
      env: { ...env, PORT: '0', TSX_TSCONFIG_PATH: here('../../../tsconfig.json') },
      stdio: ['ignore', 'pipe', 'inherit'],
    })
    let said = ''
    for await (const chunk of child.stdout) {
      said += chunk
      const origin = /http:\/\/localhost:\d+/.exec(said)?.[0]
      if (origin === undefined) continue
      expect((await fetch(`${origin}/login`)).status).toBe(200)
      break
    }
    expect(said).toContain('SALLYPORT_KEY is not set')
    const exit = once(child, 'exit')
    child.kill(signal)
    expect(await exit).toEqual([0, null])
  },
)

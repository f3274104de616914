/** The application on a free port, with a clock that the test turns. */
import { randomBytes } from 'node:crypto'
import { once } from 'node:events'
import type { Server, ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { testClock } from '@sallyport/core/testing'
import { createApp } from '../src/app.js'

export interface RunningApp {
  /** `http://localhost:…` */
  origin: string
  clock: ReturnType<typeof testClock>
  /** Keeps the answer to the next POST back until it is released; resolves when there is one. */
  holdNextPost(): { answered: Promise<void>; release(): void }
  stop(): Promise<void>
}

export async function startApp({ required = false, https = false } = {}): Promise<RunningApp> {
  const clock = testClock()
  const key = randomBytes(32).toString('base64')
  const server = createApp({ key, required, clock, https }).listen(0, 'localhost')
  await once(server, 'listening')
  const { port } = server.address() as AddressInfo
  return {
    origin: `http://localhost:${port}`,
    clock,
    holdNextPost: () => holdNextPost(server),
    async stop() {
      server.closeAllConnections()
      server.close()
      await once(server, 'close')
    },
  }
}

function holdNextPost(server: Server): { answered: Promise<void>; release(): void } {
  const kept: (() => void)[] = []
  const answered = new Promise<void>(resolve => {
    server.prependListener('request', function hold({ method }, response: ServerResponse) {
      if (method !== 'POST') return
      server.off('request', hold)
      const { write, end } = response
      response.write = ((...args: Parameters<typeof write>) => {
        kept.push(() => write.apply(response, args))
        return true
      }) as typeof write
      response.end = ((...args: Parameters<typeof end>) => {
        kept.push(() => end.apply(response, args))
        resolve()
        return response
      }) as typeof end
    })
  })
  return {
    answered,
    release() {
      for (const send of kept) send()
    },
  }
}

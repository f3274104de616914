/** The application on a free port, on a database of its own, with a clock that the test turns. */
import { randomBytes } from 'node:crypto'
import { once } from 'node:events'
import { mkdtempSync, rmSync } from 'node:fs'
import type { Server, ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { Store } from '@sallyport/core'
import { testClock } from '@sallyport/core/testing'
import { makeAccounts } from '../src/accounts.js'
import { createApp } from '../src/app.js'
import { type Database, openDatabase } from '../src/database.js'
import { openStore } from '../src/store.js'

export interface Settings {
  required?: boolean
  https?: boolean
  /** As `TWO_FACTOR_STORE` has it; SQLite where it is missing. */
  store?: string
  /** Puts something around the store; the store as it is where it is missing. */
  around?: (store: Store) => Store
}

export interface RunningApp {
  /** `http://localhost:…` */
  origin: string
  clock: ReturnType<typeof testClock>
  database: Database
  /** Keeps the answer to the next POST back until it is released; resolves when there is one. */
  holdNextPost(): { answered: Promise<void>; release(): void }
  /** Stops it, and starts another on what it kept, at the same address. */
  restart(): Promise<void>
  stop(): Promise<void>
}

export async function startApp(settings: Settings = {}): Promise<RunningApp> {
  const folder = mkdtempSync(join(tmpdir(), 'acme-'))
  const key = randomBytes(32).toString('base64')
  const clock = testClock()

  async function run(port: number) {
    const { store: address, around = store => store, required = false, https = false } = settings
    const database = await openDatabase(folder)
    const { store, close } = await openStore(address, database)
    const app = createApp({ accounts: makeAccounts(database), store: around(store), key, required, https, clock })
    const server = app.listen(port, 'localhost')
    await once(server, 'listening')
    const end = async () => {
      server.closeAllConnections()
      server.close()
      await once(server, 'close')
      await close()
      await database.$disconnect()
    }
    return { database, server, end }
  }

  let running = await run(0)
  const { port } = running.server.address() as AddressInfo
  return {
    origin: `http://localhost:${port}`,
    clock,
    get database() {
      return running.database
    },
    holdNextPost: () => holdNextPost(running.server),
    async restart() {
      await running.end()
      running = await run(port)
    },
    async stop() {
      await running.end()
      rmSync(folder, { recursive: true })
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

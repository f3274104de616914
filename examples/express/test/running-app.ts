/** The application on a free port, on a database of its own, with a clock that the test turns. */
import { randomBytes } from 'node:crypto'
import { once } from 'node:events'
import { mkdtempSync, rmSync } from 'node:fs'
import { createServer, type Server, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { Store } from '@sallyport/core'
import { testClock } from '@sallyport/core/testing'
import { type Accounts, makeAccounts } from '../src/accounts.js'
import { createApp } from '../src/app.js'
import { codesByMail, codesByTextMessage } from '../src/channels.js'
import { type Database, openDatabase } from '../src/database.js'
import type { Inbox } from '../src/demo-mail-server.js'
import { openMail } from '../src/mail.js'
import { makeNotices, type NoticeSettings } from '../src/notices.js'
import { initialPolicy, makePolicies } from '../src/policy.js'
import { openStore } from '../src/store.js'
import { trustedProxiesIn } from '../src/trusted-proxies.js'

export interface Settings {
  /** As `TWO_FACTOR=required` has it. */
  required?: boolean
  https?: boolean
  /** As `SMTP_URL` has it; the demo's own server where it is missing, no mail where it is null. */
  smtp?: string | null
  /** As `FIRST_ENROLLMENT` has it. */
  firstEnrollment?: 'email'
  /** As `TRUSTED_PROXIES` has it. */
  trustedProxies?: string
  /** What mails notices; what mails codes where it is missing. */
  noticesBy?: NoticeSettings['mail']['transport']
  /** As `TWO_FACTOR_STORE` has it; SQLite where it is missing. */
  store?: string
  /** Puts something around the store; the store as it is where it is missing. */
  around?: (store: Store) => Store
  /** Puts something around the accounts that the application uses. */
  aroundAccounts?: (accounts: Accounts) => Accounts
  /** Called for each request that has its session, just before its page is looked for. */
  onRequest?: () => void
}

export interface RunningApp {
  /** `http://localhost:…` */
  origin: string
  clock: ReturnType<typeof testClock>
  database: Database
  /** What the demo's own server was given to mail, the newest first. */
  inbox: Inbox
  /** The lines that the console channel printed, the newest last. */
  printed: readonly string[]
  /** Resolves when all notices are on their way. */
  noticed(): Promise<void>
  /** Keeps the answer to the next POST back until it is released; resolves when there is one. */
  holdNextPost(): { answered: Promise<void>; release(): void }
  /** Stops it, and starts another on what it kept, at the same address; `changed`: where something is set otherwise from then on. */
  restart(changed?: Settings): Promise<void>
  stop(): Promise<void>
}

export async function startApp(given: Settings = {}): Promise<RunningApp> {
  let settings = given
  const folder = mkdtempSync(join(tmpdir(), 'acme-'))
  const key = randomBytes(32).toString('base64')
  const clock = testClock()
  const printed: string[] = []

  async function run() {
    const { store: address, around = store => store, required = false, https = false } = settings
    const {
      smtp,
      firstEnrollment,
      trustedProxies,
      noticesBy,
      onRequest = () => {},
      aroundAccounts = accounts => accounts,
    } = settings
    const database = await openDatabase(folder)
    const { store, close } = await openStore(address, database)
    const accounts = makeAccounts(database, clock)
    const mail = smtp === null ? null : await openMail(smtp)
    const byMail = mail === null ? [] : [codesByMail(mail, accounts, firstEnrollment === 'email')]
    const inbox = mail?.inbox ?? null
    const texts = codesByTextMessage({}, inbox && (line => printed.push(line)))
    const notices = mail && makeNotices({ accounts, mail: { ...mail, transport: noticesBy ?? mail.transport } })
    const policies = makePolicies(database, initialPolicy(required, clock()))
    const policyOfRequest = async () => {
      const policy = await policies.now()
      onRequest()
      return policy
    }
    const app = createApp({
      accounts: aroundAccounts(accounts),
      store: around(store),
      key,
      channels: [...byMail, ...texts.channels],
      ...(notices === null ? {} : { notices }),
      policies: { ...policies, now: policyOfRequest },
      ...(firstEnrollment === undefined ? {} : { firstEnrollment: { channel: firstEnrollment } }),
      trustedProxies: trustedProxiesIn(trustedProxies),
      https,
      demo: { inbox, printsTexts: texts.printed },
      clock,
    })
    const end = async () => {
      await notices?.close()
      await mail?.close()
      await close()
      await database.$disconnect()
    }
    const noticed = async () => notices?.idle()
    return { app, database, inbox: inbox ?? [], noticed, end }
  }

  let running = await run()
  // One for all of them: a port that is given back for a restart may be somebody else's by then.
  const server = createServer((request, response) => running.app(request, response))
  // However long a test takes between two requests: no connection ends just when a client sends the next one.
  server.keepAliveTimeout = 0
  // Of localhost the address that a test can tell from others of this computer: see `proxyAddress`.
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  const { port } = server.address() as AddressInfo
  return {
    origin: `http://localhost:${port}`,
    clock,
    get database() {
      return running.database
    },
    get inbox() {
      return running.inbox
    },
    printed,
    noticed: () => running.noticed(),
    holdNextPost: () => holdNextPost(server),
    async restart(changed = {}) {
      settings = { ...settings, ...changed }
      server.closeAllConnections()
      await running.end()
      running = await run()
    },
    async stop() {
      server.closeAllConnections()
      server.close()
      await once(server, 'close')
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

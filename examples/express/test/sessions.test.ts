/** Which session goes on where the others end. */
import { randomUUID } from 'node:crypto'
import { once } from 'node:events'
import { mkdtempSync, rmSync } from 'node:fs'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import express, { type Request, type Response } from 'express'
import { describe, expect, onTestFinished, test } from 'vitest'
import { type Accounts, makeAccounts, type User } from '../src/accounts.js'
import { openDatabase } from '../src/database.js'
import { beginLogin, currentUser, endOtherSessions, sessions, startSession } from '../src/sessions.js'

/** Whether a session that began under that version goes on after the others were ended, which made `now` the user's. */
async function goesOn(of: object, began: number, now = 7): Promise<boolean> {
  const session = { regenerate: (done: () => void) => done(), ...of }
  const req = { session, sessionID: randomUUID() } as unknown as Request
  const user = { id: 'ada', sessionsVersion: now } as User
  const accounts = { endSessions: async () => now, find: async () => user } as unknown as Accounts
  await beginLogin(req, { ...user, sessionsVersion: began })
  await endOtherSessions(accounts, 'ada', req)
  // On the way there nobody is signed in yet.
  Object.assign(session, { userId: 'ada' })
  await currentUser(accounts)(req, {} as Response, () => {})
  return req.user === user
}

describe('ending the other sessions', () => {
  test('R33: lets the one go on that was good until now, signed in or on the way there', async () => {
    expect(await goesOn({ userId: 'ada' }, 6)).toBe(true)
    expect(await goesOn({ login: { userId: 'ada' } }, 6)).toBe(true)
  })

  test('R33: revives none that something else has ended meanwhile, and none of another user', async () => {
    expect(await goesOn({ userId: 'ada' }, 5)).toBe(false)
    expect(await goesOn({ userId: 'bob' }, 6)).toBe(false)
    expect(await goesOn({}, 6)).toBe(false)
  })
})

describe('sessions as they are kept', () => {
  /** Accounts in a database, sessions in their store, and pages that do one thing each. */
  async function start() {
    const folder = mkdtempSync(join(tmpdir(), 'acme-'))
    const database = await openDatabase(folder)
    const accounts = makeAccounts(database)
    const { id } = await accounts.signUp('ada@example.com', 'correct horse battery staple')
    let held: Promise<void> = Promise.resolve()
    let reached = () => {}

    const app = express()
    app.use(sessions({ secureCookies: false }), currentUser(accounts))
    app.get('/password', async (req, res) => {
      await beginLogin(req, await accounts.get(id))
      req.session.login = { userId: id, outcome: 'challenge', challenge: '', methods: [] }
      res.end()
    })
    app.get('/code', async (req, res) => {
      await startSession(req, await accounts.get(id))
      res.end()
    })
    app.get('/change', async (req, res) => {
      await endOtherSessions(accounts, id, req)
      res.end()
    })
    /** Writes its session when it is let go on: as it was when it came, and a notice. */
    app.get('/slow', async (req, res) => {
      reached()
      await held
      req.session.notice = { text: 'done', kind: 'good' }
      res.end()
    })
    app.get('/user', (req, res) => void res.end(req.user?.email ?? 'nobody'))
    const server = app.listen(0, '127.0.0.1')
    await once(server, 'listening')
    const { port } = server.address() as AddressInfo
    onTestFinished(async () => {
      server.closeAllConnections()
      server.close()
      await database.$disconnect()
      rmSync(folder, { recursive: true })
    })

    /** A browser: it keeps the newest cookie. */
    function arrive() {
      let cookie = ''
      return async (path: string): Promise<string> => {
        const response = await fetch(`http://127.0.0.1:${port}${path}`, { headers: { cookie } })
        cookie = response.headers.get('set-cookie')?.split(';')[0] ?? cookie
        return response.text()
      }
    }

    /** Has a request under way until `release`. */
    async function hold(get: (path: string) => Promise<string>) {
      let release = () => {}
      const isReached = new Promise<void>(resolve => {
        reached = resolve
      })
      held = new Promise(resolve => {
        release = resolve
      })
      const answered = get('/slow')
      await isReached
      return {
        async release() {
          release()
          await answered
        },
      }
    }
    return { accounts, id, arrive, hold }
  }

  test('R33: a change of factors on the way in, or when signed in, ends every other session and not its own', async () => {
    const { arrive } = await start()
    const [ada, elsewhere] = [arrive(), arrive()]
    for (const get of [ada, elsewhere]) await get('/password')
    // As the first enrolment at login is one.
    await ada('/change')
    for (const get of [ada, elsewhere]) await get('/code')
    expect(await ada('/user')).toBe('ada@example.com')
    expect(await elsewhere('/user')).toBe('nobody')

    for (const page of ['/password', '/code']) await elsewhere(page)
    expect(await elsewhere('/user')).toBe('ada@example.com')
    await elsewhere('/change')
    expect(await elsewhere('/user')).toBe('ada@example.com')
    expect(await ada('/user')).toBe('nobody')
  })

  test('of two requests at once one ends the others, and the other writes the session as it was: neither ends it', async () => {
    const { arrive, hold } = await start()
    const ada = arrive()
    for (const page of ['/password', '/code']) await ada(page)
    const held = await hold(ada)
    await ada('/change')
    await held.release()
    expect(await ada('/user')).toBe('ada@example.com')

    const alsoHeld = await hold(ada)
    await ada('/change')
    await ada('/change')
    await alsoHeld.release()
    expect(await ada('/user')).toBe('ada@example.com')
  })

  test('R33: a request that writes its session after something else has ended it revives nothing', async () => {
    const { accounts, id, arrive, hold } = await start()
    const ada = arrive()
    for (const page of ['/password', '/code']) await ada(page)
    const held = await hold(ada)
    await endOtherSessions(accounts, id, undefined)
    await held.release()
    expect(await ada('/user')).toBe('nobody')
  })

  test('R55: what has ended the sessions since the password was given has ended the one that the code begins', async () => {
    const { accounts, id, arrive } = await start()
    const ada = arrive()
    await ada('/password')
    await endOtherSessions(accounts, id, undefined)
    await ada('/code')
    expect(await ada('/user')).toBe('nobody')
  })
})

/** Which session goes on where the others end. */
import { randomUUID } from 'node:crypto'
import type { Request, Response } from 'express'
import { describe, expect, test } from 'vitest'
import type { Accounts, User } from '../src/accounts.js'
import { beginLogin, currentUser, endOtherSessions } from '../src/sessions.js'

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

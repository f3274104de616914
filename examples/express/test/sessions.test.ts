/** Which session goes on where the others end. */
import { describe, expect, test } from 'vitest'
import type { Accounts } from '../src/accounts.js'
import { endOtherSessions } from '../src/sessions.js'

/** The version of a session after the others were ended, which made `now` the user's. */
async function versionAfter(session: object, now = 7): Promise<unknown> {
  const accounts = { endSessions: async () => now } as unknown as Accounts
  await endOtherSessions(accounts, 'ada', { session })
  return (session as { version?: unknown }).version
}

describe('ending the other sessions', () => {
  test('R33: lets the one go on that was good until now, signed in or on the way there', async () => {
    expect(await versionAfter({ userId: 'ada', version: 6 })).toBe(7)
    expect(await versionAfter({ login: { userId: 'ada' }, version: 6 })).toBe(7)
  })

  test('R33: revives none that something else has ended meanwhile, and none of another user', async () => {
    expect(await versionAfter({ userId: 'ada', version: 5 })).toBe(5)
    expect(await versionAfter({ userId: 'bob', version: 6 })).toBe(6)
    expect(await versionAfter({ version: 6 })).toBe(6)
  })
})

/** Recovery codes that were made and not yet saved: who sees them again, and until when. */
import { request } from 'playwright-core'
import { afterEach, beforeEach, describe, expect, onTestFinished, test } from 'vitest'
import { type RunningApp, startApp } from './running-app.js'
import { printedCodes } from './sent-codes.js'
import { password, recoveryCodesOf, Visitor } from './visitor.js'

const codesPage = '/profile/recovery-codes/new'
const againPage = '/profile/recovery-codes/again'
const number = '+12025550142'

let app: RunningApp
/** Made new codes in this session, and did not save them. */
let ada: Visitor
let codes: string[]

beforeEach(async () => {
  app = await startApp()
  ada = await (await arrive()).enrolled()
  codes = await makesNewCodes(ada)
})
afterEach(() => app.stop())

async function arrive(email?: string): Promise<Visitor> {
  const client = await request.newContext({ baseURL: app.origin })
  onTestFinished(() => client.dispose())
  return new Visitor(app, client, email)
}

async function makesNewCodes(visitor: Visitor): Promise<string[]> {
  return recoveryCodesOf(await visitor.send('/profile', '/profile/recovery-codes', await answerOf(visitor)))
}

const answerOf = async (visitor: Visitor) => ({ method: 'totp', code: await visitor.nextCode() })
const page = async ({ request: client }: Visitor, path: string) => (await client.get(path)).text()
const shownTo = async (visitor: Visitor) => recoveryCodesOf(await page(visitor, codesPage))
const isOffered = async (visitor: Visitor) => (await page(visitor, '/profile')).includes('Show them again')

/** The same person in another browser, who has logged in. */
async function adaElsewhere(): Promise<Visitor> {
  const elsewhere = await arrive()
  elsewhere.phone = ada.phone
  await elsewhere.signIn()
  expect(await elsewhere.isSignedIn()).toBe(true)
  return elsewhere
}

describe('in another session of the person', () => {
  test('R20: a right code shows them, a wrong one does not, and there they are saved as well', async () => {
    const elsewhere = await adaElsewhere()
    expect(await isOffered(elsewhere)).toBe(true)
    expect(await shownTo(elsewhere)).toEqual([])
    const wrong = { method: 'totp', code: await elsewhere.wrongCode() }
    expect(recoveryCodesOf(await elsewhere.send(againPage, againPage, wrong))).toEqual([])
    expect(await shownTo(elsewhere)).toEqual([])

    expect(recoveryCodesOf(await elsewhere.send(againPage, againPage, await answerOf(elsewhere)))).toEqual(codes)
    expect(await shownTo(elsewhere)).toEqual(codes)
    await elsewhere.send(codesPage, '/profile/recovery-codes/saved')
    for (const one of [elsewhere, ada]) {
      expect(await isOffered(one)).toBe(false)
      expect(await shownTo(one)).toEqual([])
    }
  })

  test('R20: they are not shown to a login that took no code', async () => {
    await app.database.user.updateMany({ data: { role: 'admin' } })
    expect(await ada.choosePolicy({ allowlist: 'bypass', networks: '127.0.0.0/8' })).toContain('The policy was changed')
    const thief = await arrive()
    await thief.sendPassword()
    expect(await thief.isSignedIn()).toBe(true)
    expect(await shownTo(thief)).toEqual([])
    expect(recoveryCodesOf(await thief.send(againPage, againPage, { method: 'totp', code: '' }))).toEqual([])
    expect(await shownTo(thief)).toEqual([])
    expect(await shownTo(ada)).toEqual(codes)
  })

  test('they are gone after ten minutes, for who has given the code too late as well', async () => {
    const elsewhere = await adaElsewhere()
    app.clock.advance(10 * 60_000)
    expect(await isOffered(elsewhere)).toBe(false)
    expect(recoveryCodesOf(await elsewhere.send(againPage, againPage, await answerOf(elsewhere)))).toEqual([])
  })
})

test('R20: somebody else does not see them, in another browser or in the same', async () => {
  const bob = await (await arrive('bob@example.com')).enrolled()
  await makesNewCodes(bob)
  await bob.send('/profile', '/profile/recovery-codes/saved')
  const versions = await app.database.user.findMany({ select: { sessionsVersion: true } })
  expect(versions[0]).toEqual(versions[1])
  expect(await isOffered(bob)).toBe(false)
  expect(recoveryCodesOf(await bob.send(againPage, againPage, await answerOf(bob)))).toEqual([])
  expect(await shownTo(ada)).toEqual(codes)

  // Ada has not logged out, and Bob logs in over her.
  const atAdas = new Visitor(app, ada.request, bob.email)
  atAdas.phone = bob.phone
  const login = { _csrf: await ada.formToken('/profile'), email: bob.email, password }
  await ada.request.post('/login', { form: login })
  await atAdas.sendCode(await bob.nextCode())
  expect(await page(atAdas, '/profile')).toContain('bob@')
  expect(await isOffered(atAdas)).toBe(false)
  expect(await shownTo(atAdas)).toEqual([])
  expect(recoveryCodesOf(await atAdas.send(againPage, againPage, await answerOf(atAdas)))).toEqual([])
})

describe('R20: they go with the session that has earned them', () => {
  const ends: Record<string, (elsewhere: Visitor) => Promise<unknown>> = {
    'a log out': () => ada.send('/profile', '/logout'),
    'a new password': elsewhere =>
      elsewhere.send('/profile/password', '/profile/password', { current: password, password: 'another horse' }),
    'another change of factors': elsewhere =>
      elsewhere.addAddress('sms', number, () => printedCodes(app, number)[0] ?? ''),
  }

  test.each(Object.entries(ends))('which is ended by %s', async (_what, end) => {
    const elsewhere = await adaElsewhere()
    expect(await isOffered(elsewhere)).toBe(true)
    await end(elsewhere)
    expect(await ada.isSignedIn()).toBe(false)
    expect(await isOffered(elsewhere)).toBe(false)
    expect(recoveryCodesOf(await elsewhere.send(againPage, againPage, await answerOf(elsewhere)))).toEqual([])
  })

  test('a set that replaces them is another slip', async () => {
    const elsewhere = await adaElsewhere()
    const others = await makesNewCodes(elsewhere)
    expect(await shownTo(elsewhere)).toEqual(others)
    expect(others).not.toEqual(codes)
    await ada.signIn()
    expect(recoveryCodesOf(await ada.send(againPage, againPage, await answerOf(ada)))).toEqual(others)
  })
})

/** The policy that an admin chooses, and the roles that it speaks of: what holds for every client, browser or not. */
import { type APIRequestContext, request } from 'playwright-core'
import { afterEach, beforeEach, describe, expect, onTestFinished, test, vi } from 'vitest'
import { makeAccounts, type User } from '../src/accounts.js'
import type { PolicyFields } from '../src/policy.js'
import { type RunningApp, startApp } from './running-app.js'
import { password, suggestedPolicy, Visitor } from './visitor.js'

let app: RunningApp
let clients: APIRequestContext[] = []
/** The first account: an admin. */
let olga: Visitor

async function arrive(email: string): Promise<Visitor> {
  const client = await request.newContext({ baseURL: app.origin })
  clients.push(client)
  return new Visitor(app, client, email)
}

async function signedUp(email: string): Promise<Visitor> {
  const visitor = await arrive(email)
  await visitor.send('/signup', '/signup', { email, password })
  return visitor
}

async function userOf({ email }: Visitor): Promise<User> {
  const user = (await makeAccounts(app.database).all()).find(one => one.email === email)
  if (user === undefined) throw new Error('there is no such account')
  return user
}

const kept = async () => (await app.database.setting.findUnique({ where: { name: 'policy' } }))?.value ?? null

beforeEach(async () => {
  app = await startApp()
  olga = await signedUp('olga@example.com')
})
afterEach(async () => {
  await Promise.all(clients.map(client => client.dispose()))
  clients = []
  await app.stop()
})

describe('the policy', () => {
  test('S10: it survives a restart, and goes over the one that the application was started with', async () => {
    expect(await olga.choosePolicy({ who: 'everybody' })).toContain('The policy was changed')
    await app.restart({ required: false })
    const ada = await arrive('ada@example.com')
    const page = await ada.send('/signup', '/signup', { email: ada.email, password })
    expect(page).toContain('Your account needs a second factor to finish logging in.')
    expect(await ada.isSignedIn()).toBe(false)
  })

  const wrong = {
    'no day': { from: '' },
    'a day that there is not': { from: '2027-02-30' },
    'a day as nobody writes it': { from: '1 March 2027' },
    'a day before there were computers': { from: '0001-01-01' },
    'a day with a time': { from: '2027-03-01T00:00:00Z' },
    'grace that is no number': { graceDays: 'two weeks' },
    'grace that is negative': { graceDays: '-1' },
    'grace of half a day': { graceDays: '0.5' },
    'grace without an end': { graceDays: '1e9' },
    'grace of more than a year': { graceDays: '366' },
    'nobody who must': { who: '' },
    'who must by another name': { who: '__proto__' },
    'another end': { unenrolled: 'constructor' },
  }
  test.each(Object.entries(wrong))('R45: %s is told on the form, and changes nothing', async (_what, fields) => {
    const form = { ...suggestedPolicy, who: 'admins', ...fields }
    const _csrf = await olga.formToken('/operator/policy')
    const response = await olga.request.post('/operator/policy', { form: { _csrf, ...form } })
    expect(response.status()).toBe(422)
    expect(await response.text()).toContain('role="alert"')
    expect(await kept()).toBeNull()
  })

  test('R45: lists where words belong are refused, and what was typed comes back as text', async () => {
    const _csrf = await olga.formToken('/operator/policy')
    for (const data of ['who[]=admins', 'who=admins&who=admins', 'who=admins&from=%22%3E%3Cscript%3E&user=x&title=x']) {
      const response = await olga.request.post('/operator/policy', {
        headers: { 'content-type': 'application/x-www-form-urlencoded' },
        data: `_csrf=${_csrf}&graceDays=0&unenrolled=enroll&${data}`,
      })
      expect(response.status()).toBe(422)
      expect(await response.text()).not.toContain('<script>')
    }
    expect(await kept()).toBeNull()
  })

  test('while nobody needs a second factor the form suggests today, and afterwards the day that was chosen', async () => {
    app.clock.advance(20 * 24 * 60 * 60_000)
    const suggested = async () =>
      /name="from"[^>]* value="([^"]*)"/.exec(await (await olga.request.get('/operator/policy')).text())?.[1]
    expect(await suggested()).toBe('2026-01-21')
    await olga.choosePolicy({ who: 'everybody', graceDays: '30', from: '2026-01-20' })
    expect(await suggested()).toBe('2026-01-20')
  })

  test('it takes a code where the admin has one', async () => {
    await olga.enrolled()
    const fields: PolicyFields = { ...suggestedPolicy, who: 'admins' }
    expect(await olga.send('/operator/policy', '/operator/policy', fields)).toContain('role="alert"')
    const answer = { method: 'totp', code: await olga.wrongCode() }
    expect(await olga.send('/operator/policy', '/operator/policy', { ...fields, ...answer })).toContain('not right')
    expect(await kept()).toBeNull()
    expect(await olga.choosePolicy(fields)).toContain('The policy was changed')
    expect(await kept()).toBe(JSON.stringify(fields))
  })

  test('an admin without a second factor is not shut out by a policy of theirs', async () => {
    for (const who of ['admins', 'everybody']) {
      // On the day, or whenever it comes.
      for (const more of [{}, { from: '2026-02-01' }, { graceDays: '30' }]) {
        const shown = await olga.choosePolicy({ who, unenrolled: 'deny', ...more })
        expect(shown).toContain('That would shut you out')
      }
    }
    expect(await kept()).toBeNull()
    expect(await olga.choosePolicy({ who: 'nobody', unenrolled: 'deny' })).toContain('changed')
  })

  test('R51: where what is kept is no policy, nobody gets in', async () => {
    await app.database.setting.create({ data: { name: 'policy', value: '{"who":"someone"}' } })
    const log = vi.spyOn(console, 'error').mockImplementation(() => {})
    onTestFinished(() => log.mockRestore())
    expect((await olga.request.get('/login')).status()).toBe(500)
    expect((await olga.request.get('/profile')).status()).toBe(500)
    // The log says where to look, and nothing of what is there.
    expect(String(log.mock.calls[0]?.[0])).toContain('the policy that is kept in the table "setting" cannot be read')
    expect(JSON.stringify(log.mock.calls.map(String))).not.toContain('someone')
  })
})

test('S10: the profile does not say that the password alone opens the account where it does no longer', async () => {
  const profile = async () => (await olga.request.get('/profile')).text()
  const alone = 'Your password alone opens this account'
  expect(await profile()).toContain(`${alone}.`)
  await olga.choosePolicy({ who: 'everybody', from: '2026-01-20' })
  expect(await profile()).toContain(`${alone}.`)
  app.clock.advance(20 * 24 * 60 * 60_000)
  const required = await profile()
  expect(required).toContain('You cannot log in again without it.')
  expect(required).toContain('Your account needs a second factor, and you have set up none.')
  expect(required).not.toContain(alone)
})

describe('turning it off', () => {
  const page = '/profile/disable'
  const textOf = async (person: Visitor) => (await person.request.get(page)).text()
  const alone = 'From then on your password alone opens your account'

  async function turnOff(person: Visitor) {
    const form = { _csrf: await person.formToken('/profile'), method: 'totp', code: await person.nextCode() }
    return person.request.post(page, { form })
  }

  test('S10: it stays on where the policy lets nobody in who has none: no admin shuts themselves out', async () => {
    await olga.enrolled()
    const bob = await (await arrive('bob@example.com')).enrolled()
    for (const more of [{}, { from: '2026-02-01' }]) {
      expect(await olga.choosePolicy({ who: 'admins', unenrolled: 'deny', ...more })).toContain('was changed')
      for (const answer of [await olga.request.get(page), await turnOff(olga)]) {
        expect(answer.status()).toBe(409)
        const said = await answer.text()
        expect(said).toContain('whoever has turned it off cannot log in to set it up again')
        expect(said).not.toContain(alone)
      }
    }
    app.clock.advance(60 * 24 * 60 * 60_000)
    await olga.send('/profile', '/logout')
    await olga.signIn()
    expect(await olga.isSignedIn()).toBe(true)

    // Whom the policy does not concern may.
    expect(await textOf(bob)).toContain(`${alone}.`)
    expect(await (await turnOff(bob)).text()).toContain('Two-factor authentication is off.')
    await bob.send('/profile', '/logout')
    await bob.sendPassword()
    expect(await bob.isSignedIn()).toBe(true)
  })

  test('S9, S10: the page says what comes of it under the policy', async () => {
    await olga.enrolled()
    expect(await textOf(olga)).toContain(`${alone}.`)
    await olga.choosePolicy({ allowlist: 'restrict', networks: '127.0.0.1' })
    expect(await textOf(olga)).toContain(`${alone}, from where you may log in.`)
    await olga.choosePolicy({ who: 'everybody', from: '2026-02-01' })
    expect(await textOf(olga)).toContain(`${alone}, until the day comes`)
    await olga.choosePolicy({ who: 'everybody', allowlist: 'bypass', networks: '127.0.0.1', listedSuffices: 'yes' })
    expect(await textOf(olga)).toContain('at the next login from elsewhere than a listed network you set it up again')
    await olga.choosePolicy({ who: 'everybody' })
    const said = await textOf(olga)
    expect(said).toContain('at the next login you set it up again before you are in')
    expect(said).not.toContain('your password alone')

    expect(await (await turnOff(olga)).text()).toContain('Two-factor authentication is off.')
    await olga.send('/profile', '/logout')
    expect(await olga.sendPassword()).toContain('Set up your authenticator')
    expect(await olga.isSignedIn()).toBe(false)
  })
})

describe('roles', () => {
  test('an admin makes another, who has to log in again, and none changes their own', async () => {
    const bob = await signedUp('bob@example.com')
    expect((await bob.request.get('/operator/policy')).status()).toBe(404)
    const { id } = await userOf(bob)
    expect(await olga.giveRole(id, 'admin')).toContain('bob@example.com is an admin now')
    expect(await bob.isSignedIn()).toBe(false)
    await bob.sendPassword()
    expect((await bob.request.get('/operator/policy')).status()).toBe(200)

    await bob.giveRole(id, 'editor')
    expect((await userOf(bob)).role).toBe('admin')
    await bob.giveRole((await userOf(olga)).id, 'editor')
    expect((await userOf(olga)).role).toBe('editor')
    expect(await olga.isSignedIn()).toBe(false)
  })

  test('it takes a code where the admin has one, and a role that there is', async () => {
    await olga.enrolled()
    const bob = await signedUp('bob@example.com')
    const page = `/operator/users/${(await userOf(bob)).id}/role`
    await olga.send(page, page, { role: 'admin' })
    const answer = { method: 'totp', code: await olga.wrongCode() }
    expect(await olga.send(page, page, { role: 'admin', ...answer })).toContain('not right')
    expect(await olga.send(page, page, { role: 'owner' })).toContain('Page not found')
    expect((await userOf(bob)).role).toBe('editor')
  })

  test('of two admins who demote each other at once one stays', async () => {
    const accounts = makeAccounts(app.database)
    const bob = await signedUp('bob@example.com')
    await olga.giveRole((await userOf(bob)).id, 'admin')
    const [one, other] = [await userOf(olga), await userOf(bob)]
    await Promise.all([accounts.giveRole(one.id, 'editor', other), accounts.giveRole(other.id, 'editor', one)])
    expect((await accounts.all()).map(({ role }) => role).sort()).toEqual(['admin', 'editor'])
  })

  test('a file of before there were roles gets them', async () => {
    await signedUp('bob@example.com')
    await app.database.$executeRaw`ALTER TABLE "user" DROP COLUMN "role"`
    await app.restart()
    expect((await makeAccounts(app.database).all()).map(({ role }) => role)).toEqual(['admin', 'editor'])
  })
})

/** What admins do to the second factor of others: what holds for every client, browser or not. */
import { request } from 'playwright-core'
import { beforeEach, describe, expect, onTestFinished, test } from 'vitest'
import { makeAccounts } from '../src/accounts.js'
import { proxyAddress, startProxy } from './proxy.js'
import { type RunningApp, startApp } from './running-app.js'
import { password, Visitor } from './visitor.js'

let app: RunningApp

beforeEach(async () => {
  app = await startApp()
  onTestFinished(() => app.stop())
})

async function arrive(email: string): Promise<Visitor> {
  const client = await request.newContext({ baseURL: app.origin })
  onTestFinished(() => client.dispose())
  return new Visitor(app, client, email)
}

describe('lifting a lock', () => {
  /** The first account: an admin. */
  let olga: Visitor
  let ada: Visitor
  let page: string

  beforeEach(async () => {
    olga = await arrive('olga@example.com')
    await olga.send('/signup', '/signup', { email: olga.email, password })
    ada = await (await arrive('ada@example.com')).enrolled()
    page = `/operator/users/${(await makeAccounts(app.database).all())[1]?.id}/unlock`
    await ada.send('/profile', '/logout')
    await ada.sendPassword()
    await ada.guessFiveTimes()
  })

  const isLocked = async () => (await (await olga.request.get('/operator')).text()).includes('locked')

  async function unlock(fields: Record<string, string>) {
    const form = { _csrf: await olga.formToken(page), ...fields }
    return olga.request.post(page, { form })
  }

  test('S12, R50: takes a reason and a code of the admin: a session alone gives a guesser no more tries', async () => {
    const reason = 'Called from the number on file'
    const without = await unlock({ reason, method: 'totp', code: '123456' })
    expect(without.status()).toBe(403)
    expect(await without.text()).toContain('Turn on two-factor authentication')
    expect(await isLocked()).toBe(true)

    await olga.enrolled()
    for (const code of ['', await olga.wrongCode()]) {
      expect((await unlock({ reason, method: 'totp', code })).status()).toBe(422)
      expect(await isLocked()).toBe(true)
    }
    expect((await unlock({ reason: ' ', method: 'totp', code: await olga.nextCode() })).status()).toBe(422)
    expect((await unlock({ reason })).status()).toBe(403)
    expect(await isLocked()).toBe(true)

    const proof = { method: 'totp', code: await olga.nextCode() }
    expect(await (await unlock({ reason, ...proof })).text()).toContain('ada@example.com can try codes again.')
    expect(await isLocked()).toBe(false)
    await ada.sendCode(await ada.nextCode())
    expect(await ada.isSignedIn()).toBe(true)
    expect(await (await ada.request.get('/profile')).text()).toContain(`lifted a lock: ${reason}`)
  })

  test('R37, R50: its owner is told by mail, with the reason', async () => {
    await olga.enrolled()
    await unlock({ reason: 'Showed her passport', method: 'totp', code: await olga.nextCode() })
    await app.noticed()
    const told = app.inbox.filter(({ to }) => to.includes(ada.email))
    expect(told[0]?.subject).toBe('A lock was lifted')
    expect(told[0]?.text).toContain('An admin did it: Showed her passport. If you did not ask for it, tell us.')
    expect(app.inbox.filter(({ to }) => to.includes(olga.email)).map(({ subject }) => subject)).toEqual([
      'An authenticator was added',
    ])
  })
})

test('S12: the link with the permit has the scheme that a trusted proxy names, and the host of the request, whatever X-Forwarded-Host says', async () => {
  await app.restart({ trustedProxies: proxyAddress })
  const proxy = await startProxy({ origin: app.origin, forwarding: 'append', endsTls: true })
  onTestFinished(() => proxy.stop())
  const extraHTTPHeaders = { 'x-forwarded-host': 'evil.example' }
  const client = await request.newContext({ baseURL: proxy.origin, extraHTTPHeaders })
  onTestFinished(() => client.dispose())
  const olga = await new Visitor(app, client, 'olga@example.com').enrolled()
  const ada = await arrive('ada@example.com')
  await ada.send('/signup', '/signup', { email: ada.email, password })
  const page = `/operator/users/${(await makeAccounts(app.database).all())[1]?.id}/reset`
  const proof = { method: 'totp', code: await olga.nextCode() }
  const shown = await olga.send(page, page, { reason: 'Showed her passport', ...proof })
  expect(/id="permit-link">([^#]+)#permit=/.exec(shown)?.[1]).toBe(`https://${new URL(proxy.origin).host}/login/permit`)
})

/** Browsers that are not asked for a code for a while: who is remembered, and what ends it. */

import type { Request } from 'express'
import { type APIRequestContext, request } from 'playwright-core'
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest'
import { browserCookies, browserName } from '../src/remembered-browsers.js'
import { type RunningApp, startApp } from './running-app.js'
import { mailedCodes } from './sent-codes.js'
import { Visitor } from './visitor.js'

const day = 24 * 60 * 60_000

let app: RunningApp
let clients: APIRequestContext[] = []

async function arrive(email?: string, headers = {}): Promise<Visitor> {
  const client = await request.newContext({ baseURL: app.origin, extraHTTPHeaders: headers })
  clients.push(client)
  return new Visitor(app, client, email)
}

/** The same person in another browser. */
async function elsewhere(person: Visitor): Promise<Visitor> {
  return Object.assign(await arrive(person.email), { phone: person.phone, recoveryCodes: person.recoveryCodes })
}

/** Answers the second screen with the box ticked. */
async function remember(person: Visitor, answer: { method: string; code: string } | null = null): Promise<void> {
  await logOut(person)
  await person.sendPassword()
  const { method, code } = answer ?? { method: 'totp', code: await person.nextCode() }
  await person.send(`/login/code?method=${method}`, '/login/code', { method, code, remember: 'yes' })
  expect(await person.isSignedIn()).toBe(true)
}

async function logOut(person: Visitor): Promise<void> {
  await person.send('/profile', '/logout')
}

/** Whether the password alone opens. */
async function skipsTheCode(person: Visitor): Promise<boolean> {
  await logOut(person)
  await person.sendPassword()
  return person.isSignedIn()
}

const cookiesOf = async ({ request: client }: Visitor) =>
  (await client.storageState()).cookies.filter(({ name }) => name.includes('browser'))

describe('a browser', () => {
  let ada: Visitor

  beforeEach(async () => {
    app = await startApp()
    ada = await (await arrive()).enrolled()
  })
  afterEach(async () => {
    await Promise.all(clients.map(client => client.dispose()))
    clients = []
    await app.stop()
  })

  test('is remembered where the person asks for it, for the days of the policy, and no other browser is', async () => {
    await logOut(ada)
    await ada.signIn()
    expect(await skipsTheCode(ada)).toBe(false)
    await remember(ada)
    expect(await skipsTheCode(ada)).toBe(true)
    const other = await elsewhere(ada)
    expect(await skipsTheCode(other)).toBe(false)
    app.clock.advance(30 * day - 60_000)
    expect(await skipsTheCode(ada)).toBe(true)
    app.clock.advance(60_000)
    expect(await skipsTheCode(ada)).toBe(false)
  })

  test('R36: its cookie is out of reach for scripts, and ends with the trust', async () => {
    await remember(ada)
    const [cookie, ...others] = await cookiesOf(ada)
    expect(others).toEqual([])
    expect(cookie).toMatchObject({ httpOnly: true, secure: false, sameSite: 'Lax', path: '/' })
    expect(cookie?.name).toMatch(/^acme-browser-[0-9a-f]{16}$/)
    expect(cookie?.value).toMatch(/^[\w-]{43}$/)
    const left = (cookie?.expires ?? 0) * 1000 - Date.now()
    expect(left).toBeGreaterThan(30 * day - 60_000)
    expect(left).toBeLessThanOrEqual(30 * day + 1_000)
  })

  test('R35: by a code that was sent it is remembered, by a recovery code it is not, whatever is posted', async () => {
    await remember(ada, { method: 'recovery_code', code: ada.recoveryCodes[0] ?? '' })
    expect(await cookiesOf(ada)).toEqual([])
    expect(await skipsTheCode(ada)).toBe(false)
    await ada.sendCode(await ada.nextCode())
    await ada.addAddress('email', ada.email, () => mailedCodes(app, ada.email)[0] ?? '')
    await logOut(ada)
    await ada.sendPassword()
    await ada.send('/login/code', '/login/code/send', { method: 'email' })
    const code = mailedCodes(app, ada.email)[0] ?? ''
    await ada.send('/login/code?method=email', '/login/code', { method: 'email', code, remember: 'yes' })
    expect(await skipsTheCode(ada)).toBe(true)
  })

  test('R45: nothing but the ticked box is consent', async () => {
    for (const posted of ['on', 'true', '1', '']) {
      await logOut(ada)
      await ada.sendPassword()
      const answer = { method: 'totp', code: await ada.nextCode(), remember: posted }
      await ada.send('/login/code', '/login/code', answer)
      expect(await ada.isSignedIn()).toBe(true)
      expect(await cookiesOf(ada)).toEqual([])
    }
  })

  test('is forgotten from the profile, this one or all of them, and by nobody else', async () => {
    await remember(ada)
    const other = await elsewhere(ada)
    await remember(other)
    const eve = await (await arrive('eve@example.com')).enrolled()
    const profile = await (await ada.request.get('/profile')).text()
    const forms = profile.match(/\/profile\/browsers\/\w+\/forget/g) ?? []
    expect(forms).toHaveLength(2)
    expect(profile.match(/This browser/g)).toHaveLength(1)
    await eve.send('/profile', forms[0] ?? '')
    expect(await skipsTheCode(ada)).toBe(true)
    for (const form of forms)
      expect(await ada.send('/profile', form)).toContain('That browser is asked for a code again')
    expect(await ada.send('/profile', forms[0] ?? '')).toContain('That browser is asked for a code again')
    expect(await skipsTheCode(ada)).toBe(false)
    expect(await skipsTheCode(other)).toBe(false)

    await remember(ada)
    await remember(other)
    expect(await ada.send('/profile', '/profile/browsers/forget')).toContain('Every browser is asked for a code again')
    expect(await skipsTheCode(ada)).toBe(false)
    expect(await skipsTheCode(other)).toBe(false)
  })

  test('R55: another password ends it', async () => {
    await remember(ada)
    const next = 'another battery staple'
    const current = 'correct horse battery staple'
    await ada.send('/profile/password', '/profile/password', { current, password: next })
    expect(await (await ada.request.get('/profile')).text()).toContain('None. To have one remembered')
    await logOut(ada)
    await ada.sendPassword(next)
    expect(await ada.isSignedIn()).toBe(false)
  })

  test('R33: a change of factors ends it', async () => {
    await remember(ada)
    await ada.send('/profile', '/profile/recovery-codes', { method: 'totp', code: await ada.nextCode() })
    expect(await skipsTheCode(ada)).toBe(false)
    await ada.sendCode(await ada.nextCode())
    await remember(ada)
    await ada.addAddress('email', ada.email, () => mailedCodes(app, ada.email)[0] ?? '')
    expect(await skipsTheCode(ada)).toBe(false)
  })

  test('of two who share it each has their own, and neither opens by the other’s', async () => {
    await remember(ada)
    await logOut(ada)
    const eve = await new Visitor(app, ada.request, 'eve@example.com').enrolled()
    expect(await skipsTheCode(eve)).toBe(false)
    // Under the name of Eve's cookie, too.
    await eve.sendCode(await eve.nextCode())
    await remember(eve)
    const [hers, own] = await cookiesOf(eve)
    const swapped = await arrive(eve.email, { cookie: `${own?.name}=${hers?.value}; ${hers?.name}=${own?.value}` })
    for (const { email } of [ada, eve]) {
      expect(await skipsTheCode(new Visitor(app, swapped.request, email))).toBe(false)
    }
    expect(await skipsTheCode(eve)).toBe(true)
    expect(await skipsTheCode(ada)).toBe(true)
  })

  test('proves nothing: a change of factors takes a code all the same', async () => {
    await remember(ada)
    expect(await skipsTheCode(ada)).toBe(true)
    expect(await ada.send('/profile', '/profile/disable', { method: 'totp', code: '' })).toContain('not right')
    expect(await (await ada.request.get('/profile')).text()).toContain('class="badge on">On')
  })

  test('is remembered for fewer days, or not at all, as soon as the policy says so', async () => {
    await remember(ada)
    app.clock.advance(7 * day)
    await ada.choosePolicy({ trustedDays: '8' })
    expect(await skipsTheCode(ada)).toBe(true)
    await ada.choosePolicy({ trustedDays: '7' })
    expect(await skipsTheCode(ada)).toBe(false)
    await ada.sendCode(await ada.nextCode())
    await ada.choosePolicy({ trustedDays: '0' })
    await remember(ada)
    expect(await cookiesOf(ada)).toHaveLength(1)
    expect(await skipsTheCode(ada)).toBe(false)
    await ada.sendCode(await ada.nextCode())
    expect(await (await ada.request.get('/profile')).text()).not.toContain('Remembered browsers')
  })
})

test('R36: where browsers come by https, its cookie never travels without, and no other site sets it', () => {
  const cookie = vi.fn()
  const expiresAt = new Date(Date.UTC(2026, 1, 1))
  const req = { headers: {}, res: { cookie } } as unknown as Request
  browserCookies({ secure: true, clock: () => expiresAt.getTime() - 60_000 }).keep(req, 'u1', {
    token: 'a token',
    expiresAt,
  })
  expect(cookie.mock.calls).toEqual([
    [
      expect.stringMatching(/^__Host-acme-browser-[0-9a-f]{16}$/),
      'a token',
      { httpOnly: true, secure: true, sameSite: 'lax', path: '/', expires: expiresAt, maxAge: 60_000 },
    ],
  ])
})

describe('what a browser is called', () => {
  const mozilla = 'Mozilla/5.0'
  const webkit = 'AppleWebKit/537.36 (KHTML, like Gecko)'
  const names = {
    'Firefox on Linux': `${mozilla} (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0`,
    'Chrome on Windows': `${mozilla} (Windows NT 10.0; Win64; x64) ${webkit} Chrome/140.0.0.0 Safari/537.36`,
    'Edge on Windows': `${mozilla} (Windows NT 10.0; Win64; x64) ${webkit} Chrome/140.0.0.0 Safari/537.36 Edg/140.0.0.0`,
    'Opera on macOS': `${mozilla} (Macintosh; Intel Mac OS X 10_15_7) ${webkit} Chrome/140.0.0.0 Safari/537.36 OPR/120.0.0.0`,
    'Safari on macOS': `${mozilla} (Macintosh; Intel Mac OS X 10_15_7) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/18.5 Safari/605.1.15`,
    'Safari on iPhone': `${mozilla} (iPhone; CPU iPhone OS 18_5 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/18.5 Mobile/15E148 Safari/604.1`,
    'Firefox on iPhone': `${mozilla} (iPhone; CPU iPhone OS 18_5 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) FxiOS/140.0 Mobile/15E148 Safari/604.1`,
    'Chrome on Android': `${mozilla} (Linux; Android 10; K) ${webkit} Chrome/140.0.0.0 Mobile Safari/537.36`,
    'Samsung Internet on Android': `${mozilla} (Linux; Android 10; K) ${webkit} SamsungBrowser/28.0 Chrome/130.0.0.0 Mobile Safari/537.36`,
    Browser: '<script>alert(1)</script>'.repeat(100),
  }
  test.each(Object.entries(names))('%s', (name, userAgent) => {
    expect(browserName(userAgent)).toBe(name)
    expect(browserName(undefined)).toBe('Browser')
  })
})

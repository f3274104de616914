/** What the application owes every client, browser or not. */
import { once } from 'node:events'
import { connect } from 'node:net'
import type { Store } from '@sallyport/core'
import { memoryStore } from '@sallyport/memory'
import { type APIRequestContext, request } from 'playwright-core'
import { afterEach, beforeEach, describe, expect, onTestFinished, test } from 'vitest'
import { makeAccounts, type User } from '../src/accounts.js'
import { createApp } from '../src/app.js'
import { initialPolicy, makePolicies } from '../src/policy.js'
import { typed } from './authenticator-app.js'
import { proxyAddress, startProxy } from './proxy.js'
import { type RunningApp, startApp } from './running-app.js'
import { password, recoveryCodesOf, Visitor } from './visitor.js'

let app: RunningApp
let client: APIRequestContext
let ada: Visitor

beforeEach(async () => {
  app = await startApp()
  client = await request.newContext({ baseURL: app.origin })
  ada = new Visitor(app, client)
})
afterEach(async () => {
  await client.dispose()
  await app.stop()
})

describe('headers', () => {
  test('nothing is inline, framed, sniffed, cached or told to others', async () => {
    const headers = (await client.get('/login')).headers()
    expect(headers['content-security-policy']).toBe(
      "default-src 'none';script-src 'self';style-src 'self';img-src 'self';form-action 'self';base-uri 'none';frame-ancestors 'none'",
    )
    expect(headers).toMatchObject({
      'cache-control': 'no-store',
      'x-content-type-options': 'nosniff',
      'x-frame-options': 'DENY',
      'referrer-policy': 'no-referrer',
    })
    expect(headers['x-powered-by']).toBeUndefined()
    expect(headers['etag']).toBeUndefined()
  })

  test('the session cookie is out of reach for scripts and for forms of other sites', async () => {
    expect((await client.get('/login')).headers()['set-cookie']).toMatch(
      /^acme=[^;]+; Path=\/; HttpOnly; SameSite=Lax$/,
    )
  })

  test('behind https browsers are told to insist on it, and the session cookie never travels without', async () => {
    const behindHttps = await startApp({ https: true })
    const { headers } = await fetch(`${behindHttps.origin}/login`)
    expect(headers.get('strict-transport-security')).toContain('max-age=')
    expect(headers.get('content-security-policy')).toContain('upgrade-insecure-requests')
    expect(headers.get('set-cookie')).toBeNull()
    await behindHttps.stop()
  })

  test('behind a trusted proxy that ends TLS people log in, and whoever else speaks of TLS is not believed', async () => {
    const behindHttps = await startApp({ https: true, trustedProxies: proxyAddress })
    onTestFinished(() => behindHttps.stop())
    const proxy = await startProxy({ origin: behindHttps.origin, forwarding: 'append', endsTls: true })
    onTestFinished(() => proxy.stop())
    // To this name clients send `Secure` cookies by http, too.
    const baseURL = proxy.origin.replace('127.0.0.1', 'localhost')
    const own = await request.newContext({ baseURL })
    onTestFinished(() => own.dispose())
    const bob = await new Visitor(behindHttps, own).enrolled()
    await bob.send('/profile', '/logout')
    await bob.signIn()
    expect(await bob.isSignedIn()).toBe(true)
    expect((await fetch(`${baseURL}/login`)).headers.get('set-cookie')).toMatch(
      /^__Host-acme=[^;]+; Path=\/; HttpOnly; Secure; SameSite=Lax$/,
    )
    const headers = { 'x-forwarded-proto': 'https' }
    expect((await fetch(`${behindHttps.origin}/login`, { headers })).headers.get('set-cookie')).toBeNull()
  })

  test('a refusal carries its status, and how long to wait', async () => {
    await ada.enrolled()
    const elsewhere = new Visitor(app, await request.newContext({ baseURL: app.origin }))
    elsewhere.phone = ada.phone
    await elsewhere.sendPassword()
    await elsewhere.guessFiveTimes()
    const form = { _csrf: await elsewhere.formToken('/login/code'), method: 'totp', code: '123456' }
    const refused = await elsewhere.request.post('/login/code', { form })
    expect(refused.status()).toBe(429)
    expect(refused.headers()['retry-after']).toBe('900')
  })
})

const everyForm = [
  '/signup',
  '/login',
  '/login/code',
  '/login/code/send',
  '/login/enroll',
  '/login/enroll/send',
  '/login/enroll/code',
  '/logout',
  '/profile/authenticators/first',
  '/profile/authenticators/setup',
  '/profile/authenticators/setup/cancel',
  '/profile/authenticators/add',
  '/profile/authenticators/0123456789abcdef0123456789abcdef/replace',
  '/profile/authenticators/0123456789abcdef0123456789abcdef/remove',
  '/profile/destinations/email/add',
  '/profile/destinations/email/add/send',
  '/profile/destinations/email',
  '/profile/destinations/sms',
  '/profile/destinations/sms/confirm',
  '/profile/destinations/sms/confirm/send',
  '/profile/destinations/sms/confirm/cancel',
  '/profile/destinations/sms/remove',
  '/profile/recovery-codes',
  '/profile/recovery-codes/again',
  '/profile/recovery-codes/saved',
  '/profile/networks',
  '/profile/networks/code',
  '/profile/networks/somewhere/remove',
  '/profile/browsers/forget',
  '/profile/browsers/somebodys/forget',
  '/profile/password',
  '/profile/disable',
  '/profile/api-key',
  '/profile/api-key/send',
  '/profile/api-key/done',
  '/operator/users/somebody/reset',
  '/operator/users/somebody/networks',
  '/operator/users/somebody/unlock',
  '/operator/users/somebody/role',
  '/operator/permit/done',
  '/operator/policy',
]

describe('form tokens', () => {
  test.each(everyForm)('a POST without one is refused: %s', async path => {
    await ada.enrolled()
    const code = await ada.nextCode()
    const token = await ada.formToken('/profile')
    for (const forged of ['', '_csrf=&', '_csrf=guess&', `_csrf=${token}&_csrf=${token}&`, `_csrf[]=${token}&`]) {
      const response = await client.post(path, {
        headers: { 'content-type': 'application/x-www-form-urlencoded' },
        data: `${forged}method=totp&code=${code}&email=eve%40example.com&password=${password}`,
        maxRedirects: 0,
      })
      expect(response.status()).toBe(403)
    }
    expect(await ada.isSignedIn()).toBe(true)
    expect(await (await client.get('/profile')).text()).toContain('class="badge on">On')
  })

  test('one of another session is refused', async () => {
    await ada.enrolled()
    const eve = await request.newContext({ baseURL: app.origin })
    const token = await new Visitor(app, eve).formToken('/login')
    expect((await client.post('/logout', { form: { _csrf: token } })).status()).toBe(403)
    await eve.dispose()
  })
})

describe('R45: odd input', () => {
  const odd = {
    'nothing at all': '',
    'an empty code': 'method=totp&code=',
    'a list': 'method=totp&code[]=1&code[]=2',
    'two codes': 'method=totp&code=123456&code=654321',
    'an object': 'method=totp&code[a]=1&code[__proto__]=2',
    'full-width digits': `method=totp&code=${encodeURIComponent('１２３４５６')}`,
    'a NUL': 'method=totp&code=123%00456',
    'broken percent signs': 'method=totp&code=%E0%A4%A',
    'another method': 'method=constructor&code=123456',
    'two methods': 'method=totp&method=totp&code=123456',
    'a long code': `method=recovery_code&code=${'A'.repeat(10_000)}`,
    'a long name': `code=123456&name=${'A'.repeat(10_000)}`,
  }
  const forms = everyForm.filter(path => !['/logout', '/signup', '/profile/authenticators/first'].includes(path))

  test.each(Object.entries(odd))('%s where a code belongs is refused, on every form', async (_what, body) => {
    await ada.enrolled()
    await ada.send('/profile', '/profile/authenticators/add', { method: 'totp', code: await ada.nextCode() })
    const token = await ada.formToken('/profile')
    for (const path of forms) {
      const response = await client.post(path, {
        headers: { 'content-type': 'application/x-www-form-urlencoded' },
        data: `_csrf=${token}&${body}`,
        maxRedirects: 0,
      })
      expect([303, 401, 403, 404, 422], `${path}: ${response.status()}`).toContain(response.status())
    }
    expect(await (await client.get('/profile')).text()).toContain('class="badge on">On')
  })

  test('odd input on the second screen opens nothing', async () => {
    await ada.enrolled()
    await ada.send('/profile', '/logout')
    await ada.sendPassword()
    const token = await ada.formToken('/login/code')
    for (const body of Object.values(odd)) {
      const response = await client.post('/login/code', {
        headers: { 'content-type': 'application/x-www-form-urlencoded' },
        data: `_csrf=${token}&${body}`,
      })
      expect([403, 422]).toContain(response.status())
    }
    expect(await ada.isSignedIn()).toBe(false)
  })

  test('odd permits, addresses and passwords are refused as wrong ones', async () => {
    await ada.enrolled()
    await ada.send('/profile', '/logout')
    for (const body of ['email[]=a&password[]=b', 'email=a&email=b', `email=${ada.email}&password=x&password=y`]) {
      const response = await client.post('/login', {
        headers: { 'content-type': 'application/x-www-form-urlencoded' },
        data: `_csrf=${await ada.formToken('/login')}&${body}&permit[]=x`,
      })
      expect(response.status()).toBe(401)
    }
    const page = await client.post('/login', {
      form: { _csrf: await ada.formToken('/login'), email: ada.email, password: 'x', permit: '"><script>' },
    })
    expect(await page.text()).not.toContain('<script>')
  })

  test('a megabyte is refused unread', async () => {
    const response = await client.post('/login', { form: { code: '1'.repeat(1_000_000) } })
    expect(response.status()).toBe(413)
    expect(await response.text()).toContain('The form sent more than we take.')
  })

  test('JSON is no form', async () => {
    const response = await client.post('/login', { data: { email: ada.email, password } })
    expect(response.status()).toBe(403)
  })
})

describe('two requests at once', () => {
  test('R4: the same code twice opens once', async () => {
    await ada.enrolled()
    await ada.send('/profile', '/logout')
    await ada.sendPassword()
    const form = { _csrf: await ada.formToken('/login/code'), method: 'totp', code: await ada.nextCode() }
    const responses = await Promise.all([1, 2, 3, 4].map(() => client.post('/login/code', { form, maxRedirects: 0 })))
    const opened = responses.filter(response => response.headers()['location'] === '/profile')
    expect(opened).toHaveLength(1)
    for (const response of responses) expect([303, 403, 422]).toContain(response.status())
  })
})

describe('what is shown once', () => {
  const codesPage = '/profile/recovery-codes/new'
  const shown = async () => recoveryCodesOf(await (await client.get(codesPage)).text())

  async function makesNewCodes(): Promise<string[]> {
    await ada.enrolled()
    const answer = { method: 'totp', code: await ada.nextCode() }
    return recoveryCodesOf(await ada.send('/profile', '/profile/recovery-codes', answer))
  }

  test('a POST answers with a redirect, and a refresh shows the same ten codes until they are saved', async () => {
    const codes = await makesNewCodes()
    expect(codes).toHaveLength(10)
    const again = await client.get(codesPage)
    expect(again.headers()['cache-control']).toBe('no-store')
    expect(recoveryCodesOf(await again.text())).toEqual(codes)
    expect(await (await client.get('/profile')).text()).not.toContain('wrong')

    await ada.send(codesPage, '/profile/recovery-codes/saved')
    expect((await client.get(codesPage, { maxRedirects: 0 })).headers()['location']).toBe('/profile')
  })

  test('it is gone after ten minutes, and with the session', async () => {
    await makesNewCodes()
    app.clock.advance(10 * 60_000 - 1)
    expect(await shown()).toHaveLength(10)
    app.clock.advance(1)
    expect(await shown()).toEqual([])

    const answer = { method: 'totp', code: await ada.nextCode() }
    expect(recoveryCodesOf(await ada.send('/profile', '/profile/recovery-codes', answer))).toHaveLength(10)
    await ada.send('/profile', '/logout')
    await ada.signIn()
    expect(await shown()).toEqual([])
  })

  test('nobody else sees it', async () => {
    await makesNewCodes()
    const elsewhere = new Visitor(app, await request.newContext({ baseURL: app.origin }))
    elsewhere.phone = ada.phone
    await elsewhere.signIn()
    expect(await elsewhere.isSignedIn()).toBe(true)
    expect(recoveryCodesOf(await (await elsewhere.request.get(codesPage)).text())).toEqual([])
  })
})

describe('a change of the password', () => {
  const fresh = 'a different horse'

  test('R55: a second screen that waits under the old password is refused after it', async () => {
    await ada.enrolled()
    const thief = new Visitor(app, await request.newContext({ baseURL: app.origin }))
    thief.phone = ada.phone
    await thief.sendPassword()
    const changed = await ada.send('/profile', '/profile/password', { current: password, password: fresh })
    expect(changed).toContain('The password was changed')
    expect(await thief.sendCode(await ada.nextCode())).toContain('Please start again')
    expect(await thief.isSignedIn()).toBe(false)

    expect(await thief.sendPassword()).toContain('is not right')
    await thief.sendPassword(fresh)
    await thief.sendCode(await ada.nextCode())
    expect(await thief.isSignedIn()).toBe(true)
  })

  test('R55: it also ends the session that a code opens at this very moment', async () => {
    let meanwhile = async () => {}
    const around = (store: Store): Store => ({
      ...store,
      async put(...write) {
        const landed = await store.put(...write)
        await meanwhile()
        return landed
      },
    })
    const slow = await startApp({ around })
    onTestFinished(() => slow.stop())
    const thief = new Visitor(slow, await request.newContext({ baseURL: slow.origin }))
    await thief.enrolled()
    await thief.send('/profile', '/logout')
    await thief.sendPassword()
    meanwhile = async () => {
      const accounts = makeAccounts(slow.database)
      const [user] = (await accounts.all()) as [User]
      await accounts.changePassword(user, password, fresh)
      await accounts.endSessions(user.id)
    }
    await thief.sendCode(await thief.nextCode())
    expect(await thief.isSignedIn()).toBe(false)
    await thief.request.dispose()
  })

  test('it takes the current one, ends the other sessions and keeps its own', async () => {
    await ada.enrolled()
    const elsewhere = new Visitor(app, await request.newContext({ baseURL: app.origin }))
    elsewhere.phone = ada.phone
    await elsewhere.signIn()
    for (const [current, next, said] of [
      ['a guess', fresh, 'not your current password'],
      [password, 'short', 'at least 8 characters'],
    ] as const) {
      expect(await ada.send('/profile', '/profile/password', { current, password: next })).toContain(said)
    }
    expect(await elsewhere.isSignedIn()).toBe(true)
    await ada.send('/profile', '/profile/password', { current: password, password: fresh })
    expect(await elsewhere.isSignedIn()).toBe(false)
    expect(await ada.isSignedIn()).toBe(true)
  })
})

describe('activity', () => {
  test('a code that was used already is one line', async () => {
    await ada.enrolled()
    const code = await ada.nextCode()
    await ada.send('/profile', '/profile/recovery-codes', { method: 'totp', code })
    await ada.send('/profile', '/profile/recovery-codes', { method: 'totp', code })
    const profile = await (await client.get('/profile')).text()
    expect(profile.match(/<li class="alarming">/g)).toHaveLength(1)
    expect(profile).toContain('A code that was used already was entered again.')
  })
})

describe('the key', () => {
  test('there is no start without one', () => {
    const accounts = makeAccounts(app.database)
    const policies = makePolicies(app.database, initialPolicy(false))
    expect(() => createApp({ accounts, policies, store: memoryStore(), key: undefined })).toThrow('options.keys[0]')
  })
})

describe('a request whose body is held back', () => {
  /** Sends the head of a POST with that visitor's session; `release` sends the body, and gives the status of the answer. */
  async function hold(path: string, fields: Record<string, string>) {
    const body = new URLSearchParams({ _csrf: await ada.formToken('/profile'), ...fields }).toString()
    const { cookies } = await client.storageState()
    const socket = connect(Number(new URL(app.origin).port), '127.0.0.1')
    await once(socket, 'connect')
    const head = [
      `POST ${path} HTTP/1.1`,
      `Host: ${new URL(app.origin).host}`,
      `Cookie: ${cookies.map(({ name, value }) => `${name}=${value}`).join('; ')}`,
      'Content-Type: application/x-www-form-urlencoded',
      `Content-Length: ${body.length}`,
      'Connection: close',
    ]
    socket.write(`${head.join('\r\n')}\r\n\r\n`)
    // What the head alone brings about is done by when a later request is answered.
    await client.get('/login')
    return {
      async release(): Promise<number> {
        let answer = ''
        socket.on('data', chunk => {
          answer += chunk
        })
        socket.write(body)
        await once(socket, 'end')
        return Number(answer.split(' ')[1])
      },
    }
  }

  test('R33: does nothing for a session that a new password has ended meanwhile', async () => {
    await ada.send('/signup', '/signup', { email: ada.email, password })
    const owner = await request.newContext({ baseURL: app.origin })
    onTestFinished(() => owner.dispose())
    const elsewhere = new Visitor(app, owner)
    await elsewhere.sendPassword()
    await ada.send('/profile', '/profile/authenticators/first')
    const page = '/profile/authenticators/setup'
    const shown = await (await client.get(page)).text()
    ada.phone = typed(/id="setup-key">([^<]+)</.exec(shown)?.[1] ?? '')
    const held = await hold(page, { code: await ada.nextCode(), name: 'thief' })
    const changed = { current: password, password: 'another horse battery staple' }
    await elsewhere.send('/profile/password', '/profile/password', changed)
    expect(await elsewhere.isSignedIn()).toBe(true)
    expect(await held.release()).not.toBe(200)
    expect(await elsewhere.isSignedIn()).toBe(true)
    expect(await ada.isSignedIn()).toBe(false)
    expect(await (await owner.get('/profile')).text()).toContain('Turn on two-factor authentication')
  })
})

/** Codes by mail and text message, over plain HTTP: limits, refusals in words, and what is never sent. */
import { type APIRequestContext, request } from 'playwright-core'
import { afterEach, beforeEach, describe, expect, onTestFinished, test } from 'vitest'
import { startMailServer } from './mail-server.js'
import { type RunningApp, type Settings, startApp } from './running-app.js'
import { codesIn, mailedCodes, printedCodes } from './sent-codes.js'
import { password, Visitor } from './visitor.js'

const number = '+12025550142'

let app: RunningApp
let client: APIRequestContext
let ada: Visitor

async function start(settings: Settings = {}): Promise<void> {
  app = await startApp(settings)
  client = await request.newContext({ baseURL: app.origin })
  ada = new Visitor(app, client)
}
afterEach(async () => {
  await client.dispose()
  await app.stop()
})

const byMail = () => mailedCodes(app, ada.email)[0] ?? ''
const bySms = () => printedCodes(app, number)[0] ?? ''
const sendByMail = () => ada.send('/login/code', '/login/code/send', { method: 'email' })

/** An account with an authenticator and an address for codes, signed out. */
async function withEmail(): Promise<void> {
  await start()
  await ada.enrolled()
  await ada.addAddress('email', ada.email, byMail)
  await ada.send('/profile', '/logout')
}

describe('at login', () => {
  beforeEach(withEmail)

  test('S14: no page sends anything by being looked at', async () => {
    await ada.sendPassword()
    expect(mailedCodes(app, ada.email)).toHaveLength(1)
    for (const path of [
      '/login/code',
      '/login/code?method=email',
      '/login/code/send',
      '/login/enroll',
      '/login/enroll/send',
    ]) {
      for (let times = 0; times < 2; times++) await client.get(path)
    }
    expect(mailedCodes(app, ada.email)).toHaveLength(1)
    await sendByMail()
    await client.get('/login/code?method=email')
    expect(mailedCodes(app, ada.email)).toHaveLength(2)
    await ada.sendCode(byMail(), 'email')
    for (const path of [
      '/profile',
      '/profile/api-key?method=email',
      '/profile/destinations/sms/add',
      '/profile/destinations/sms/confirm',
    ]) {
      await client.get(path)
    }
    expect(mailedCodes(app, ada.email)).toHaveLength(2)
    expect(app.printed).toEqual([])
  })

  test('S14: what asks for a code answers with a redirect, sent or refused, so that a refresh repeats nothing', async () => {
    await ada.sendPassword()
    const form = { _csrf: await ada.formToken('/login/code'), method: 'email' }
    for (const _ of ['sent', 'too soon']) {
      const answer = await client.post('/login/code/send', { form, maxRedirects: 0 })
      expect(answer.status()).toBe(303)
      expect(answer.headers()['location']).toBe('/login/code?method=email')
    }
    expect(await (await client.get('/login/code?method=email')).text()).toContain('You can ask again in 1 minute.')
    expect(mailedCodes(app, ada.email)).toHaveLength(2)
  })

  test('R12, R14: five wrong codes lock codes by mail, and nothing else', async () => {
    await ada.sendPassword()
    await sendByMail()
    const wrong = byMail() === '000000' ? '000001' : '000000'
    for (let guess = 0; guess < 4; guess++) expect(await ada.sendCode(wrong, 'email')).toContain('newest message')
    expect(await ada.sendCode(wrong, 'email')).toContain('codes by email are locked for 15 minutes')
    const page = await (await client.get('/login/code?method=email')).text()
    expect(page).toContain('codes by email are locked')
    expect(page).toContain('Code from your authenticator app')
    expect(await ada.sendCode(byMail(), 'email')).toContain('locked')
    app.clock.advance(60_000)
    expect(await sendByMail()).toContain(
      'There were too many wrong codes, so codes by email are locked for 14 minutes.',
    )
    await ada.sendCode(await ada.nextCode())
    expect(await ada.isSignedIn()).toBe(true)
  })

  test('R23: a code is good for five minutes, and the page says so', async () => {
    await ada.sendPassword()
    expect(await sendByMail()).toContain('The code is good for <span data-countdown="300"')
    app.clock.advance(5 * 60_000)
    expect(await ada.sendCode(byMail(), 'email')).toContain('no longer good')
    expect(await (await client.get('/login/code?method=email')).text()).toContain('The code is no longer good')
    expect(await ada.isSignedIn()).toBe(false)
  })

  test('R25: ten sends a day to one address, and then words', async () => {
    for (let sent = 0; sent < 9; sent++) {
      await ada.sendPassword()
      await sendByMail()
      await ada.sendCode(byMail(), 'email')
      await ada.send('/profile', '/logout')
      app.clock.advance(1_000)
    }
    await ada.sendPassword()
    expect(await sendByMail()).toContain('We cannot send more codes for now. Use another way, or try again in 2 hours')
    await ada.sendCode(await ada.nextCode())
    expect(await ada.isSignedIn()).toBe(true)
  })

  test('R29: a code opens once, and only the door that it was sent for', async () => {
    await ada.sendPassword()
    await sendByMail()
    const elsewhere = new Visitor(app, await request.newContext({ baseURL: app.origin }))
    await elsewhere.sendPassword()
    expect(await elsewhere.sendCode(byMail(), 'email')).toContain('not right')
    await ada.sendCode(byMail(), 'email')
    expect(await ada.isSignedIn()).toBe(true)
    await elsewhere.sendPassword()
    expect(await elsewhere.sendCode(byMail(), 'email')).toContain('not right')
    expect(await elsewhere.isSignedIn()).toBe(false)
    await elsewhere.request.dispose()
  })

  test('R45: odd methods and codes where nothing was sent open nothing, and send nothing', async () => {
    await ada.sendPassword()
    for (const method of ['sms', 'totp', 'recovery_code', 'constructor', '__proto__', '']) {
      expect(await ada.send('/login/code', '/login/code/send', { method })).toContain('cannot use that kind of code')
    }
    expect(await ada.sendCode('123456', 'email')).toContain('not right')
    expect(await ada.sendCode('123456', 'sms')).toContain('cannot use that kind of code')
    expect(mailedCodes(app, ada.email)).toHaveLength(1)
    expect(await ada.isSignedIn()).toBe(false)
  })
})

describe('adding an address', () => {
  const page = '/profile/destinations/sms'
  const prove = async () => ada.send(`${page}/add`, `${page}/add`, { method: 'totp', code: await ada.nextCode() })

  beforeEach(async () => {
    await start()
    await ada.enrolled()
  })

  test.each(['+1 (202) 555-0142', '+1 202-555-0142', ' +12025550142 '])(
    'S7: a number is known by any spelling: %s',
    async spelling => {
      expect(await ada.addAddress('sms', spelling, bySms)).toContain('Codes can now be sent to •••• 42.')
    },
  )

  test('S7: what is no mobile number is told where it was typed, and costs neither code nor proof', async () => {
    await prove()
    for (const address of ['', '12', '+1 900 555 0142', 'ada@example.com', '"><script>']) {
      const refused = await ada.send(page, page, { address })
      expect(refused).toContain('That is no phone number that we can send to.')
      expect(refused).not.toContain('"><script>')
    }
    expect(app.printed).toEqual([])
    expect(await ada.send(page, page, { address: number })).toContain('We sent it to <strong>•••• 42')
  })

  test('R26, R31: it takes a code first, and is nothing until its own code comes back', async () => {
    expect(await ada.send('/profile', page, { address: number })).toContain('Please confirm with a code first.')
    expect(app.printed).toEqual([])
    await prove()
    await ada.send(page, page, { address: number })
    expect(await (await client.get('/profile')).text()).not.toContain('•••• 42')
    const wrong = bySms() === '000000' ? '000001' : '000000'
    expect(await ada.send(`${page}/confirm`, `${page}/confirm`, { code: wrong })).toContain('newest message')
    expect(await ada.send(`${page}/confirm`, `${page}/confirm`, { code: bySms() })).toContain('Codes can now be sent')
    // The proof was for one address.
    expect(await ada.send('/profile', page, { address: number })).toContain('Please confirm with a code first.')
  })

  test('R54: three codes a day to a number that somebody else may have, and then words', async () => {
    for (let sent = 0; sent < 3; sent++) {
      await prove()
      await ada.send(page, page, { address: number })
    }
    await prove()
    expect(await ada.send(page, page, { address: number })).toContain('We cannot send more codes there for now.')
    expect(app.printed).toHaveLength(3)
    // What was typed is there still, and in the form of this channel alone.
    expect(await (await client.get(page)).text()).toContain(`value="${number}"`)
    expect(await (await client.get('/profile/destinations/email')).text()).toContain(`value="${ada.email}"`)
  })

  test('after a quarter of an hour it begins again', async () => {
    await prove()
    await ada.send(page, page, { address: number })
    app.clock.advance(15 * 60_000)
    expect(await ada.send(`${page}/confirm`, `${page}/confirm/send`)).toContain('Please start again.')
    expect(await ada.send('/profile', `${page}/confirm`, { code: '123456' })).toContain('Please start again.')
  })

  test('S7: text messages are offered only where they are sent, or where all of it is a demonstration', async () => {
    await ada.addAddress('sms', number, bySms)
    await ada.send('/profile', '/logout')
    const server = await startMailServer()
    onTestFinished(server.stop)
    await app.restart({ smtp: server.url })
    expect(await ada.sendPassword()).not.toContain('•••• 42')
    await ada.send('/login/code', '/login/code/send', { method: 'sms' })
    expect(app.printed).toHaveLength(1)
    await ada.sendCode(await ada.nextCode())
    expect((await client.get(`${page}/add`)).status()).toBe(404)
    expect(await (await client.get('/profile')).text()).toContain('nothing is sent this way any more')
  })

  test('of other channels there is no page', async () => {
    for (const channel of ['fax', 'totp', 'constructor']) {
      expect((await client.get(`/profile/destinations/${channel}/add`)).status()).toBe(404)
    }
    await app.restart({ smtp: null })
    await ada.signIn()
    expect((await client.get('/profile/destinations/email/add')).status()).toBe(404)
    expect(await (await client.get('/profile')).text()).not.toContain('/profile/destinations/email')
  })
})

describe('a mail server that refuses', () => {
  test('R28: an address that cannot be mailed is told, and nothing is added', async () => {
    const server = await startMailServer()
    onTestFinished(server.stop)
    await start({ smtp: server.url })
    await ada.enrolled()
    await app.noticed()
    server.refuse(true)
    const page = '/profile/destinations/email'
    await ada.send(`${page}/add`, `${page}/add`, { method: 'totp', code: await ada.nextCode() })
    const refused = await ada.send(page, page, { address: 'ada@exmaple.com' })
    expect(refused).toContain('We could not deliver a code there. Check what you typed')
    expect(refused).toContain('value="ada@exmaple.com"')
    expect(await (await client.get('/profile')).text()).toContain('A code could not be sent by email.')
    server.refuse(false)
    // What was proven before is not lost.
    await ada.send(page, page, { address: ada.email })
    const code = codesIn(server.subjects)[0] ?? ''
    expect(await ada.send(`${page}/confirm`, `${page}/confirm`, { code })).toContain('Codes can now be sent to a•••')
  })
})

describe('the inbox of the demonstration', () => {
  test('shows everything that was mailed, the newest first and as text', async () => {
    await start()
    const odd = `"<script>"@example.com`
    await ada.send('/signup', '/signup', { email: odd, password })
    await ada.send('/profile', '/logout')
    await withEveryAddress()
    const page = await (await client.get('/inbox')).text()
    expect(page).toContain('A real application has no such page.')
    expect(page).not.toContain('<script>"')
    expect(page.indexOf('An email address for codes was added')).toBeLessThan(
      page.indexOf('An authenticator was added'),
    )
    expect(page).toContain('To ada@example.com')
    expect(page).toContain('To other@example.com')
  })

  test('is not there where a real server mails', async () => {
    const server = await startMailServer()
    onTestFinished(server.stop)
    await start({ smtp: server.url })
    const page = await client.get('/inbox')
    expect(page.status()).toBe(404)
    expect(await page.text()).not.toContain('inbox')
  })

  async function withEveryAddress(): Promise<void> {
    await ada.enrolled()
    await ada.addAddress('email', 'other@example.com', () => mailedCodes(app, 'other@example.com')[0] ?? '')
    await app.noticed()
  }
})

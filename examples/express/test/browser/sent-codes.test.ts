/** Codes by mail at the second screen, and what a refresh does not do. */
import { beforeEach, describe, expect, onTestFinished, test } from 'vitest'
import { startMailServer } from '../mail-server.js'
import { codesIn, mailedCodes } from '../sent-codes.js'
import { app, arrive, start } from './fixture.js'
import type { Person } from './person.js'

let ada: Person

/** The codes of the login, the newest first: the oldest mail is that which confirmed the address. */
const mailed = () => mailedCodes(app, ada.email).slice(0, -1)

describe('with an address on record', () => {
  beforeEach(async () => {
    await start()
    ada = await withEmail(await arrive())
  })

  test('S6: the second screen offers email verification, and the code in the mail opens', async () => {
    await ada.givePassword()
    expect(await ada.heading()).toBe('One more step')
    await ada.press('Use email verification instead')
    expect(mailed()).toHaveLength(1)
    expect(await ada.text()).toContain('Now enter the code that we mailed to a•••@example.com.')
    expect(await ada.text()).toContain('The code is good for 5 minutes.')
    const input = ada.page.getByLabel('Code from the email to a•••@example.com')
    expect(await input.getAttribute('autocomplete')).toBe('one-time-code')
    expect(await input.getAttribute('inputmode')).toBe('numeric')
    await ada.page.locator('#code:focus').waitFor()
    expect(await ada.isSignedIn()).toBe(false)

    const inbox = await ada.page.context().newPage()
    await inbox.goto('/inbox')
    const mail = inbox.getByRole('article').first()
    expect(await mail.innerText()).toContain(`${mailed()[0]} is your Acme code`)
    expect(await mail.innerText()).toContain('If this was not you, somebody has your password')

    await ada.answer(mailed()[0] ?? '')
    expect(await ada.heading()).toBe('Security')
    expect(await ada.text()).toContain('Logged in with a code by email.')
    expect(ada.complaints).toEqual([])
  })

  test('S6: it is offered only where mail is configured', async () => {
    await app.restart({ smtp: null })
    await ada.givePassword()
    expect(await ada.page.getByRole('button', { name: /email/ }).count()).toBe(0)
    expect(await ada.page.getByRole('link', { name: 'Demo inbox' }).count()).toBe(0)
    await ada.answer(await ada.nextCode())
    expect(await ada.text()).toContain('nothing is sent this way any more')
  })

  test('S14: a refresh sends nothing; a resend is possible after a countdown, and brings the same code', async () => {
    // It stands still but where it is turned.
    await ada.page.clock.install()
    await ada.page.clock.pauseAt(Date.now() + 60_000)
    await ada.givePassword()
    await ada.press('Use email verification instead')
    const again = ada.page.getByRole('button', { name: 'Send it again' })
    expect(await again.isDisabled()).toBe(true)
    expect(await ada.text()).toContain('Possible in 1 minute.')
    await ada.page.clock.runFor(30_000)
    expect(await ada.text()).toContain('Possible in 30 seconds.')
    app.clock.advance(30_000)
    await ada.page.reload()
    await ada.page.reload()
    expect(mailed()).toHaveLength(1)
    expect(await ada.text()).toContain('Possible in 30 seconds.')
    await ada.page.clock.runFor(31_000)
    expect(await again.isEnabled()).toBe(true)
    app.clock.advance(30_000)
    await ada.press('Send it again')
    expect(mailed()).toHaveLength(2)
    expect(new Set(mailed()).size).toBe(1)
    expect(await ada.text()).toContain('The code is good for 5 minutes.')
    // Where a resend would be taken, too.
    app.clock.advance(60_000)
    await ada.page.reload()
    await ada.page.goBack()
    await ada.page.goForward()
    expect(mailed()).toHaveLength(2)
    // Whichever mail comes first: they say the same.
    await ada.answer(mailed().at(-1) ?? '')
    expect(await ada.heading()).toBe('Security')
  })

  test('S14: the same without JavaScript: a resend that comes too early is told, and sends nothing', async () => {
    const plain = await arrive(ada.email, { javaScriptEnabled: false })
    await plain.givePassword()
    await plain.press('Use email verification instead')
    expect(await plain.text()).toContain('Possible in 1 minute.')
    app.clock.advance(17_000)
    await plain.page.reload()
    expect(await plain.text()).toContain('Possible in 43 seconds.')
    await plain.press('Send it again')
    expect(await plain.error()).toBe('You asked for a code a moment ago. You can ask again in 43 seconds.')
    await plain.page.reload()
    expect(mailed()).toHaveLength(1)
    app.clock.advance(43_000)
    await plain.press('Send it again')
    app.clock.advance(60_000)
    await plain.page.reload()
    expect(mailed()).toHaveLength(2)
    await plain.answer(mailed()[0] ?? '')
    expect(await plain.heading()).toBe('Security')
  })

  test('R24: a code within the session reveals the API key, also after a refresh, and turns nothing off', async () => {
    await ada.givePassword()
    await ada.answer(await ada.nextCode())
    await ada.page.goto('/profile/api-key')
    await ada.press('Use email verification instead')
    await ada.page.reload()
    await ada.answer(mailed()[0] ?? '', 'Reveal')
    expect(await ada.page.locator('#api-key').innerText()).toMatch(/^acme_live_[\w-]{24}$/)
    expect(mailed()).toHaveLength(1)
    await ada.page.goto('/profile/disable')
    expect(await ada.page.getByRole('button', { name: /email/ }).count()).toBe(0)
    expect(ada.complaints).toEqual([])
  })
})

test('R28: where the mail server refuses, the page says so, the other ways stay, and later it goes on', async () => {
  const server = await startMailServer()
  onTestFinished(server.stop)
  await start({ smtp: server.url })
  ada = await (await arrive()).enrolled()
  await ada.addAddress('email', ada.email, () => codesIn(server.subjects)[0] ?? '')
  await ada.forgetCookies()
  await app.noticed()

  await ada.givePassword()
  server.refuse(true)
  await ada.press('Use email verification instead')
  expect(await ada.error()).toBe('We could not deliver the code. Use another way, or try again in a minute.')
  expect(await ada.page.getByRole('link', { name: 'Use a recovery code instead' }).count()).toBe(1)
  await ada.follow('Use your authenticator app instead')
  expect(await ada.page.getByLabel('Code from your authenticator app').isVisible()).toBe(true)

  server.refuse(false)
  app.clock.advance(60_000)
  await ada.press('Use email verification instead')
  await ada.answer(codesIn(server.subjects)[0] ?? '')
  expect(await ada.heading()).toBe('Security')
  expect(await ada.text()).toContain('A code could not be sent by email.')
})

async function withEmail(person: Person): Promise<Person> {
  await person.enrolled()
  await person.addAddress('email', person.email, () => mailedCodes(person.app, person.email)[0] ?? '')
  await person.forgetCookies()
  return person
}

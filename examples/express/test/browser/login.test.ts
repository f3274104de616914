/** The second screen of the login. */
import { beforeEach, describe, expect, test } from 'vitest'
import { app, arrive, start } from './fixture.js'
import type { Person } from './person.js'

let ada: Person

beforeEach(async () => {
  await start()
  ada = await (await arrive()).enrolled()
  await ada.forgetCookies()
})

describe('login', () => {
  test('S5: the password, then a code', async () => {
    await ada.givePassword()
    expect(await ada.heading()).toBe('One more step')
    expect(await ada.isSignedIn()).toBe(false)
    const input = ada.page.locator('#code')
    expect(await input.getAttribute('autocomplete')).toBe('one-time-code')
    expect(await input.getAttribute('inputmode')).toBe('numeric')
    await ada.page.locator('#code:focus').waitFor()

    await ada.answer(await ada.nextCode())
    expect(await ada.heading()).toBe('Security')
    expect(await ada.isSignedIn()).toBe(true)
    expect(ada.complaints).toEqual([])
  })

  test('S5: a wrong password is told before anything else, and like an unknown address', async () => {
    await ada.page.goto('/login')
    await ada.page.getByLabel('Email address').fill(ada.email)
    await ada.page.getByLabel('Password').fill('not the password')
    await ada.press('Log in')
    const wrongPassword = await ada.error()
    await ada.page.getByLabel('Email address').fill('nobody@example.com')
    await ada.page.getByLabel('Password').fill('not the password')
    await ada.press('Log in')
    expect(await ada.error()).toBe(wrongPassword)
  })

  test.each([
    ['a space in the middle', (code: string) => `${code.slice(0, 3)} ${code.slice(3)}`],
    ['spaces around', (code: string) => `  ${code}\n`],
    ['a dash', (code: string) => `${code.slice(0, 3)}-${code.slice(3)}`],
  ])('S5: a pasted code may have %s', async (_what, spell) => {
    await ada.page.context().grantPermissions(['clipboard-read', 'clipboard-write'])
    await ada.givePassword()
    const code = await ada.nextCode()
    await ada.page.evaluate(text => navigator.clipboard.writeText(text), spell(code))
    await ada.page.locator('#code:focus').waitFor()
    await ada.page.keyboard.press('Control+V')
    await expect.poll(() => ada.page.locator('#code').inputValue(), { timeout: 10_000 }).toBe(code)
    await ada.press('Log in')
    expect(await ada.heading()).toBe('Security')
  })

  test('S5: a code with spaces is taken by the server too', async () => {
    await ada.givePassword()
    const code = await ada.nextCode()
    await ada.answer(` ${code.slice(0, 3)} ${code.slice(3)} `)
    expect(await ada.heading()).toBe('Security')
  })

  test('S5: a wrong code is told and leaves the door shut; the right one opens it', async () => {
    await ada.givePassword()
    await ada.answer(await ada.wrongCode())
    expect(await ada.error()).toContain('not right')
    expect(await ada.page.locator('#code').getAttribute('aria-describedby')).toContain('error')
    expect(await ada.isSignedIn()).toBe(false)
    await ada.answer(await ada.nextCode())
    expect(await ada.heading()).toBe('Security')
  })

  test('S5, R4: a code that was used is refused as if it were wrong', async () => {
    const code = await ada.nextCode()
    await ada.sendPassword()
    await ada.sendCode(code)
    await ada.forgetCookies()
    await ada.givePassword()
    await ada.answer(await ada.wrongCode())
    const wrong = await ada.error()
    await ada.answer(code)
    expect(await ada.error()).toBe(wrong)
    expect(await ada.isSignedIn()).toBe(false)
  })

  test('S5, R4: a thief who reads the code over the shoulder comes too late', async () => {
    await ada.givePassword()
    const thief = await ada.elsewhere()
    await thief.sendPassword()
    const code = await ada.nextCode()
    await ada.answer(code)
    expect(await thief.sendCode(code)).toContain('used already')
    expect(await thief.isSignedIn()).toBe(false)
    expect(await ada.heading()).toBe('Security')
  })

  test("S5: five wrong codes lock the app's codes, and the page tells for how long", async () => {
    await ada.givePassword()
    for (let guess = 0; guess < 5; guess++) await ada.answer(await ada.wrongCode())
    expect(await ada.error()).toContain('locked for 15 minutes')
    expect(await ada.text()).toContain('Use a recovery code now, or wait 15 minutes.')
    expect(await ada.page.locator('#code').getAttribute('aria-invalid')).toBeNull()
    await ada.page.goto('/login/code')
    expect(await ada.text()).toContain('Use a recovery code now, or wait 15 minutes.')
    app.clock.advance(10 * 60_000 + 1000)
    await ada.page.goto('/login')
    await ada.givePassword()
    expect(await ada.text()).toContain('or wait 5 minutes.')
    app.clock.advance(5 * 60_000)
    await ada.page.reload()
    await ada.answer(await ada.nextCode())
    expect(await ada.heading()).toBe('Security')
  })

  test('S5, R49: while codes are locked, a recovery code opens', async () => {
    await ada.sendPassword()
    await ada.guessFiveTimes()
    await ada.page.goto('/login/code')
    expect(await ada.page.getByLabel('Recovery code').isVisible()).toBe(true)
    await ada.answer(ada.recoveryCodes[0] as string)
    expect(await ada.heading()).toBe('Security')
    expect(await ada.text()).toContain(
      'Your password was right, but a code from your authenticator was wrong. (5 times)',
    )
  })

  test('S5: where no recovery code is left, a lock leads to an admin', async () => {
    for (const code of ada.recoveryCodes) {
      await ada.forgetCookies()
      await ada.sendPassword()
      await ada.sendCode(code, 'recovery_code')
    }
    await ada.forgetCookies()
    await ada.givePassword()
    for (let guess = 0; guess < 5; guess++) await ada.answer(await ada.wrongCode())
    expect(await ada.text()).toContain('Wait 15 minutes, or ask an admin to unlock your account.')
    expect(await ada.page.locator('#code').count()).toBe(0)
    await ada.follow('Start again')
    await ada.givePassword()
    expect(await ada.error()).toContain('Wait 15 minutes, or ask an admin to unlock your account.')
    app.clock.advance(15 * 60_000)
    await ada.givePassword()
    await ada.answer(await ada.nextCode())
    expect(await ada.heading()).toBe('Security')
  })

  test('S5: the right code is refused while locked', async () => {
    await ada.sendPassword()
    await ada.guessFiveTimes()
    expect(await ada.sendCode(await ada.nextCode())).toContain('locked for 15 minutes')
    expect(await ada.isSignedIn()).toBe(false)
  })

  test('S5: two tabs: when one has logged in, the other leads there', async () => {
    await ada.givePassword()
    const secondTab = await ada.page.context().newPage()
    await secondTab.goto('/login/code')
    await ada.answer(await ada.nextCode())
    await secondTab.locator('#code').fill(await ada.nextCode())
    await ada.press('Log in', secondTab)
    expect(await secondTab.locator('main').innerText()).toContain('another tab')
    await ada.follow('Back to the start', secondTab)
    expect(await secondTab.getByRole('heading', { level: 1 }).innerText()).toBe('Security')
  })

  test('S5: a double click on Log in logs in, once', async () => {
    await ada.givePassword()
    await ada.page.locator('#code').fill(await ada.nextCode())
    await ada.pressTwice('Log in')
    await ada.page.waitForURL('**/profile')
    expect(await ada.heading()).toBe('Security')
    expect(await ada.text()).not.toContain('wrong')
  })

  test('S5: the back button after logging in leads to the profile, and after logging out to the login', async () => {
    await ada.givePassword()
    await ada.answer(await ada.nextCode())
    await ada.page.goBack()
    expect(ada.path).toBe('/profile')
    await ada.logOut()
    await ada.page.goBack()
    expect(ada.path).toBe('/login')
  })

  test('S5: after ten minutes the second screen begins again with the password', async () => {
    await ada.givePassword()
    app.clock.advance(10 * 60_000)
    await ada.answer(await ada.nextCode())
    expect(ada.path).toBe('/login')
    expect(await ada.text()).toContain('Please start again')
  })

  test('S5: with the keyboard alone', async () => {
    const { keyboard } = ada.page
    /** A page has its focus a frame after it has loaded: keys that come before go nowhere. */
    const focused = (name: string) => ada.page.locator(`input[name="${name}"]:focus`).waitFor()
    await ada.page.goto('/login')
    await focused('email')
    await keyboard.type(ada.email)
    await keyboard.press('Tab')
    await keyboard.type('correct horse battery staple')
    await keyboard.press('Enter')
    await ada.page.waitForURL('**/login/code')
    await focused('code')
    // Past the box that has the browser remembered, and the button.
    await keyboard.press('Tab')
    await focused('remember')
    await keyboard.press('Tab')
    await keyboard.press('Tab')
    expect(await ada.page.evaluate(() => document.activeElement?.textContent)).toBe('Use a recovery code instead')
    await keyboard.press('Enter')
    await ada.page.waitForURL('**method=recovery_code')
    await focused('code')
    await keyboard.type((ada.recoveryCodes[0] as string).toLowerCase())
    await keyboard.press('Enter')
    await ada.page.waitForURL('**/profile')
    await ada.drawn()
    await keyboard.press('Tab')
    expect(await ada.page.evaluate(() => document.activeElement?.textContent)).toBe('Skip to the content')
  })

  test('R34: the session id changes with the password and with the code, and the old ones open nothing', async () => {
    await ada.page.goto('/login')
    const planted = await ada.page.context().cookies()
    await ada.givePassword()
    const between = await ada.page.context().cookies()
    await ada.answer(await ada.nextCode())
    const now = await ada.page.context().cookies()
    expect(new Set([planted, between, now].map(cookies => cookies[0]?.value)).size).toBe(3)

    for (const cookies of [planted, between]) {
      await ada.forgetCookies()
      await ada.page.context().addCookies(cookies)
      expect(await ada.isSignedIn()).toBe(false)
      await ada.page.goto('/login/code')
      expect(ada.path).toBe('/login')
    }
  })
})

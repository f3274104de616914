/** The way back in for somebody who lost the phone and the recovery codes, and enrolment at login. */
import { beforeEach, describe, expect, test } from 'vitest'
import { password, Visitor } from '../visitor.js'
import { app, arrive, start } from './fixture.js'
import type { Person } from './person.js'

describe('operator', () => {
  let olga: Person
  let ada: Person

  beforeEach(async () => {
    await start()
    olga = await (await arrive('olga@example.com')).enrolled()
    ada = await (await arrive('ada@example.com')).enrolled()
  })

  async function reset(): Promise<string> {
    await olga.page.goto('/operator')
    await olga.follow('Reset ada@example.com')
    await olga.page.getByLabel('How did you make sure').fill('Video call, showed her passport')
    await olga.answer(await olga.nextCode(), 'Reset two-factor authentication')
    return olga.page.locator('#permit-link').innerText()
  }

  test('S12: after a reset nobody logs in without the permit, and with it the owner enrols again', async () => {
    const link = await reset()
    await olga.page.goto('/operator')
    expect(await olga.text()).toContain('Reset: waits for the permit')
    // Her open session is over, too.
    await ada.page.goto('/profile')
    expect(ada.path).toBe('/login')

    await ada.givePassword()
    expect(await ada.error()).toContain('Open the link that the admin gave you, or paste its permit here.')
    await ada.page.getByLabel('One-time permit').fill('a guess')
    await ada.fillPassword()
    await ada.press('Log in')
    expect(await ada.error()).toContain('This permit is used, expired or not for this account')
    expect(await ada.isSignedIn()).toBe(false)

    await ada.openLink(link)
    // Out of the address bar, and never sent to the server before the form is.
    expect(ada.page.url()).toBe(`${app.origin}/login/permit`)
    await ada.fillPassword()
    await ada.press('Log in')
    expect(await ada.heading()).toBe('Set up your authenticator')
    expect(await ada.text()).toContain('Your two-factor authentication was reset')
    expect(await ada.isSignedIn()).toBe(false)
    const fresh = await ada.scanScreen()
    expect(fresh.secret).not.toBe(ada.phone?.secret)
    await ada.page.reload()
    expect((await ada.scanScreen()).secret).toBe(fresh.secret)
    ada.phone = fresh
    await ada.confirm()
    expect(await ada.heading()).toBe('Save your recovery codes')
    ada.recoveryCodes = await ada.readRecoveryCodes()
    expect(await ada.isSignedIn()).toBe(true)
    await ada.press('I have saved them')
    expect(await ada.text()).toContain(
      'olga@example.com) reset two-factor authentication: Video call, showed her passport',
    )

    await ada.logOut()
    await ada.givePassword()
    await ada.answer(await ada.nextCode())
    expect(await ada.heading()).toBe('Security')
    expect(ada.complaints).toEqual([])
  })

  test('S12: the permit works once', async () => {
    const link = await reset()
    await ada.openLink(link)
    await ada.givePassword()
    ada.phone = await ada.scanScreen()
    await ada.confirm()

    await ada.forgetCookies()
    await ada.openLink(link)
    await ada.givePassword()
    expect(await ada.heading()).toBe('One more step')
  })

  test('S12: the permit can be pasted, and is of no use to somebody else', async () => {
    const link = await reset()
    const permit = await olga.page.locator('#permit-token').innerText()
    expect(link).toBe(`${app.origin}/login/permit#permit=${permit}`)
    await olga.page.reload()
    expect(await olga.page.locator('#permit-link').innerText()).toBe(link)
    await olga.press('Done')
    await olga.page.goBack()
    expect(await olga.page.locator('#permit-link').count()).toBe(0)
    await ada.forgetCookies()
    const bob = await new Visitor(app, ada.request, 'bob@example.com').enrolled()
    await ada.forgetCookies()
    const fields = { email: bob.email, password, permit }
    expect(await bob.send('/login', '/login', fields)).toContain('Now enter the code')

    await ada.givePassword()
    await ada.page.getByLabel('One-time permit').fill(permit)
    await ada.fillPassword()
    await ada.press('Log in')
    expect(await ada.heading()).toBe('Set up your authenticator')
  })

  test('S12: the old codes and recovery codes are void', async () => {
    const link = await reset()
    await ada.openLink(link)
    await ada.givePassword()
    const [old, oldRecoveryCode] = [ada.phone, ada.recoveryCodes[0] as string]
    ada.phone = await ada.scanScreen()
    await ada.confirm()
    await ada.forgetCookies()
    await ada.sendPassword()
    expect(await ada.sendCode(await ada.nextCode(old))).toContain('not right')
    expect(await ada.sendCode(oldRecoveryCode, 'recovery_code')).toContain('not right')
  })

  test('S12: a reset takes a reason and the code of an admin, and no power over oneself', async () => {
    await olga.page.goto('/operator')
    expect(await olga.page.getByRole('link', { name: 'Reset olga@example.com' }).count()).toBe(0)
    await olga.follow('Reset ada@example.com')
    await olga.page.locator('#reason:focus').waitFor()
    await olga.page.getByLabel('How did you make sure').fill('She asked')
    await olga.answer(await olga.wrongCode(), 'Reset two-factor authentication')
    expect(await olga.error()).toContain('not right')
    expect(await olga.page.getByLabel('How did you make sure').inputValue()).toBe('She asked')
    expect(await ada.twoFactorBadge()).toBe('On')
  })

  test('S12: an admin lifts a lock', async () => {
    const elsewhere = await ada.elsewhere()
    await elsewhere.sendPassword()
    await elsewhere.guessFiveTimes()
    await olga.page.goto('/operator')
    expect(await olga.text()).toContain('locked')
    expect(await olga.text()).toContain('2FA on')
    await olga.follow('Unlock ada@example.com')
    await olga.page.getByLabel('How did you make sure').fill('Sits beside me')
    await olga.answer(await olga.nextCode(), 'Lift the lock')
    expect(await olga.text()).toContain('ada@example.com can try codes again.')
    await elsewhere.sendCode(await elsewhere.nextCode())
    expect(await elsewhere.isSignedIn()).toBe(true)
    expect(olga.complaints).toEqual([])
  })

  test('S12: an admin without a second factor is led to one', async () => {
    await olga.page.goto('/profile/disable')
    await olga.answer(await olga.nextCode(), 'Turn off')
    await olga.page.goto('/operator')
    await olga.follow('Reset ada@example.com')
    await olga.press('Turn on two-factor authentication')
    expect(await olga.heading()).toBe('Set up your authenticator')
  })

  test('R50: for others there is no operator page', async () => {
    expect((await ada.page.goto('/operator'))?.status()).toBe(404)
    expect(await ada.page.getByRole('link', { name: 'Admin' }).count()).toBe(0)
  })
})

describe('where a second factor is required', () => {
  beforeEach(() => start({ required: true }))

  test('R35: a new account sets it up before it is signed in', async () => {
    const ada = await arrive()
    await ada.signUp()
    expect(await ada.heading()).toBe('Set up your authenticator')
    expect(await ada.isSignedIn()).toBe(false)
    ada.phone = await ada.scanScreen()
    await ada.answer(await ada.wrongCode(), 'Confirm')
    expect(await ada.error()).toContain('not right')
    expect((await ada.scanScreen()).secret).toBe(ada.phone.secret)
    await ada.confirm()
    expect(await ada.readRecoveryCodes()).toHaveLength(10)
    expect(await ada.isSignedIn()).toBe(true)
  })

  test('R35: five wrong first codes lock the setup, and the page says so', async () => {
    const ada = await arrive()
    await ada.signUp()
    expect(await ada.text()).toContain('Your account needs a second factor to finish logging in.')
    ada.phone = await ada.scanScreen()
    for (let guess = 0; guess < 5; guess++) await ada.answer(await ada.wrongCode(), 'Confirm')
    expect(await ada.error()).toContain('setting up an authenticator is locked for 15 minutes')
    expect(await ada.page.locator('.notice.alarming').count()).toBe(1)

    app.clock.advance(15 * 60_000)
    await ada.givePassword()
    await ada.press('Log out')
    expect(await ada.text()).toContain('You are logged out.')
  })

  test('R30: the enrolment that a login began cannot be confirmed from another session', async () => {
    const ada = await arrive()
    await ada.signUp()
    const phone = await ada.scanScreen()
    const elsewhere = await ada.elsewhere()
    await elsewhere.sendPassword()
    const code = await phone.code(app.clock())
    expect(await elsewhere.send('/login/enroll', '/login/enroll', { code })).toContain('not right')
    expect(await elsewhere.isSignedIn()).toBe(false)
  })
})

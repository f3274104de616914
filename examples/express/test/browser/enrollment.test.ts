/** Turning two-factor authentication on, from the profile. */
import { beforeEach, describe, expect, test } from 'vitest'
import { typed } from '../authenticator-app.js'
import { password } from '../visitor.js'
import { app, arrive, start } from './fixture.js'
import type { Person } from './person.js'

beforeEach(() => start())

async function beginsSetup(): Promise<Person> {
  const ada = await arrive()
  await ada.signUp()
  await ada.press('Turn on two-factor authentication')
  return ada
}

describe('enrolment', () => {
  test('S1: the profile shows a QR code, with the key underneath for typing', async () => {
    const ada = await beginsSetup()
    const { uri, secret } = await ada.scanScreen()
    expect(uri.protocol).toBe('otpauth:')
    expect(uri.searchParams.get('issuer')).toBe('Acme')
    expect(decodeURIComponent(uri.pathname)).toContain('Acme:ada@example.com')

    const setupKey = await ada.page.locator('#setup-key').innerText()
    expect(setupKey).toMatch(/^([A-Z2-7]{4} ){7}[A-Z2-7]{4}$/)
    expect(setupKey.replaceAll(' ', '')).toBe(secret)
    const [qr, key] = await Promise.all([
      ada.page.locator('.qr').boundingBox(),
      ada.page.locator('#setup-key').boundingBox(),
    ])
    expect(qr?.width).toBeGreaterThan(200)
    expect(key).not.toBeNull()
    expect(ada.complaints).toEqual([])
  })

  test('S1: the QR code can be scanned from a screenshot: phone or desktop, light or dark', async () => {
    const ada = await beginsSetup()
    const setupKey = await ada.page.locator('#setup-key').innerText()
    for (const viewport of [
      { width: 375, height: 740 },
      { width: 1280, height: 800 },
    ]) {
      for (const colorScheme of ['light', 'dark'] as const) {
        await ada.page.setViewportSize(viewport)
        await ada.page.emulateMedia({ colorScheme })
        expect((await ada.scanScreen()).secret).toBe(setupKey.replaceAll(' ', ''))
      }
    }
  })

  test('S2: only six digits of the app turn it on', async () => {
    const ada = await beginsSetup()
    ada.phone = await ada.scanScreen()
    await ada.answer(await ada.wrongCode(), 'Confirm')
    expect(await ada.error()).toContain('not right')
    expect(await ada.twoFactorBadge()).toBe('Off')

    await ada.page.goto('/profile/authenticators/setup')
    await ada.confirm('Pocket phone')
    expect(await ada.heading()).toBe('Save your recovery codes')
    expect(await ada.twoFactorBadge()).toBe('On')
    expect(await ada.text()).toContain('Pocket phone')
    expect(ada.complaints).toEqual([])
  })

  test('S2: on a phone, what is wrong with the code is told where the code is', async () => {
    const ada = await beginsSetup()
    ada.phone = await ada.scanScreen()
    await ada.page.setViewportSize({ width: 375, height: 740 })
    await ada.answer(await ada.wrongCode(), 'Confirm')
    await ada.page.locator('#code:focus').waitFor()
    expect(await ada.page.locator('#code').getAttribute('aria-describedby')).toBe('error')
    for (const seen of ['#error', '#code']) {
      const box = (await ada.page.locator(seen).boundingBox()) ?? { y: -1, height: 0 }
      expect(box.y).toBeGreaterThanOrEqual(0)
      expect(box.y + box.height).toBeLessThanOrEqual(740)
    }
  })

  test('S2: a setup that is cancelled changes nothing, and its QR code is gone', async () => {
    const ada = await beginsSetup()
    const { secret } = await ada.scanScreen()
    expect(await ada.text()).toContain('This turns two-factor authentication on')
    expect(await ada.text()).toContain('for 15 minutes')
    await ada.press('Cancel')
    expect(await ada.twoFactorBadge()).toBe('Off')
    await ada.press('Turn on two-factor authentication')
    expect((await ada.scanScreen()).secret).not.toBe(secret)
  })

  test('S2: the setup key, typed instead of scanned, gives the same codes', async () => {
    const ada = await beginsSetup()
    const phone = typed(await ada.page.locator('#setup-key').innerText())
    await ada.answer(await phone.code(app.clock()), 'Confirm')
    expect(await ada.heading()).toBe('Save your recovery codes')
  })

  test('S13: refreshing shows the same QR code, which still works', async () => {
    const ada = await beginsSetup()
    ada.phone = await ada.scanScreen()
    app.clock.advance(10 * 60_000)
    await ada.page.reload()
    expect((await ada.scanScreen()).secret).toBe(ada.phone.secret)
    await ada.page.goto('/profile')
    await ada.press('Turn on two-factor authentication')
    expect((await ada.scanScreen()).secret).toBe(ada.phone.secret)
    await ada.confirm()
    expect(await ada.heading()).toBe('Save your recovery codes')
  })

  test('S13: after its quarter of an hour the old QR code gives way to a new one', async () => {
    const ada = await beginsSetup()
    const old = await ada.scanScreen()
    app.clock.advance(15 * 60_000)
    await ada.answer(await old.code(app.clock()), 'Confirm')
    expect(await ada.text()).toContain('no longer valid')
    await ada.press('Turn on two-factor authentication')
    const fresh = await ada.scanScreen()
    expect(fresh.secret).not.toBe(old.secret)
  })

  test('S13: two tabs show the same QR code, and only the first confirmation counts', async () => {
    const ada = await beginsSetup()
    ada.phone = await ada.scanScreen()
    const secondTab = await ada.page.context().newPage()
    await secondTab.goto('/profile')
    await ada.press('Turn on two-factor authentication', secondTab)
    expect(await secondTab.locator('#setup-key').innerText()).toBe(await ada.page.locator('#setup-key').innerText())

    await ada.confirm()
    const codes = await ada.readRecoveryCodes()
    await secondTab.getByLabel('Six-digit code').fill(await ada.nextCode())
    await ada.press('Confirm', secondTab)
    expect(new URL(secondTab.url()).pathname).toBe('/profile/recovery-codes/new')
    expect(await secondTab.locator('#recovery-codes code').allTextContents()).toEqual(codes)

    const elsewhere = await ada.elsewhere()
    await elsewhere.sendPassword()
    await elsewhere.sendCode(codes[0] as string, 'recovery_code')
    expect(await elsewhere.isSignedIn()).toBe(true)
  })

  test('S2: a double click on Confirm confirms once and shows the recovery codes', async () => {
    const ada = await beginsSetup()
    ada.phone = await ada.scanScreen()
    await ada.page.getByLabel('Six-digit code').fill(await ada.nextCode())
    await ada.pressTwice('Confirm')
    await ada.page.locator('#recovery-codes').waitFor()
    expect(await ada.readRecoveryCodes()).toHaveLength(10)
  })

  test('S2: the back button does not bring the QR code or the recovery codes back', async () => {
    const ada = await beginsSetup()
    ada.phone = await ada.scanScreen()
    await ada.confirm()
    await ada.press('I have saved them')
    await ada.page.goBack()
    expect(ada.path).toBe('/profile')
    expect(await ada.page.locator('#recovery-codes, .qr').count()).toBe(0)
    const secondTab = await ada.page.context().newPage()
    await secondTab.goto('/profile/authenticators/setup')
    expect(new URL(secondTab.url()).pathname).toBe('/profile')
  })

  test('R30: an enrolment begun in one session cannot be confirmed in another of the same person', async () => {
    const ada = await beginsSetup()
    const phone = await ada.scanScreen()
    const elsewhere = await ada.elsewhere()
    await elsewhere.sendPassword()
    const code = await phone.code(app.clock())
    expect(await elsewhere.send('/profile', '/profile/authenticators/setup', { code })).toContain('no longer valid')
    expect(await ada.twoFactorBadge()).toBe('Off')
  })

  test('R30: an enrolment planted in a browser does not outlast the login of somebody else', async () => {
    const eve = await beginsSetup()
    const planted = await eve.scanScreen()
    const bob = await arrive('bob@example.com')
    await bob.send('/signup', '/signup', { email: bob.email, password })
    // Eve's session, with her QR code pending, finds its way into Bob's browser; he logs in over it.
    await bob.forgetCookies()
    await bob.page.context().addCookies(await eve.page.context().cookies())
    await bob.page.goto('/profile')
    await bob.logOut()
    await bob.givePassword()
    expect(await bob.text()).toContain('bob@example.com')

    const code = await planted.code(app.clock())
    await bob.send('/profile', '/profile/authenticators/setup', { code })
    await bob.page.reload()
    expect(await bob.twoFactorBadge()).toBe('Off')
  })

  test('S1: all of it works without JavaScript', async () => {
    const ada = await arrive('ada@example.com', { javaScriptEnabled: false })
    await ada.signUp()
    await ada.turnOn()
    expect(ada.recoveryCodes).toHaveLength(10)
    expect(await ada.page.getByRole('button', { name: 'Copy' }).count()).toBe(0)
    const [download] = await Promise.all([
      ada.page.waitForEvent('download'),
      ada.page.getByRole('link', { name: 'Download' }).click(),
    ])
    expect(download.suggestedFilename()).toBe('acme-recovery-codes.txt')
    await ada.logOut()
    await ada.givePassword()
    await ada.answer(await ada.nextCode())
    expect(await ada.heading()).toBe('Security')
    await ada.logOut()
    await ada.givePassword()
    await ada.answerWithRecoveryCode(ada.recoveryCodes[4] as string)
    expect(await ada.heading()).toBe('Security')
  })
})

/** Changing the second factor from the profile, and what else asks for a fresh code. */
import { beforeEach, describe, expect, test } from 'vitest'
import { password, Visitor } from '../visitor.js'
import { app, arrive, start } from './fixture.js'
import type { Person } from './person.js'

let ada: Person

beforeEach(async () => {
  await start()
  ada = await (await arrive()).enrolled()
  await ada.page.goto('/profile')
})

/** Whether a code opens, somewhere else. */
async function opens(code: string): Promise<boolean> {
  const elsewhere = await ada.elsewhere()
  await elsewhere.sendPassword()
  await elsewhere.sendCode(code)
  return elsewhere.isSignedIn()
}

describe('changes of factors', () => {
  test('S8: turning it off asks for the current code', async () => {
    await ada.follow('Turn off')
    await ada.answer(await ada.wrongCode(), 'Turn off')
    expect(await ada.error()).toContain('not right')
    expect(await ada.twoFactorBadge()).toBe('On')
    await ada.follow('Turn off')
    await ada.answer(await ada.nextCode(), 'Turn off')
    expect(await ada.text()).toContain('Two-factor authentication is off.')
    expect(await ada.twoFactorBadge()).toBe('Off')
    await ada.logOut()
    await ada.givePassword()
    expect(await ada.heading()).toBe('Security')
  })

  test('S8: a recovery code turns it off as well, and it can be turned on again', async () => {
    await ada.follow('Turn off')
    await ada.answerWithRecoveryCode(ada.recoveryCodes[3] as string, 'Turn off')
    expect(await ada.text()).toContain('Two-factor authentication is off.')
    const before = ada.phone
    await ada.turnOn()
    expect(ada.phone?.secret).not.toBe(before?.secret)
    expect(await opens(await ada.nextCode())).toBe(true)
  })

  test('R31: replacing an authenticator asks for a code first, and leaves no gap', async () => {
    const old = ada.phone
    await ada.follow('Replace')
    await ada.answer(await ada.nextCode(), 'Continue')
    expect(await ada.heading()).toBe('Replace Authenticator')
    const fresh = await ada.scanScreen()
    expect(fresh.secret).not.toBe(old?.secret)
    await ada.page.reload()
    expect((await ada.scanScreen()).secret).toBe(fresh.secret)

    // Until the new one is confirmed, the old one opens.
    expect(await opens(await ada.nextCode(old))).toBe(true)

    ada.phone = fresh
    await ada.confirm('New phone')
    expect(await ada.text()).toContain('The authenticator was replaced.')
    expect(await ada.countAuthenticators()).toBe(1)
    expect(await opens(await ada.nextCode(old))).toBe(false)
    expect(await opens(await ada.nextCode(fresh))).toBe(true)
  })

  test('R31: a second authenticator is added after a code, either opens, and one of two can go', async () => {
    const phone = ada.phone
    await ada.follow('Add another')
    await ada.answer(await ada.nextCode(), 'Continue')
    expect(await ada.heading()).toBe('Add another authenticator')
    const tablet = await ada.scanScreen()
    ada.phone = tablet
    await ada.confirm('Tablet')
    expect(await ada.text()).toContain('The authenticator was added.')
    expect(await ada.countAuthenticators()).toBe(2)
    for (const device of [phone, tablet]) expect(await opens(await ada.nextCode(device))).toBe(true)

    await ada.follow('Remove Tablet')
    await ada.answer(await ada.nextCode(phone), 'Remove')
    expect(await ada.text()).toContain('The authenticator was removed.')
    expect(await ada.countAuthenticators()).toBe(1)
    expect(await ada.page.getByRole('link', { name: /^Remove/ }).count()).toBe(0)
    expect(await opens(await ada.nextCode(tablet))).toBe(false)
    expect(await opens(await ada.nextCode(phone))).toBe(true)
  })

  test('R31: without a code no QR code is shown and nothing changes', async () => {
    for (const path of ['add', 'first']) {
      await ada.send('/profile', `/profile/authenticators/${path}`, { method: 'totp', code: await ada.wrongCode() })
    }
    await ada.page.goto('/profile/authenticators/setup')
    expect(ada.path).toBe('/profile')
    expect(await ada.countAuthenticators()).toBe(1)
  })

  test('R33: a change of factors ends the other sessions, and keeps this one', async () => {
    const elsewhere = await ada.elsewhere()
    await elsewhere.signIn()
    expect(await elsewhere.isSignedIn()).toBe(true)
    await ada.page.goto('/profile/recovery-codes')
    await ada.answer(await ada.nextCode(), 'Make new codes')
    expect(await elsewhere.isSignedIn()).toBe(false)
    await ada.press('I have saved them')
    expect(await ada.heading()).toBe('Security')
  })

  test('R33: turning it on ends the other sessions as well', async () => {
    const bob = await arrive('bob@example.com')
    await bob.send('/signup', '/signup', { email: bob.email, password })
    const elsewhere = await bob.elsewhere()
    await elsewhere.sendPassword()
    expect(await elsewhere.isSignedIn()).toBe(true)
    await bob.turnOn()
    expect(await elsewhere.isSignedIn()).toBe(false)
    expect(await bob.isSignedIn()).toBe(true)
  })

  test('R33: a second screen that waits elsewhere is void after a change', async () => {
    const elsewhere = await ada.elsewhere()
    await elsewhere.sendPassword()
    await ada.page.goto('/profile/recovery-codes')
    await ada.answer(await ada.nextCode(), 'Make new codes')
    expect(await elsewhere.sendCode(await elsewhere.nextCode())).toContain('Please start again')
    expect(await elsewhere.isSignedIn()).toBe(false)
  })

  test('R32: the authenticator of somebody else is not found', async () => {
    const href = (await ada.page.getByRole('link', { name: /^Replace/ }).getAttribute('href')) as string
    await ada.forgetCookies()
    const bob = await new Visitor(app, ada.request, 'bob@example.com').enrolled()
    expect(await bob.send(href, href, { method: 'totp', code: await bob.nextCode() })).toContain('not there')
  })
})

describe('step-up for something of the application', () => {
  test('R52: the API key is shown after a fresh code, once', async () => {
    await ada.follow('Reveal')
    await ada.answer(await ada.wrongCode(), 'Reveal')
    expect(await ada.error()).toContain('not right')
    expect(await ada.page.content()).not.toMatch(/acme_live_\w{10}/)
    await ada.answer(await ada.nextCode(), 'Reveal')
    expect(await ada.page.locator('#api-key').innerText()).toMatch(/^acme_live_[\w-]{24}$/)
    await ada.page.reload()
    expect(await ada.page.locator('#api-key').innerText()).toMatch(/^acme_live_[\w-]{24}$/)
    await ada.press('Done')

    const again = await ada.send('/profile', '/profile/api-key', { method: 'totp', code: await ada.nextCode() })
    expect(again).not.toMatch(/acme_live_\w{10}/)
    expect(again).toContain('Please start again')
  })
})

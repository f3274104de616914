/** Where a first enrolment takes a code on the account's own address. */
import { expect, test } from 'vitest'
import { mailedCodes } from '../sent-codes.js'
import { app, arrive, start } from './fixture.js'

test('R30: at login, a code in the mail comes before the QR code', async () => {
  await start({ required: true, firstEnrollment: 'email' })
  const ada = await arrive()
  const mailed = () => mailedCodes(app, ada.email)
  await ada.signUp()
  expect(await ada.heading()).toBe('One more step')
  expect(await ada.text()).toContain('Now have a code mailed to a•••@example.com.')
  expect(mailed()).toEqual([])
  await ada.press('Send the code')
  const wrong = mailed()[0] === '000000' ? '000001' : '000000'
  await ada.answer(wrong, 'Continue')
  expect(await ada.error()).toContain('not right')
  await ada.page.goto('/login/enroll')
  expect(await ada.page.locator('.qr').count()).toBe(0)
  expect(mailed()).toHaveLength(1)
  await ada.answer(mailed()[0] ?? '', 'Continue')
  ada.phone = await ada.scanScreen()
  await ada.page.reload()
  expect((await ada.scanScreen()).secret).toBe(ada.phone.secret)
  expect(await ada.isSignedIn()).toBe(false)
  await ada.confirm()
  expect(await ada.readRecoveryCodes()).toHaveLength(10)
  await ada.press('I have saved them')
  expect(await ada.page.getByRole('region', { name: 'Codes by email' }).innerText()).toContain('a•••@example.com')

  // The address was shown to be read, so it is on record, and codes go to it.
  await ada.logOut()
  await ada.givePassword()
  await ada.press('Use email verification instead')
  await ada.answer(mailed()[0] ?? '')
  expect(await ada.heading()).toBe('Security')
  expect(ada.complaints).toEqual([])
})

test('R30: from the profile it is the same, and a session without the code shows no QR code', async () => {
  await start({ firstEnrollment: 'email' })
  const ada = await arrive()
  const mailed = () => mailedCodes(app, ada.email)
  await ada.signUp()
  await ada.press('Turn on two-factor authentication')
  expect(await ada.heading()).toBe('First, a code to your own address')
  await ada.page.goto('/profile/authenticators/setup')
  expect(ada.path).toBe('/profile')
  await ada.press('Turn on two-factor authentication')
  expect(mailed()).toEqual([])
  await ada.press('Send the code')
  await ada.page.reload()
  expect(mailed()).toHaveLength(1)
  await ada.answer(mailed()[0] ?? '', 'Continue')
  ada.phone = await ada.scanScreen()
  await ada.confirm()
  expect(await ada.readRecoveryCodes()).toHaveLength(10)
  expect(await ada.twoFactorBadge()).toBe('On')
})

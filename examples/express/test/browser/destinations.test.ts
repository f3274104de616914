/** Addresses for codes, from the profile: a phone number and an email address. */
import { beforeEach, expect, test } from 'vitest'
import { mailedCodes, printedCodes } from '../sent-codes.js'
import { app, arrive, start } from './fixture.js'
import type { Person } from './person.js'

let ada: Person

beforeEach(async () => {
  await start()
  ada = await (await arrive()).enrolled()
  await ada.page.goto('/profile')
})

const texted = (number: string) => printedCodes(app, number)[0] ?? ''

async function addPhone(typed: string): Promise<void> {
  await ada.follow(/^(Add|Replace) phone/)
  await ada.answer(await ada.nextCode(), 'Continue')
  await ada.page.getByLabel('Phone number').fill(typed)
  await ada.press('Send the code')
}

test('S7: a phone number is added with a code that reaches it, and then a code by text message opens', async () => {
  await addPhone('+1 (202) 555-0142')
  expect(await ada.heading()).toBe('Enter the code')
  expect(await ada.text()).toContain('We sent it to •••• 42.')
  expect(await ada.page.locator('#code').getAttribute('autocomplete')).toBe('one-time-code')
  await ada.page.reload()
  expect(app.printed).toHaveLength(1)

  const [code, wrong] = [texted('+12025550142'), texted('+12025550142') === '000000' ? '000001' : '000000']
  await ada.answer(wrong, 'Confirm')
  expect(await ada.error()).toContain('not right')
  expect(await ada.page.getByRole('button', { name: 'Send it again' }).isDisabled()).toBe(true)
  app.clock.advance(60_000)
  await ada.page.reload()
  await ada.press('Send it again')
  expect(printedCodes(app, '+12025550142')).toEqual([code, code])
  await ada.answer(code, 'Confirm')
  expect(await ada.text()).toContain('Codes can now be sent to •••• 42.')
  expect(await ada.text()).toContain('A phone number was added, for codes.')

  await ada.logOut()
  await ada.givePassword()
  await ada.press('Send a code to •••• 42 instead')
  expect(await ada.text()).toContain('Now enter the code that we sent to •••• 42.')
  expect(texted('+12025550142')).not.toBe(code)
  await ada.answer(texted('+12025550142'))
  expect(await ada.heading()).toBe('Security')
  expect(await ada.text()).toContain('Logged in with a code by text message.')
  expect(ada.complaints).toEqual([])
})

test('S7: a number is replaced when the new one is confirmed, and can be removed', async () => {
  await ada.addAddress('sms', '+12025550142', () => texted('+12025550142'))
  await ada.page.goto('/profile')
  await addPhone('no number')
  expect(await ada.error()).toContain('That is no phone number that we can send to.')
  await ada.page.getByLabel('Phone number').fill('+1 202 555 0199')
  await ada.press('Send the code')
  await ada.page.goto('/profile')
  expect(await ada.text()).toContain('•••• 42')
  await ada.page.goBack()
  await ada.answer(texted('+12025550199'), 'Confirm')
  expect(await ada.text()).toContain('•••• 99')
  expect(await ada.page.getByRole('region', { name: 'Codes by email' }).innerText()).not.toContain('•••• 42')

  await ada.follow(/^Remove phone/)
  await ada.answer(await ada.nextCode(), 'Remove')
  expect(await ada.page.getByRole('region', { name: 'Codes by email' }).innerText()).not.toContain('••••')
  await ada.logOut()
  await ada.givePassword()
  expect(await ada.page.getByRole('button', { name: /^Send a code/ }).count()).toBe(0)
})

test('S6: an email address is added; adding it ends the other sessions', async () => {
  const elsewhere = await ada.elsewhere()
  await elsewhere.signIn()
  await ada.follow(/^Add email/)
  await ada.answer(await ada.nextCode(), 'Continue')
  expect(await ada.page.getByLabel('Email address').inputValue()).toBe(ada.email)
  await ada.press('Send the code')
  expect(await elsewhere.isSignedIn()).toBe(true)
  await ada.answer(mailedCodes(app, ada.email)[0] ?? '', 'Confirm')
  expect(await ada.text()).toContain('Codes can now be sent to a•••@example.com.')
  expect(await elsewhere.isSignedIn()).toBe(false)
})

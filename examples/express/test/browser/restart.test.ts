/** A restart of the application, as somebody in front of a browser meets it. */
import { beforeEach, expect, test } from 'vitest'
import { app, arrive, start } from './fixture.js'
import type { Person } from './person.js'

let ada: Person

beforeEach(async () => {
  await start()
  ada = await arrive()
  await ada.signUp()
  await ada.turnOn()
})

test('S5: after a restart the phone that was enrolled before opens', async () => {
  await app.restart()
  await ada.page.goto('/profile')
  expect(ada.path).toBe('/login')
  expect(await ada.text()).toContain('Please log in first.')
  await ada.givePassword()
  expect(await ada.heading()).toBe('One more step')
  await ada.answer(await ada.nextCode())
  expect(await ada.heading()).toBe('Security')
  expect(await ada.twoFactorBadge()).toBe('On')
  expect(ada.complaints).toEqual([])
})

test('S3: after a restart the recovery codes on paper open, each once', async () => {
  const [code = ''] = ada.recoveryCodes
  await app.restart()
  await ada.givePassword()
  await ada.answerWithRecoveryCode(code)
  expect(await ada.heading()).toBe('Security')
  expect(await ada.text()).toContain('9 left')

  await app.restart()
  await ada.givePassword()
  await ada.answerWithRecoveryCode(code)
  expect(await ada.error()).toContain('not right')
})

test('S5: a form that was open across a restart is refused, and the way back is shown', async () => {
  await ada.logOut()
  await ada.givePassword()
  const code = await ada.nextCode()
  await app.restart()
  await ada.answer(code)
  expect(await ada.heading()).toBe('This page was out of date')
  await ada.follow('Back to the start')
  await ada.givePassword()
  await ada.answer(code)
  expect(await ada.heading()).toBe('Security')
})

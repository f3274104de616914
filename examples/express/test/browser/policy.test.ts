/** Who needs a second factor, as an admin chooses it and as everybody else meets it. */
import { beforeEach, describe, expect, test } from 'vitest'
import { app, arrive, start } from './fixture.js'
import type { Person } from './person.js'

let olga: Person

beforeEach(async () => {
  await start()
  olga = await arrive('olga@example.com')
})

/** Somebody who has signed up, and was let in. */
async function editor(email: string): Promise<Person> {
  const person = await arrive(email)
  await person.signUp()
  expect(await person.heading()).toBe('Security')
  return person
}

/** To the midnight at which a day of January 2026 begins. */
function advanceToJanuary(day: number): void {
  app.clock.advance(Date.UTC(2026, 0, day) - app.clock())
}

describe('only admins', () => {
  beforeEach(async () => {
    await olga.enrolled()
    await olga.choosePolicy({ who: 'admins' })
  })

  test('S9: an editor logs in with the password alone, until made an admin', async () => {
    const bob = await editor('bob@example.com')
    await bob.logOut()
    await bob.givePassword()
    expect(await bob.heading()).toBe('Security')
    expect(await bob.page.getByRole('button', { name: 'Set it up now' }).count()).toBe(0)

    await olga.page.goto('/operator')
    await olga.follow('Make admin bob@example.com')
    await olga.answer(await olga.nextCode(), 'Make admin')
    expect(await olga.text()).toContain('bob@example.com is an admin now, and has to log in again.')
    expect(await olga.text()).toContain('1 admin has no second factor: bob@example.com')
    expect(await olga.text()).toContain('Required, but not set up')
    expect(await bob.isSignedIn()).toBe(false)

    await bob.givePassword()
    expect(await bob.heading()).toBe('Set up your authenticator')
    expect(await bob.isSignedIn()).toBe(false)
    bob.phone = await bob.scanScreen()
    await bob.confirm()
    expect(await bob.isSignedIn()).toBe(true)
    await olga.page.reload()
    expect(await olga.text()).toContain('2 of 2 accounts with two-factor authentication.')
    expect([...olga.complaints, ...bob.complaints]).toEqual([])
  })

  test('S9: an editor who has a second factor is asked for it all the same', async () => {
    const bob = await (await arrive('bob@example.com')).enrolled()
    await bob.forgetCookies()
    await bob.givePassword()
    expect(await bob.heading()).toBe('One more step')
    expect(await bob.isSignedIn()).toBe(false)
    await bob.answer(await bob.nextCode())
    expect(await bob.heading()).toBe('Security')
  })
})

test('S10: an admin makes it mandatory from a day: a banner until then, and after the grace no session without', async () => {
  await olga.signUp()
  await olga.follow('Admin')
  await olga.follow('Policy')
  await olga.page.getByLabel('Everybody').check()
  await olga.page.getByLabel('From', { exact: true }).fill('2026-01-10')
  await olga.page.getByLabel('Days of grace').fill('7')
  await olga.press('Change the policy')
  expect(await olga.text()).toContain('The policy was changed.')
  expect(await olga.page.getByLabel('Everybody').isChecked()).toBe(true)
  expect(await olga.page.getByLabel('From', { exact: true }).inputValue()).toBe('2026-01-10')

  const bob = await editor('bob@example.com')
  expect(await bob.text()).toContain('Set up two-factor authentication by 16 January 2026 — 16 days left.')
  for (const [day, left] of [
    [12, '5 days left'],
    [16, '1 day left'],
  ] as const) {
    advanceToJanuary(day)
    await bob.logOut()
    await bob.givePassword()
    expect(await bob.heading()).toBe('Security')
    expect(await bob.text()).toContain(left)
  }

  advanceToJanuary(17)
  await bob.page.reload()
  expect(await bob.text()).toContain('You cannot log in again without it.')
  await bob.logOut()
  await bob.givePassword()
  expect(await bob.heading()).toBe('Set up your authenticator')
  expect(await bob.isSignedIn()).toBe(false)
  bob.phone = await bob.scanScreen()
  await bob.confirm()
  expect(await bob.isSignedIn()).toBe(true)
  expect(await bob.twoFactorBadge()).toBe('On')

  // Who comes later has the same grace.
  const eve = await editor('eve@example.com')
  expect(await eve.text()).toContain('by 24 January 2026 — 7 days left')
  await eve.press('Set it up now')
  expect(await eve.heading()).toBe('Set up your authenticator')
  expect([...olga.complaints, ...bob.complaints, ...eve.complaints]).toEqual([])
})

test('S10: where who has none is refused, an admin hands out the way to set it up, and has to have it first', async () => {
  await olga.signUp()
  const bob = await editor('bob@example.com')
  await bob.logOut()
  const deny = async () => {
    await olga.page.goto('/operator/policy')
    await olga.page.getByLabel('Everybody').check()
    await olga.page.getByLabel('cannot log in').check()
  }
  await deny()
  await olga.press('Change the policy')
  expect(await olga.error()).toContain('That would shut you out: you have no second factor yourself.')
  expect(await olga.page.getByLabel('cannot log in').isChecked()).toBe(true)

  await olga.turnOn()
  await deny()
  await olga.answer(await olga.nextCode(), 'Change the policy')
  expect(await olga.text()).toContain('The policy was changed.')
  await bob.givePassword()
  expect(await bob.error()).toContain('Ask an admin for a link to do that.')
  expect(await bob.isSignedIn()).toBe(false)
  const eve = await arrive('eve@example.com')
  await eve.signUp()
  expect(await eve.error()).toContain('Ask an admin for a link to do that.')
  expect(await eve.isSignedIn()).toBe(false)

  await olga.page.goto('/operator')
  await olga.follow('Reset bob@example.com')
  await olga.page.getByLabel('How did you make sure').fill('Came to my desk')
  await olga.answer(await olga.nextCode(), 'Reset two-factor authentication')
  await bob.openLink(await olga.page.locator('#permit-link').innerText())
  await bob.givePassword()
  bob.phone = await bob.scanScreen()
  await bob.confirm()
  expect(await bob.isSignedIn()).toBe(true)
})

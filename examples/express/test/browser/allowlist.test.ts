/** From where people log in, as an admin chooses it and as they meet it and choose it themselves: all of them behind a proxy. */
import { afterEach, beforeEach, expect, test } from 'vitest'
import { behindProxy, home, office, officeNetwork, type Place, startPlace } from '../place.js'
import { app, arrive, start } from './fixture.js'
import type { Person } from './person.js'

/** Where everybody is. */
let place: Place
let olga: Person
let ada: Person

const here = (email: string) => arrive(email, { baseURL: place.origin })

beforeEach(async () => {
  await start(behindProxy)
  place = await startPlace(app)
  olga = await here('olga@example.com')
  await olga.signUp()
  ada = await (await here('ada@example.com')).enrolled()
})
afterEach(() => place.stop())

test('S11: an admin has people log in from listed networks only: the page names what is wrong, and asks before it shuts them out', async () => {
  const { page } = olga
  await page.goto('/operator/policy')
  await page.getByLabel('Everybody').check()
  await page.getByLabel('Logging in from there only').check()
  await page.getByLabel('Listed networks').fill('2001:db8:1::/48\n203.0.113.7/24')
  await olga.press('Change the policy')
  expect(await olga.error()).toContain('Line 2, “203.0.113.7/24”, is no network.')
  expect(await page.getByLabel('Listed networks').getAttribute('aria-invalid')).toBe('true')
  await page.getByLabel('Listed networks').fill(`2001:db8:1::/48\n${officeNetwork}`)
  place.address = home
  await olga.press('Change the policy')
  expect(await olga.error()).toBe(
    `That would shut you out: you are at ${home}, and could not log in from there any more.`,
  )
  expect(await page.getByLabel('Logging in from there only').isChecked()).toBe(true)
  await page.getByLabel('Shut me out of this place').check()
  await olga.press('Change the policy')
  expect(await olga.text()).toContain('The policy was changed.')
  expect(await page.getByLabel('Listed networks').inputValue()).toBe(`2001:db8:1::/48\n${officeNetwork}`)
  expect(await page.getByLabel('Shut me out of this place').count()).toBe(0)

  // Protected by both now: the address, whatever a client says of itself, and the code.
  await ada.forgetCookies()
  await ada.page.setExtraHTTPHeaders({ 'x-forwarded-for': office, forwarded: `for=${office}` })
  await ada.givePassword()
  expect(await ada.error()).toContain('You cannot log in from this network.')
  place.address = '2001:DB8:1:0:0:0:0:7'
  await ada.givePassword()
  expect(await ada.heading()).toBe('One more step')
  place.address = home
  const code = await ada.nextCode()
  await ada.answer(code)
  expect(await ada.error()).toContain('You cannot log in from this network.')
  expect(await ada.page.locator('#code').getAttribute('aria-invalid')).toBeNull()
  expect(await ada.isSignedIn()).toBe(false)
  place.address = office
  await ada.answer(code)
  expect(await ada.heading()).toBe('Security')
  expect(await ada.text()).toContain('you cannot log in from that network (198.51.100.0/24). (2 times)')
  expect([...olga.complaints, ...ada.complaints]).toEqual([])
})

test('S11: people keep a list of their own: this address with a code, a question before it shuts them out, and an admin who empties it', async () => {
  await olga.choosePolicy({ allowlist: 'restrict', ownNetworks: 'yes' })
  const { page } = ada
  await page.goto('/profile')
  expect(await ada.text()).toContain('Once a network is on your list you can log in from there only')
  await ada.follow('Change your networks')
  await ada.answer(await ada.nextCode(), 'Continue')
  await page.getByLabel('Address or network').fill(home)
  await page.getByLabel('Name').fill('Home')
  await ada.press('Add the network')
  expect(await ada.heading()).toBe('That would shut you out')
  await ada.follow('Leave the list as it is')
  expect(await page.getByLabel('Address or network').inputValue()).toBe(office)
  await page.getByLabel('Name').fill('Office')
  await ada.press('Add the network')
  expect(await page.locator('.rows > li').allInnerTexts()).toEqual([expect.stringMatching(/^Office 203\.0\.113\.7\s/)])
  await page.getByLabel('Address or network').fill('198.51.100.0/16')
  await ada.press('Add the network')
  expect(await ada.error()).toContain('one that is too wide')
  await page.getByLabel('Address or network').fill(home)
  await page.getByLabel('Name').fill('Home')
  await ada.press('Add the network')
  await ada.press('Remove Office')
  expect(await ada.text()).toContain(`You are at ${office} now. Without this network you could not log in from here`)
  await ada.press('Remove it all the same')
  await ada.follow('Back to your profile')
  expect(await ada.text()).toContain('You can log in from the networks on your list.')

  await ada.logOut()
  await ada.givePassword()
  expect(await ada.error()).toContain('You cannot log in from this network.')
  await olga.enrolled()
  await olga.page.goto('/operator')
  expect(await olga.text()).toContain('1 network')
  await olga.follow('Empty networks ada@example.com')
  await olga.page.getByLabel('How did you make sure').fill('Called back')
  await olga.answer(await olga.nextCode(), 'Empty the list of networks')
  expect(await olga.text()).toContain('The list of ada@example.com is empty.')
  await ada.givePassword()
  await ada.answer(await ada.nextCode())
  expect(await ada.text()).toContain('emptied your list of networks: Called back')
  expect([...olga.complaints, ...ada.complaints]).toEqual([])
})

test('S11: at the office no code is asked for, and anywhere else one is', async () => {
  await olga.choosePolicy({ allowlist: 'bypass', networks: officeNetwork })
  await ada.forgetCookies()
  await ada.givePassword()
  expect(await ada.heading()).toBe('Security')
  await ada.logOut()
  place.address = home
  await ada.page.setExtraHTTPHeaders({ 'x-forwarded-for': office })
  await ada.givePassword()
  expect(await ada.heading()).toBe('One more step')
})

test('R36: a browser that is remembered is not asked for a code, until it is forgotten', async () => {
  const { page } = ada
  const box = page.getByLabel('Remember this browser for 30 days')
  await page.goto('/profile')
  await ada.logOut()
  await ada.givePassword()
  await box.check()
  await ada.answer(await ada.wrongCode())
  expect(await box.isChecked()).toBe(true)
  await ada.answer(await ada.nextCode())
  const browsers = page.getByRole('region', { name: 'Remembered browsers' })
  expect(await browsers.locator('li').innerText()).toMatch(
    /^Chrome on Linux\s+This browser\s+Since 1 Jan 2026.* until 31 Jan 2026/,
  )
  await ada.logOut()
  await ada.givePassword()
  expect(await ada.heading()).toBe('Security')

  // Somebody else at this browser is asked, and their being remembered changes nothing for her.
  await ada.logOut()
  await olga.enrolled()
  const visiting = Object.assign(Object.create(ada) as Person, { email: olga.email, phone: olga.phone })
  await visiting.givePassword()
  expect(await visiting.heading()).toBe('One more step')
  await box.check()
  await visiting.answer(await visiting.nextCode())
  await visiting.logOut()
  await ada.givePassword()
  expect(await ada.heading()).toBe('Security')
  await ada.press('Forget Chrome on Linux')
  expect(await ada.text()).toContain('That browser is asked for a code again.')
  await ada.logOut()
  await ada.givePassword()
  expect(await ada.heading()).toBe('One more step')
  await ada.follow('Use a recovery code instead')
  expect(await box.count()).toBe(0)
  expect(ada.complaints).toEqual([])
})

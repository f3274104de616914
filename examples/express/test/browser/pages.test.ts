/** What every page owes everybody: contrast, labels, no sideways scrolling, nothing that the security policy forbids. */
import type { Page } from 'playwright-core'
import { beforeEach, describe, expect, test } from 'vitest'
import { makeAccounts } from '../../src/accounts.js'
import { mailedCodes } from '../sent-codes.js'
import { password } from '../visitor.js'
import { app, arrive, start } from './fixture.js'

beforeEach(() => start())

const screens = [
  { width: 375, height: 740 },
  { width: 1280, height: 800 },
]

describe('pages', () => {
  test('all of them are readable and fit the screen: phone and desktop, light and dark', async () => {
    const ada = await arrive()
    const faults: string[] = []
    const look = async () => {
      for (const screen of screens) {
        for (const colorScheme of ['light', 'dark'] as const) {
          await ada.page.setViewportSize(screen)
          await ada.page.emulateMedia({ colorScheme })
          for (const fault of await faultsOf(ada.page)) {
            faults.push(`${ada.path}, ${screen.width} px, ${colorScheme}: ${fault}`)
          }
        }
      }
    }
    await ada.page.goto('/signup')
    await look()
    await ada.signUp()
    await look()
    await ada.page.goto('/operator/policy')
    await look()
    await ada.page.getByLabel('Everybody').check()
    await ada.page.getByLabel('cannot log in').check()
    await ada.press('Change the policy')
    await look()
    await ada.choosePolicy({ who: 'everybody', graceDays: '14' })
    await ada.page.goto('/operator')
    await look()
    await ada.page.goto('/profile')
    await look()
    await ada.press('Turn on two-factor authentication')
    await look()
    ada.phone = await ada.scanScreen()
    await ada.answer(await ada.wrongCode(), 'Confirm')
    await look()
    await ada.confirm()
    await look()
    ada.recoveryCodes = await ada.readRecoveryCodes()
    const bob = (await makeAccounts(app.database).signUp('bob@example.com', password)).id
    for (const path of [
      '/profile',
      '/profile/disable',
      '/profile/password',
      '/profile/recovery-codes?method=recovery_code',
      '/operator',
      '/operator/policy',
      `/operator/users/${bob}/role`,
      `/operator/users/${bob}/reset`,
      '/x',
    ]) {
      await ada.page.goto(path)
      await look()
    }
    await ada.choosePolicy({
      allowlist: 'restrict',
      networks: '203.0.113.0/24\n2001:db8:1::/48',
      ownNetworks: 'yes',
      sure: 'yes',
    })
    await ada.page.goto('/profile/networks')
    await ada.answer(await ada.nextCode(), 'Continue')
    await look()
    await ada.page.getByLabel('Address or network').fill('127.0.0.0/8')
    await ada.press('Add the network')
    await look()
    await ada.page.getByLabel('Address or network').fill('127.0.0.1')
    await ada.page.getByLabel('Name').fill('W'.repeat(64))
    await ada.press('Add the network')
    await look()
    await ada.press(`Remove ${'W'.repeat(64)}`)
    await look()
    await ada.page.goto('/profile')
    await look()
    await ada.choosePolicy({})
    await ada.page.goto('/profile/destinations/email/add')
    await ada.answer(await ada.nextCode(), 'Continue')
    await look()
    await ada.press('Send the code')
    await look()
    await ada.answer(mailedCodes(app, ada.email)[0] ?? '', 'Confirm')
    await ada.page.goto('/inbox')
    await look()
    await ada.logOut()
    await look()
    await ada.page.goto('/login/permit#permit=from-an-operator')
    await look()
    await ada.givePassword()
    await look()
    await ada.page.goto('/login/code?method=recovery_code')
    await look()
    await ada.page.goto('/login/code?method=email')
    await look()
    await ada.press('Send the code')
    await look()
    await ada.page.goto('/login/code?method=totp')
    await ada.page.getByLabel('Remember this browser').check()
    await ada.answer(await ada.nextCode())
    await look()
    expect(faults).toEqual([])
    expect(ada.complaints).toEqual([])
  })
})

/** What is wrong with a page: WCAG 2.2 §1.4.3 (contrast), §1.3.1 and §4.1.2 (names), §2.4.6, §1.4.10 (reflow). */
function faultsOf(page: Page): Promise<string[]> {
  return page.evaluate(() => {
    const faults: string[] = []
    const root = document.documentElement
    if (root.scrollWidth > root.clientWidth) faults.push(`${root.scrollWidth} px wide`)
    if (root.lang === '') faults.push('no language')
    if (document.querySelectorAll('h1').length !== 1) faults.push('not one main heading')
    const ids = [...document.querySelectorAll('[id]')].map(element => element.id)
    if (new Set(ids).size !== ids.length) faults.push('an id twice')

    for (const input of document.querySelectorAll('input:not([type=hidden]), textarea')) {
      if ((input as HTMLInputElement).labels?.length !== 1) faults.push(`${input.id} has no label`)
      for (const id of (input.getAttribute('aria-describedby') ?? '').split(' ').filter(Boolean)) {
        if (document.getElementById(id) === null) faults.push(`${input.id} is described by nothing (${id})`)
      }
    }
    for (const element of document.querySelectorAll('a, button')) {
      if (element.textContent?.trim() === '') faults.push('a link or button without a name')
    }

    const paint = document
      .createElement('canvas')
      .getContext('2d', { willReadFrequently: true }) as CanvasRenderingContext2D
    const rgba = (color: string) => {
      paint.clearRect(0, 0, 1, 1)
      paint.fillStyle = color
      paint.fillRect(0, 0, 1, 1)
      return paint.getImageData(0, 0, 1, 1).data
    }
    const luminance = (color: string) => {
      const [red, green, blue] = [...rgba(color)].map(value => {
        const share = value / 255
        return share <= 0.04045 ? share / 12.92 : ((share + 0.055) / 1.055) ** 2.4
      }) as [number, number, number]
      return 0.2126 * red + 0.7152 * green + 0.0722 * blue
    }
    const backdrop = (element: Element | null): string => {
      if (element === null) return 'white'
      const { backgroundColor } = getComputedStyle(element)
      return rgba(backgroundColor)[3] === 255 ? backgroundColor : backdrop(element.parentElement)
    }
    const texts = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT)
    while (texts.nextNode()) {
      const { parentElement: element, textContent } = texts.currentNode
      if (element === null || textContent?.trim() === '' || element.closest('svg, [hidden]') !== null) continue
      const [light, dark] = [luminance(getComputedStyle(element).color), luminance(backdrop(element))].sort(
        (a, b) => b - a,
      ) as [number, number]
      const contrast = (light + 0.05) / (dark + 0.05)
      if (contrast < 4.5) faults.push(`contrast ${contrast.toFixed(2)}: ${textContent?.trim()}`)
    }
    return faults
  })
}

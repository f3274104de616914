/** Recovery codes: shown once, used once, made anew. */
import { readFile } from 'node:fs/promises'
import { beforeEach, describe, expect, test } from 'vitest'
import { arrive, start } from './fixture.js'
import type { Person } from './person.js'

let ada: Person

beforeEach(async () => {
  await start()
  ada = await arrive()
})

/** Whether a recovery code opens, in a browser that has forgotten everything. */
async function opens(code: string): Promise<boolean> {
  await ada.forgetCookies()
  await ada.sendPassword()
  await ada.sendCode(code, 'recovery_code')
  return ada.isSignedIn()
}

describe('recovery codes', () => {
  test('S3: ten different codes, to copy, to download and to print', async () => {
    await ada.page.context().grantPermissions(['clipboard-read', 'clipboard-write'])
    await ada.signUp()
    await ada.turnOn()
    expect(new Set(ada.recoveryCodes).size).toBe(10)
    for (const code of ada.recoveryCodes) expect(code).toMatch(/^([0-9A-HJKMNP-TV-Z]{6}-){3}[0-9A-HJKMNP-TV-Z]{6}$/)

    const [download] = await Promise.all([
      ada.page.waitForEvent('download'),
      ada.page.getByRole('link', { name: 'Download' }).click(),
    ])
    expect(download.suggestedFilename()).toBe('acme-recovery-codes.txt')
    const file = await readFile(await download.path(), 'utf8')
    expect(file.split('\n').filter(line => ada.recoveryCodes.includes(line))).toEqual(ada.recoveryCodes)

    await ada.page.getByRole('button', { name: 'Copy' }).click()
    await ada.page.getByRole('button', { name: 'Copied' }).waitFor()
    expect(await ada.page.evaluate(() => navigator.clipboard.readText())).toBe(ada.recoveryCodes.join('\n'))

    const printed = ada.page.evaluate(
      () => new Promise(resolve => addEventListener('beforeprint', () => resolve(true))),
    )
    await ada.page.getByRole('button', { name: 'Print' }).click()
    expect(await printed).toBe(true)
    expect(ada.complaints).toEqual([])
  })

  test('S3: each opens once, in any order', async () => {
    await ada.enrolled()
    for (const code of [...ada.recoveryCodes].reverse()) expect(await opens(code)).toBe(true)
    for (const code of ada.recoveryCodes) expect(await opens(code)).toBe(false)
  })

  test('S3: a used one is refused as a wrong one is', async () => {
    await ada.enrolled()
    const [used, unused] = ada.recoveryCodes as [string, string]
    await opens(used)
    await ada.forgetCookies()
    await ada.givePassword()
    await ada.answerWithRecoveryCode(used)
    const refusedUsed = await ada.error()
    await ada.answer(`${unused.slice(0, -6)}ZZZZZZ`)
    expect(await ada.error()).toBe(refusedUsed)
    expect(await ada.page.getByLabel('Recovery code').isVisible()).toBe(true)
    await ada.answer(unused)
    expect(await ada.text()).toContain('A recovery code was used. 8 left.')
  })

  test('S3: lower case, spaces and missing dashes do not matter', async () => {
    await ada.enrolled()
    const [first, second, third, fourth] = ada.recoveryCodes as [string, string, string, string]
    await ada.forgetCookies()
    await ada.givePassword()
    await ada.answerWithRecoveryCode(`  ${first.toLowerCase()} `)
    expect(await ada.heading()).toBe('Security')
    expect(await opens(second.replaceAll('-', ' '))).toBe(true)
    expect(await opens(third.replaceAll('-', ''))).toBe(true)
    expect(await opens(fourth.toLowerCase().replaceAll('-', ' - '))).toBe(true)
  })

  test('S4: new codes void the old ones at once', async () => {
    await ada.enrolled()
    await ada.page.goto('/profile')
    await ada.follow('Make new codes')
    await ada.answer(await ada.wrongCode(), 'Make new codes')
    expect(await ada.error()).toContain('not right')
    await ada.answer(await ada.nextCode(), 'Make new codes')
    expect(await ada.heading()).toBe('Save your recovery codes')
    const fresh = await ada.readRecoveryCodes()
    expect(fresh).toHaveLength(10)
    expect(fresh.filter(code => ada.recoveryCodes.includes(code))).toEqual([])
    for (const old of ada.recoveryCodes.slice(0, 2)) expect(await opens(old)).toBe(false)
    expect(await opens(fresh[0] as string)).toBe(true)
  })

  test('S4: a warning where two or fewer are left, gone with a new set', async () => {
    await ada.enrolled()
    for (const code of ada.recoveryCodes.slice(0, 7)) await opens(code)
    await ada.page.goto('/profile')
    expect(await ada.text()).not.toContain('locks you out')
    for (const [index, said] of ['2 recovery codes left', '1 recovery code left', 'no recovery codes left'].entries()) {
      await opens(ada.recoveryCodes[7 + index] as string)
      await ada.page.goto('/profile')
      expect(await ada.text()).toContain(`You have ${said}.`)
    }
    await ada.follow('Make new recovery codes')
    await ada.answer(await ada.nextCode(), 'Make new codes')
    await ada.press('I have saved them')
    expect(await ada.text()).not.toContain('locks you out')
  })

  test('S4: a recovery code proves for a new set, too', async () => {
    await ada.enrolled()
    await ada.page.goto('/profile/recovery-codes')
    await ada.answerWithRecoveryCode(ada.recoveryCodes[0] as string, 'Make new codes')
    expect(await ada.readRecoveryCodes()).toHaveLength(10)
  })
})

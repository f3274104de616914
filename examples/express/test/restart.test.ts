/** What a restart leaves as it was: accounts, passwords, second factors, and all that was used up. */
import { type APIRequestContext, request } from 'playwright-core'
import { afterEach, beforeEach, expect, onTestFinished, test, vi } from 'vitest'
import { makeAccounts } from '../src/accounts.js'
import { type RunningApp, startApp } from './running-app.js'
import { password, Visitor } from './visitor.js'

let app: RunningApp
let client: APIRequestContext
let ada: Visitor

beforeEach(async () => {
  app = await startApp()
  client = await request.newContext({ baseURL: app.origin })
  ada = await new Visitor(app, client).enrolled()
})
afterEach(async () => {
  await client.dispose()
  await app.stop()
})

test('sessions end, and the password and the second factor of before open again', async () => {
  await app.restart()
  expect(await ada.isSignedIn()).toBe(false)
  expect(await ada.sendPassword('not the password')).toContain('is not right')
  expect(await ada.sendPassword()).toContain('Now enter the code')
  await ada.sendCode(await ada.nextCode())
  expect(await ada.isSignedIn()).toBe(true)
})

test('R4: a code that was used stays used', async () => {
  await ada.send('/profile', '/logout')
  await ada.sendPassword()
  const code = await ada.nextCode()
  await ada.sendCode(code)
  expect(await ada.isSignedIn()).toBe(true)
  await app.restart()
  await ada.sendPassword()
  expect(await ada.sendCode(code)).toContain('not right')
  expect(await ada.isSignedIn()).toBe(false)
})

test('R18: a recovery code that was used stays used', async () => {
  const [used, fresh] = ada.recoveryCodes as [string, string]
  await ada.send('/profile', '/logout')
  await ada.sendPassword()
  await ada.sendCode(used, 'recovery_code')
  expect(await ada.isSignedIn()).toBe(true)
  await app.restart()
  await ada.sendPassword()
  expect(await ada.sendCode(used, 'recovery_code')).toContain('not right')
  expect(await ada.isSignedIn()).toBe(false)
  await ada.sendCode(fresh, 'recovery_code')
  expect(await ada.isSignedIn()).toBe(true)
})

test('R15: wrong guesses stay counted, and a lock stays shut', async () => {
  await ada.send('/profile', '/logout')
  await ada.sendPassword()
  for (let guess = 0; guess < 4; guess++) await ada.sendCode(await ada.wrongCode())
  await app.restart()
  await ada.sendPassword()
  expect(await ada.sendCode(await ada.wrongCode())).toContain('locked for 15 minutes')
  await app.restart()
  await ada.sendPassword()
  expect(await ada.sendCode(await ada.nextCode())).toContain('locked')
  expect(await ada.isSignedIn()).toBe(false)
})

test('R55: a changed password stays changed, and turning it off stays off', async () => {
  await ada.send('/profile', '/profile/disable', { method: 'totp', code: await ada.nextCode() })
  const fresh = 'a different horse'
  await ada.send('/profile', '/profile/password', { current: password, password: fresh })
  await app.restart()
  expect(await ada.sendPassword()).toContain('is not right')
  await ada.sendPassword(fresh)
  expect(await ada.isSignedIn()).toBe(true)
})

test('R46: second factors that were deleted from the table let nobody in', async () => {
  await app.database.twoFactorRecord.deleteMany()
  await app.restart()
  const log = vi.spyOn(console, 'error').mockImplementation(() => {})
  onTestFinished(() => log.mockRestore())
  expect(await ada.sendPassword()).toContain('Something went wrong on our side')
  expect(await ada.isSignedIn()).toBe(false)
  expect(log).toHaveBeenCalledWith(expect.objectContaining({ code: 'record_missing' }))
})

test('the first account stays the only admin', async () => {
  const { email } = ada
  await app.restart()
  const bob = new Visitor(app, await request.newContext({ baseURL: app.origin }), 'bob@example.com')
  await bob.send('/signup', '/signup', { email: bob.email, password })
  expect((await makeAccounts(app.database).all()).map(user => [user.email, user.role])).toEqual([
    [email, 'admin'],
    [bob.email, 'editor'],
  ])
  await bob.request.dispose()
})

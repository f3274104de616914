/** Everything that the application says where it runs, while people go through all of it and much goes wrong. */
import { format } from 'node:util'
import { request } from 'playwright-core'
import { expect, onTestFinished, test, vi } from 'vitest'
import { startMailServer } from './mail-server.js'
import { startApp } from './running-app.js'
import { mailedCodes, printedCodes } from './sent-codes.js'
import { password, recoveryCodesOf, Visitor } from './visitor.js'

const number = '+12025550142'
const address = '198.51.100.77'

test('R40: no code, secret, key, token or address is in what the application says of itself', async () => {
  const said: string[] = []
  for (const method of ['log', 'info', 'warn', 'error', 'debug'] as const) {
    const spy = vi.spyOn(console, method).mockImplementation((...values) => {
      said.push(format(...values))
    })
    onTestFinished(() => spy.mockRestore())
  }
  let broken = false
  const app = await startApp({
    trustedProxies: '127.0.0.1',
    around: store => ({
      ...store,
      put: async (...write) => {
        if (broken) throw new Error('the store is down')
        return store.put(...write)
      },
    }),
  })
  onTestFinished(() => app.stop())
  const client = await request.newContext({ baseURL: app.origin, extraHTTPHeaders: { 'x-forwarded-for': address } })
  onTestFinished(() => client.dispose())
  const ada = await new Visitor(app, client).enrolled()
  const secrets = new Set([ada.email, 'ada@', number, address, password, ada.phone?.secret ?? '', ...ada.recoveryCodes])
  const used = (code: string | undefined) => {
    secrets.add(code ?? '')
    return code ?? ''
  }
  const nextCode = async () => used(await ada.nextCode())

  await ada.addAddress('email', ada.email, () => used(mailedCodes(app, ada.email)[0]))
  await ada.addAddress('sms', number, () => used(printedCodes(app, number)[0]))
  for (const [method, received] of [
    ['email', () => mailedCodes(app, ada.email)[0]],
    ['sms', () => printedCodes(app, number)[0]],
  ] as const) {
    await ada.send('/profile', '/logout')
    await ada.sendPassword()
    await ada.send('/login/code', '/login/code/send', { method })
    await ada.sendCode(used(received()), method)
    expect(await ada.isSignedIn()).toBe(true)
  }
  const fresh = await ada.send('/profile', '/profile/recovery-codes', { method: 'totp', code: await nextCode() })
  for (const code of recoveryCodesOf(fresh)) secrets.add(code)

  // A network of hers, a browser that is remembered, and somebody who is elsewhere.
  await ada.choosePolicy({ allowlist: 'restrict', ownNetworks: 'yes' })
  const networks = '/profile/networks'
  await ada.send(`${networks}/code`, `${networks}/code`, { method: 'totp', code: await nextCode() })
  await ada.send(networks, networks, { network: address, name: 'Home' })
  await ada.send('/profile', '/logout')
  await ada.sendPassword()
  await ada.send('/login/code', '/login/code', { method: 'totp', code: await nextCode(), remember: 'yes' })
  const { cookies } = await client.storageState()
  used(cookies.find(({ name }) => name.includes('browser'))?.value)
  const elsewhere = await request.newContext({ baseURL: app.origin })
  onTestFinished(() => elsewhere.dispose())
  expect(await new Visitor(app, elsewhere).sendPassword()).toContain('You cannot log in from this network.')
  // Which ends the trust: from here on codes are asked for.
  await ada.send('/profile', '/profile/browsers/forget')

  // A store that is down, with a code and an address in the request.
  await ada.send('/profile', '/logout')
  await ada.sendPassword()
  broken = true
  await ada.sendCode(await nextCode())
  await ada.sendCode(used(recoveryCodesOf(fresh)[0]), 'recovery_code')
  await ada.send('/login/code', '/login/code/send', { method: 'email' })
  broken = false

  // A mail server that refuses, and quotes.
  const server = await startMailServer()
  onTestFinished(server.stop)
  server.refuse(true)
  await app.restart({ smtp: server.url })
  await ada.sendPassword()
  await ada.send('/login/code', '/login/code/send', { method: 'email' })
  await ada.sendCode('123456', 'email')
  await ada.sendCode(await nextCode())
  await ada.send('/profile', '/profile/disable', { method: 'totp', code: await nextCode() })
  await app.noticed()

  expect(said.length).toBeGreaterThan(3)
  const log = said.join('\n')
  expect(log).toContain('the store is down')
  expect(log).toContain('was not mailed')
  for (const secret of secrets) {
    expect(secret.length).toBeGreaterThan(3)
    // Six digits are found in any long number by chance: those are looked for where they stand alone.
    const found = /^\d+$/.test(secret)
      ? new RegExp(`(?<![\\da-z])${secret}(?![\\da-z])`, 'i').test(log)
      : log.includes(secret)
    expect(found, secret).toBe(false)
  }
  // The console channel is what prints codes, on purpose, and it printed them elsewhere here.
  expect(app.printed.length).toBe(2)
})

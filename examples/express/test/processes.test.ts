/** Two processes of the example on one database, as behind a load balancer. */
import { randomBytes } from 'node:crypto'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { type APIRequestContext, request } from 'playwright-core'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { type ServerProcess, startServer } from './server-process.js'
import { password, Visitor } from './visitor.js'

/** What a visitor asks of the clock: these processes go by the real one, and their visitors compute codes for a time of their own. */
const clock = Object.assign(() => Date.now(), { advance() {} })

const SALLYPORT_KEY = randomBytes(32).toString('base64')

let DATA: string
let servers: ServerProcess[]
let clients: APIRequestContext[]

beforeEach(async () => {
  DATA = mkdtempSync(join(tmpdir(), 'acme-'))
  servers = await Promise.all([startServer({ DATA, SALLYPORT_KEY }), startServer({ DATA, SALLYPORT_KEY })])
  clients = await Promise.all(servers.map(({ origin }) => request.newContext({ baseURL: origin })))
})
afterEach(async () => {
  await Promise.all(clients.map(client => client.dispose()))
  await Promise.all(servers.map(server => server.end('SIGTERM')))
  rmSync(DATA, { recursive: true })
})

const visitors = () => clients.map(client => new Visitor({ clock }, client)) as [Visitor, Visitor]

test('R4: one code at both of them at once opens one door, and no other after a crash', async () => {
  const [here, there] = visitors()
  await here.enrolled()
  there.phone = here.phone
  await here.send('/profile', '/logout')
  await Promise.all([here.sendPassword(), there.sendPassword()])
  // The step after that of the first code: the window reaches so far.
  const code = (await here.phone?.code(Date.now() + 30_000)) ?? ''
  const forms = await Promise.all(
    [here, there].map(async visitor => ({ _csrf: await visitor.formToken('/login/code'), method: 'totp', code })),
  )
  const posts = [0, 1, 0, 1, 0, 1].map(index => {
    return clients[index]?.post('/login/code', { form: forms[index] ?? {}, maxRedirects: 0 })
  })
  const locations = (await Promise.all(posts)).map(response => response?.headers()['location'])
  expect(locations.filter(location => location === '/profile')).toHaveLength(1)

  await servers[1]?.end('SIGKILL')
  servers[1] = await startServer({ DATA, SALLYPORT_KEY })
  const after = new Visitor({ clock }, await request.newContext({ baseURL: servers[1].origin }))
  await after.sendPassword()
  expect(await after.sendCode(code)).toContain('not right')
  expect(await after.isSignedIn()).toBe(false)
  expect(await after.sendCode(here.recoveryCodes[0] ?? '', 'recovery_code')).toContain('Security')
  await after.request.dispose()
})

test('S10: the policy that an admin chooses at one holds at the other at once', async () => {
  const [here, there] = visitors()
  await here.send('/signup', '/signup', { email: here.email, password })
  await there.sendPassword()
  expect(await there.isSignedIn()).toBe(true)
  await there.send('/profile', '/logout')
  await here.choosePolicy({ who: 'everybody' })
  expect(await there.sendPassword()).toContain('Your account needs a second factor')
  expect(await there.isSignedIn()).toBe(false)
})

test('of two who sign up at once one is the admin, and of two with one address one has the account', async () => {
  const signUp = (email: string, index: number) =>
    new Visitor({ clock }, clients[index] as APIRequestContext).send('/signup', '/signup', { email, password })
  await Promise.all(['ada@example.com', 'bob@example.com'].map(signUp))
  const operatorPages = await Promise.all(clients.map(client => client.get('/operator')))
  expect(operatorPages.map(page => page.status()).sort()).toEqual([200, 404])

  const pages = await Promise.all(['eve@example.com', 'eve@example.com'].map(signUp))
  expect(pages.filter(page => page.includes('There is an account with this address already.'))).toHaveLength(1)
})

/** The example with its second factors in Redis and in PostgreSQL. */
import { randomBytes } from 'node:crypto'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { PrismaPg } from '@prisma/adapter-pg'
import { type APIRequestContext, request } from 'playwright-core'
import { afterAll, afterEach, beforeAll, describe, expect, onTestFinished, test, vi } from 'vitest'
import { folderFor, freePort, startServer } from '../../../scripts/servers/server.mjs'
import { PrismaClient } from '../src/generated/postgresql/client.js'
import { type RunningApp, startApp } from './running-app.js'
import { Visitor } from './visitor.js'

let app: RunningApp
let client: APIRequestContext
let ada: Visitor

async function startWith(store: string): Promise<void> {
  app = await startApp({ store })
  client = await request.newContext({ baseURL: app.origin })
  ada = new Visitor(app, client)
}
afterEach(async () => {
  await client.dispose()
  await app.stop()
})

function urlOf(variable: string): URL {
  const url = process.env[variable]
  if (!url) throw new Error(`${variable} is not set: the global set-up of the tests sets it`)
  return new URL(url)
}

/** A code opens once, and what was used up is still so after a restart. */
async function keepsItsPromise(): Promise<void> {
  await ada.enrolled()
  await ada.send('/profile', '/logout')
  await ada.sendPassword()
  const code = await ada.nextCode()
  await ada.sendCode(code)
  expect(await ada.isSignedIn()).toBe(true)
  await app.restart()
  await ada.sendPassword()
  expect(await ada.sendCode(code)).toContain('not right')
  expect(await ada.isSignedIn()).toBe(false)
  await ada.sendCode(await ada.nextCode())
  expect(await ada.isSignedIn()).toBe(true)
}

describe('Redis', () => {
  test('R4: sign up, enrol, log in, and again after a restart', async () => {
    await startWith(urlOf('SALLYPORT_TEST_REDIS_URL').href)
    await keepsItsPromise()
  })

  test('R41: while it is away nobody gets in and the page says so, and afterwards it goes on', async () => {
    const [port, data] = [await freePort(), mkdtempSync(join(tmpdir(), 'acme-redis-'))]
    // An address of its own: while it is away nobody else takes the port.
    const host = '127.0.0.3'
    onTestFinished(() => rmSync(data, { recursive: true }))
    const start = () => {
      const args = ['--port', String(port), '--bind', host, '--dir', data, '--save', '', '--appendonly', 'yes']
      return startServer('redis', args, { folder: folderFor('redis'), ready: /Ready to accept connections/ })
    }
    let redis = await start()
    onTestFinished(() => redis.stop())
    await startWith(`redis://${host}:${port}`)
    await ada.enrolled()
    await ada.send('/profile', '/logout')
    await ada.sendPassword()
    const code = await ada.nextCode()
    const form = { _csrf: await ada.formToken('/login/code'), method: 'totp', code }

    const log = vi.spyOn(console, 'error').mockImplementation(() => {})
    onTestFinished(() => log.mockRestore())
    await redis.stop()
    const refused = await client.post('/login/code', { form })
    expect(refused.status()).toBe(503)
    expect(await refused.text()).toContain('Something went wrong on our side')
    expect(await ada.isSignedIn()).toBe(false)
    const elsewhere = new Visitor(app, await request.newContext({ baseURL: app.origin }))
    expect(await elsewhere.sendPassword()).toContain('Something went wrong on our side')
    expect(await elsewhere.isSignedIn()).toBe(false)

    expect(log).toHaveBeenCalledWith(expect.objectContaining({ code: 'store_failed' }))

    redis = await start()
    await vi.waitFor(async () => expect((await client.get('/login/code')).status()).toBe(200), 20_000)
    await ada.sendCode(code)
    expect(await ada.isSignedIn()).toBe(true)
    await elsewhere.request.dispose()
  })
})

describe('PostgreSQL', () => {
  const name = `acme_${randomBytes(8).toString('hex')}`

  async function run(statement: string): Promise<void> {
    const { href } = urlOf('SALLYPORT_TEST_POSTGRES_URL')
    const prisma = new PrismaClient({ adapter: new PrismaPg({ connectionString: href }) })
    await prisma.$executeRawUnsafe(statement)
    await prisma.$disconnect()
  }
  beforeAll(() => run(`CREATE DATABASE ${name}`))
  afterAll(() => run(`DROP DATABASE ${name} WITH (FORCE)`))

  test('R4: sign up, enrol, log in, and again after a restart', async () => {
    await startWith(Object.assign(urlOf('SALLYPORT_TEST_POSTGRES_URL'), { pathname: `/${name}` }).href)
    await keepsItsPromise()
  })
})

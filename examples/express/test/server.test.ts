/** How the server starts, stops and refuses to start. */
import { mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { request } from 'playwright-core'
import { afterEach, beforeEach, describe, expect, onTestFinished, test } from 'vitest'
import { freePort } from '../../../scripts/servers/server.mjs'
import { codesByTextMessage } from '../src/channels.js'
import { openDatabase } from '../src/database.js'
import { openMail } from '../src/mail.js'
import { StartFailure } from '../src/start-failure.js'
import { openStore } from '../src/store.js'
import { trustedProxiesIn } from '../src/trusted-proxies.js'
import { startSilentServer } from './mail-server.js'
import { failToStart, type ServerProcess, startServer } from './server-process.js'
import { Visitor } from './visitor.js'

let DATA: string

beforeEach(() => {
  DATA = mkdtempSync(join(tmpdir(), 'acme-'))
})
afterEach(() => rmSync(DATA, { recursive: true }))

test('it starts without a setting, tells where it is, and stops cleanly on SIGINT and SIGTERM', async () => {
  const key = () => readFileSync(join(DATA, 'key'), 'utf8')
  const first = await startServer({ DATA })
  expect((await fetch(`${first.origin}/login`)).status).toBe(200)
  expect(await first.end('SIGINT')).toBe(0)

  // The key that nobody gave: made once, for its owner to read, and told of.
  const made = key()
  expect(first.said()).toContain(`SALLYPORT_KEY is not set: the key is in ${join(DATA, 'key')}.`)
  expect(first.said()).not.toContain(made.trim())
  expect(statSync(join(DATA, 'key')).mode & 0o777).toBe(0o600)

  const second = await startServer({ DATA })
  expect(await second.end('SIGTERM')).toBe(0)
  expect(key()).toBe(made)
})

test('without a setting it prints text messages for what they are', async () => {
  const server = await startServer({ DATA })
  const ada = await enrolledAt(server)
  const page = '/profile/destinations/sms'
  // Of the step after that of the first code: the window reaches so far.
  const code = (await ada.phone?.code(Date.now() + 30_000)) ?? ''
  await ada.send(`${page}/add`, `${page}/add`, { method: 'totp', code })
  await ada.send(page, page, { address: '+1 202 555 0142' })
  expect(server.said()).toMatch(/NOT FOR PRODUCTION: printed, not sent\. To \+12025550142: \d{6} is your Acme code/)
  expect(await server.end('SIGTERM')).toBe(0)
})

test('it works where the mail server is silent, offers no text messages that nobody sends, and stops all the same', async () => {
  const silent = await startSilentServer()
  onTestFinished(silent.stop)
  const server = await startServer({ DATA, SMTP_URL: silent.url })
  const ada = await enrolledAt(server)
  expect(await ada.isSignedIn()).toBe(true)
  expect((await ada.request.get('/profile/destinations/sms/add')).status()).toBe(404)
  expect(await server.end('SIGTERM')).toBe(0)
})

async function enrolledAt({ origin }: ServerProcess): Promise<Visitor> {
  const client = await request.newContext({ baseURL: origin })
  onTestFinished(() => client.dispose())
  return new Visitor({ clock: Object.assign(() => Date.now(), { advance() {} }) }, client).enrolled()
}

describe('it tells why it cannot start', () => {
  test.each(['redis', 'postgresql'])('where there is no server at a %s address', async scheme => {
    // An address that nobody else listens on, whatever becomes of the port.
    const host = `127.0.0.3:${await freePort()}`
    const { code, said } = await failToStart({ DATA, TWO_FACTOR_STORE: `${scheme}://somebody:geheim@${host}/0` })
    expect(said).toContain(`Acme cannot start: the store at ${scheme}://${host}/0 cannot be used: `)
    expect(said).toMatch(scheme === 'redis' ? /connect ECONNREFUSED/ : /the database cannot be reached/)
    expect(said).not.toContain('geheim')
    expect(said.trim().split('\n')).toHaveLength(1)
    expect(code).toBe(1)
  })

  test('where the key is none', async () => {
    const { code, said } = await failToStart({ DATA, SALLYPORT_KEY: 'geheim' })
    expect(said).toMatch(/^Acme cannot start: options\.keys\[0\]/)
    expect(said).not.toContain('geheim')
    expect(code).toBe(1)
  })

  test('where TWO_FACTOR_STORE is no address that it knows', async () => {
    const database = await openDatabase(DATA)
    for (const address of ['', 'redis', 'localhost:6379', 'mysql://somebody:geheim@localhost/acme', 'memory:']) {
      const refused = openStore(address, database)
      await expect(refused, address).rejects.toThrow(
        /^TWO_FACTOR_STORE must be the address of a Redis .* or a PostgreSQL/,
      )
      await expect(refused).rejects.not.toThrow('geheim')
    }
    await database.$disconnect()
  })

  test('where what codes are sent by is set wrongly', async () => {
    const { code, said } = await failToStart({ DATA, FIRST_ENROLLMENT: 'sms' })
    expect(said).toContain('Acme cannot start: FIRST_ENROLLMENT must be email, or not be set')
    expect(code).toBe(1)
    for (const url of ['', 'localhost:25', 'https://somebody:geheim@example.com']) {
      await expect(openMail(url)).rejects.toThrow(/^SMTP_URL must be smtp:/)
      await expect(openMail(url)).rejects.not.toThrow('geheim')
    }
    const twilio = { TWILIO_ACCOUNT_SID: 'AC1', TWILIO_AUTH_TOKEN: 'geheim', TWILIO_FROM: '+12025550100' }
    expect(() => codesByTextMessage(twilio, () => {})).toThrow('SMS_COUNTRIES')
    expect(() => codesByTextMessage({ ...twilio, SMS_COUNTRIES: 'Utopia' }, () => {})).toThrow(
      'SMS_COUNTRIES must be codes',
    )
    expect(codesByTextMessage({ ...twilio, SMS_COUNTRIES: 'US,CA' }, () => {})).toMatchObject({ printed: false })
  })

  test('where TRUSTED_PROXIES holds what is no address or network, or all there are', async () => {
    const { code, said } = await failToStart({ DATA, TRUSTED_PROXIES: '10.0.0.1,10.0.0.7/24' })
    expect(said).toContain(
      'Acme cannot start: TRUSTED_PROXIES must be addresses or networks, such as 10.0.0.1,fd00::/64',
    )
    expect(said).toContain('; "10.0.0.7/24" is neither')
    expect(code).toBe(1)
    for (const written of ['true', 'loopback', '10.0.0.1,', '1', '0.0.0.0/0', '::/0']) {
      expect(() => trustedProxiesIn(written), written).toThrow(StartFailure)
    }
    expect(trustedProxiesIn(' 10.0.0.1 , fd00::/64')).toEqual(['10.0.0.1', 'fd00::/64'])
    expect(trustedProxiesIn(' ')).toEqual([])
  })

  test('where the data folder is a file, or its database is none', async () => {
    writeFileSync(join(DATA, 'acme.db'), 'no database at all'.repeat(100))
    const folder = join(DATA, 'acme.db')
    await expect(openDatabase(folder)).rejects.toThrow(`the data folder ${folder} cannot be used: EEXIST`)
    await expect(openDatabase(DATA)).rejects.toThrow('file is not a database')
  })
})

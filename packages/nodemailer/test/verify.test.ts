/** `verify()`, for the start of an application. */
import { once } from 'node:events'
import { type AddressInfo, createServer, type Socket } from 'node:net'
import { inspect } from 'node:util'
import { emailChannel } from '@sallyport/nodemailer'
import { createTransport } from 'nodemailer'
import { describe, expect, it, onTestFinished, vi } from 'vitest'
import { localhost, reply, startMailServer } from './support/mail-server.js'

const from = 'codes@acme.example'
const auth = { user: 'codes', pass: 'hunter2' }

const verify = (options: object) =>
  emailChannel({ transport: createTransport({ host: localhost, ...options }), from }).verify()

async function expectBroken(verified: Promise<void>, why: RegExp): Promise<void> {
  const error: unknown = await verified.then(
    () => new Error('it was taken'),
    thrown => thrown,
  )
  expect(error).toMatchObject({ kind: 'usage', code: 'invalid_argument', message: expect.stringMatching(why) })
  expect(inspect(error, { depth: 9, showHidden: true })).not.toMatch(/hunter2|aHVudGVyMg|codes@/)
}

describe('verify', () => {
  it('resolves where the server lets the application in, and sends nothing', async () => {
    const server = await startMailServer({
      onAuth: ({ username, password }, _session, callback) =>
        username === auth.user && password === auth.pass
          ? callback(null, { user: username })
          : callback(reply(535, 'no')),
    })
    await verify({ port: server.port, auth })
    await verify({ port: server.port, auth, pool: true })
    expect(server.commands.join()).not.toMatch(/MAIL|RCPT|DATA/)
  })

  it('R40: says that the password is wrong, and does not show it, though the server does', async () => {
    const server = await startMailServer({
      onAuth: ({ password }, _session, callback) => callback(reply(535, `${password} is wrong for codes@acme.example`)),
    })
    const wrong = /^options\.transport does not work: the mail server refuses user or password \(535\)$/
    await expectBroken(verify({ port: server.port, auth }), wrong)
    await expectBroken(verify({ port: server.port, auth, pool: true }), wrong)
  })

  it('says that the server is not there', async () => {
    const server = await startMailServer()
    await server.stop()
    await expectBroken(
      verify({ port: server.port, auth }),
      /does not work: the mail server cannot be reached, or its certificate is not trusted \(ECONNREFUSED\)$/,
    )
  })

  it('says that TLS is required and not offered', async () => {
    const server = await startMailServer()
    await expectBroken(
      verify({ port: server.port, requireTLS: true }),
      /^options\.transport does not work: the connection to the mail server could not be encrypted/,
    )
  })

  it('waits for ten seconds, and no longer', async () => {
    vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] })
    onTestFinished(() => void vi.useRealTimers())
    const silent = createServer().listen(0, localhost)
    onTestFinished(() => void silent.close())
    await once(silent, 'listening')
    const verified = verify({ port: (silent.address() as AddressInfo).port })
    let settled = false
    verified.catch(() => {
      settled = true
    })
    const [client]: Socket[] = await once(silent, 'connection')
    onTestFinished(() => void client?.destroy())
    await vi.advanceTimersByTimeAsync(9_999)
    expect(settled).toBe(false)
    vi.advanceTimersByTime(1)
    await expectBroken(verified, /does not work: the mail server did not answer in time$/)
  })

  it('says that there is nothing to verify where the transport connects to nothing', async () => {
    const unverifiable = /^options\.transport is of a kind that cannot be verified$/
    await expectBroken(
      emailChannel({ transport: createTransport({ jsonTransport: true }), from }).verify(),
      unverifiable,
    )
    await expectBroken(emailChannel({ transport: { sendMail: async () => null }, from }).verify(), unverifiable)
  })
})

/** Mails that a real server does not take, or not in time. */
import { inspect } from 'node:util'
import { emailChannel } from '@sallyport/nodemailer'
import { createTransport } from 'nodemailer'
import selfSigned from 'smtp-server/lib/tls-options.js'
import { describe, expect, it } from 'vitest'
import { from, withServer } from './support/channel.js'
import { localhost, reply } from './support/mail-server.js'
import { address, code, newMessage, patient } from './support/messages.js'
import { oldNodemailers } from './support/old-nodemailers.js'

/** Expects a delivery to fail for a reason that can be logged: without the address, the code and the server's own words. */
async function expectUndelivered(delivery: Promise<void>, why: RegExp): Promise<void> {
  const error: unknown = await delivery.then(
    () => new Error('it was delivered'),
    thrown => thrown,
  )
  const message = expect.stringMatching(why)
  expect(error).toMatchObject({ kind: 'refusal', code: 'delivery_failed', message, retryAfter: null, field: null })
  expect(inspect(error, { depth: 9, showHidden: true })).not.toMatch(/alice|example\.org|314159/)
}

describe('a mail that is not taken', () => {
  it('R28: is refused where the server refuses the recipient', async () => {
    const { server, email } = await withServer({
      onRcptTo: ({ address }, _session, callback) => callback(reply(550, `no mailbox here for <${address}>`)),
    })
    await expectUndelivered(
      email.send(newMessage(), patient()),
      /the mail server refuses the sender or the recipient \(550\)$/,
    )
    expect(server.received).toEqual([])
  })

  it('R28: is refused where the server refuses it for now', async () => {
    const { email } = await withServer({
      onRcptTo: ({ address }, _session, callback) => callback(reply(451, `greylisted, <${address}>, try again later`)),
    })
    await expectUndelivered(
      email.send(newMessage(), patient()),
      /the mail server refuses the sender or the recipient \(451\)$/,
    )
  })

  it('R28: is refused where the server refuses the message, which it quotes', async () => {
    const { server, email } = await withServer({
      answer: async ({ mail }) => reply(554, `looks like spam: ${mail.subject} to ${address}`),
    })
    await expectUndelivered(email.send(newMessage(), patient()), /the mail server refuses the message \(554\)$/)
    expect(server.received).toHaveLength(1)
  })

  it('R28: is refused where an LMTP server refuses the recipient after the message', async () => {
    const { email } = await withServer(
      {
        lmtp: true,
        onData(stream, _session, callback) {
          stream.resume()
          // One answer for every recipient, which the types do not know.
          const answer = callback as (error: null, answers: Error[]) => void
          stream.on('end', () => answer(null, [reply(550, `no mailbox here for <${address}>`)]))
        },
      },
      { lmtp: true },
    )
    await expectUndelivered(email.send(newMessage(), patient()), /the mail server refuses the sender or the recipient$/)
  })

  it.each(['before the greeting', 'amid the message'])(
    'R28: is refused where the server closes the connection %s',
    async when => {
      const { server, email } = await withServer({
        onConnect(_session, callback) {
          if (when === 'before the greeting') server.dropClients()
          callback()
        },
        onData(stream) {
          stream.once('data', () => server.dropClients())
        },
      })
      await expectUndelivered(
        email.send(newMessage(), patient()),
        /the connection to the mail server failed|the mail server cannot be reached/,
      )
    },
  )

  it('R28: is refused where there is no server', async () => {
    const { server, email } = await withServer()
    await server.stop()
    await expectUndelivered(
      email.send(newMessage(), patient()),
      /the mail server cannot be reached, or its certificate is not trusted \(ECONNREFUSED\)$/,
    )
  })

  it('R28: is refused, and goes nowhere in the clear, where TLS is required and not offered', async () => {
    const { server, email } = await withServer({}, { requireTLS: true })
    await expectUndelivered(email.send(newMessage(), patient()), /could not be encrypted/)
    expect(server.commands.join()).not.toMatch(/MAIL|RCPT|DATA/)
  })

  it.each([
    ['STARTTLS', { ...selfSigned(), disabledCommands: [] }, { requireTLS: true }],
    ['TLS from the start', { ...selfSigned(), secure: true }, { secure: true }],
  ])('R28: is refused where the certificate is not trusted, with %s', async (_how, behaviour, options) => {
    const { server, email } = await withServer(behaviour, options)
    await expectUndelivered(email.send(newMessage(), patient()), /certificate is not trusted|could not be encrypted/)
    expect(server.commands.join()).not.toMatch(/MAIL|RCPT|DATA/)
    // It is the certificate that stands in the way.
    const tls = { rejectUnauthorized: false }
    const transport = createTransport({ host: localhost, port: server.port, ...options, tls })
    await emailChannel({ transport, from }).send(newMessage(), patient())
    expect(server.received).toHaveLength(1)
  })

  it('R28, R40: is refused where the server refuses the password, which it quotes', async () => {
    const { email } = await withServer(
      { onAuth: ({ password }, _session, callback) => callback(reply(535, `wrong: ${password}, ${address}`)) },
      { auth: { user: 'alice', pass: 'hunter2' } },
    )
    await expectUndelivered(email.send(newMessage(), patient()), /the mail server refuses user or password \(535\)$/)
  })
})

describe('an abort', () => {
  const inTime = /the mail server did not answer in time$/
  /** A server that has the mail, and does not say so. */
  const hung = { answer: () => new Promise<never>(() => {}) }

  it.each([
    ['a connection of its own', {}],
    ['a pool', { pool: true, maxConnections: 1 }],
  ])('R28: ends the delivery and its connection, with %s', async (_what, options) => {
    const { server, email } = await withServer(hung, options)
    const abort = new AbortController()
    const delivery = email.send(newMessage(), abort.signal)
    await server.next()
    abort.abort()
    await expectUndelivered(delivery, inTime)
    await server.idle()
    expect(server.received[0]?.mail.subject).toContain(code)
  })

  it.each(oldNodemailers)('R28: ends the delivery by $name, too', async ({ createTransport }) => {
    const { server, email } = await withServer(hung, {}, createTransport)
    const abort = new AbortController()
    const delivery = email.send(newMessage(), abort.signal)
    await server.next()
    abort.abort()
    await expectUndelivered(delivery, inTime)
    // Its connection stays: nothing could have closed it.
  })

  it('that came before sends nothing', async () => {
    const { server, email } = await withServer()
    await expectUndelivered(email.send(newMessage(), AbortSignal.abort()), inTime)
    expect(server.commands).toEqual([])
  })

  it.each(oldNodemailers)('while the message is made sends nothing, by $name either', async ({ createTransport }) => {
    const { server, transport, email } = await withServer({}, {}, createTransport)
    const abort = new AbortController()
    let finish = () => {}
    const finished = new Promise<void>(resolve => {
      finish = resolve
    })
    const message = async () => {
      await finished
      return { subject: 'too late', text: 'too late' }
    }
    const delivery = emailChannel({ transport, from, message }).send(newMessage(), abort.signal)
    abort.abort()
    await expectUndelivered(delivery, inTime)
    finish()
    await email.send(newMessage(), patient())
    expect(server.received.map(({ mail }) => mail.subject)).toEqual(['314159 is your Acme code'])
  })

  it('leaves a pool in order: the next mail goes through', async () => {
    let patience = false
    const { server, email } = await withServer(
      { answer: () => (patience ? Promise.resolve(null) : new Promise(() => {})) },
      { pool: true, maxConnections: 1 },
    )
    const abort = new AbortController()
    const delivery = email.send(newMessage(), abort.signal)
    await server.next()
    abort.abort()
    await expectUndelivered(delivery, inTime)
    patience = true
    await email.send(newMessage(), patient())
    expect(server.received).toHaveLength(2)
  })

  it('listens no longer than the delivery takes', async () => {
    const { email } = await withServer()
    const abort = new AbortController()
    const listening = new Set<unknown>()
    const signal = Object.assign(abort.signal, {
      addEventListener: (_type: string, listener: unknown) => listening.add(listener),
      removeEventListener: (_type: string, listener: unknown) => listening.delete(listener),
    })
    await email.send(newMessage(), signal)
    expect(listening.size).toBe(0)
  })
})

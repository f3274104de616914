/** What reaches a real mail server. */
import { inspect } from 'node:util'
import { type EmailContent, emailChannel } from '@sallyport/nodemailer'
import { createTransport } from 'nodemailer'
import { describe, expect, it } from 'vitest'
import { from, recipients, withServer } from './support/channel.js'
import { localhost, type Received, startMailServer } from './support/mail-server.js'
import { address, code, newMessage, patient } from './support/messages.js'

/** The one mail that arrived. */
function only(received: readonly Received[]): Received {
  const [one, ...others] = received
  if (one === undefined || others.length > 0) throw new Error(`${received.length} mails arrived`)
  return one
}

describe('a mail that is taken', () => {
  it('has the code first in the subject, both parts, and says that a machine wrote it', async () => {
    const { server, email } = await withServer()
    await email.send(newMessage(), patient())
    const { mail, source } = only(server.received)
    expect(mail.subject).toBe('314159 is your Acme code')
    expect(mail.text).toContain('to finish signing in to Acme.')
    expect(mail.html).toContain('>314159</p>')
    expect(mail.from?.value).toEqual([{ name: 'Acme, Inc.', address: 'codes@acme.example' }])
    expect(mail.to).toMatchObject({ value: [{ name: '', address }] })
    expect(mail.headers.get('auto-submitted')).toBe('auto-generated')
    expect(mail.headers.get('content-type')).toMatchObject({ value: 'multipart/alternative' })
    expect(source).not.toMatch(/^(In-Reply-To|References|Precedence|List-)/im)
    expect(server.commands).toContain('MAIL FROM:<codes@acme.example>')
    expect(recipients(server)).toEqual([`RCPT TO:<${address}>`])
  })

  it('is a mail of its own also where it repeats the code', async () => {
    const { server, email } = await withServer()
    await email.send(newMessage(), patient())
    await email.send(newMessage(), patient())
    const ids = server.received.map(({ mail }) => mail.messageId)
    expect(new Set(ids).size).toBe(2)
    expect(ids).not.toContain(undefined)
  })

  it('shows an issuer of any characters, and takes no header from it', async () => {
    const { server, email } = await withServer()
    const issuer = 'A&B <x> Grüße\r\nBcc: mallory@example.com\r\n\r\n'
    await email.send(newMessage({ issuer }), patient())
    const { mail } = only(server.received)
    expect(mail.subject).toBe('314159 is your A&B <x> Grüße Bcc: mallory@example.com  code')
    expect(mail.html).toContain('A&amp;B &lt;x&gt; Grüße Bcc')
    expect(mail.bcc).toBeUndefined()
    expect(recipients(server)).toHaveLength(1)
  })

  it('goes to no recipient that the defaults of the transport name', async () => {
    const server = await startMailServer()
    const defaults = { cc: 'mallory@example.com', bcc: 'trent@example.com', to: 'eve@example.com' }
    const email = emailChannel({ transport: createTransport({ host: localhost, port: server.port }, defaults), from })
    await email.send(newMessage(), patient())
    expect(recipients(server)).toEqual([`RCPT TO:<${address}>`])
  })
})

describe('a message of the application', () => {
  const sendWith = async (message: Parameters<typeof emailChannel>[0]['message'], request: unknown = undefined) => {
    const { server, transport } = await withServer()
    await emailChannel({ transport, from, message }).send(newMessage({ request }), patient())
    return server.received[0]?.mail
  }

  it('is what it says, in the language of the request, and needs no HTML', async () => {
    const mail = await sendWith(
      async ({ code, request }) => {
        const german = (request as { language: string }).language === 'de'
        return german ? { subject: `${code} ist Ihr Code`, text: `${code}\n` } : { subject: code, text: code }
      },
      { language: 'de' },
    )
    expect(mail).toMatchObject({ subject: '314159 ist Ihr Code', text: '314159\n', html: false })
  })

  it('adds no header by a line break in the subject', async () => {
    const mail = await sendWith(() => ({ subject: 'x\r\nBcc: mallory@example.com', text: 'x' }))
    expect(mail?.bcc).toBeUndefined()
    expect(mail?.subject).toContain('Bcc')
  })

  it('attaches nothing and reads no file', async () => {
    const path = new URL(import.meta.url).pathname
    const attachments = [{ path }]
    const mail = await sendWith(() => Object.assign({ subject: 'x', text: 'x' }, { attachments, bcc: 'a@example.com' }))
    expect(mail).toMatchObject({ text: 'x\n', attachments: [] })
    expect(mail?.bcc).toBeUndefined()
    const file = { subject: 'x', text: { path } } as unknown as EmailContent
    await expect(sendWith(() => file)).rejects.toMatchObject({ kind: 'usage', code: 'invalid_argument' })
  })

  it.each([
    ['gives nothing', () => undefined, 'must give subject and text, and html or nothing, as strings'],
    ['gives no text', () => ({ subject: 'x' }), 'must give subject and text, and html or nothing, as strings'],
    [
      'gives HTML that is none',
      () => ({ subject: 'x', text: 'x', html: 1 }),
      'must give subject and text, and html or nothing, as strings',
    ],
    [
      'throws',
      ({ code }: { code: string }) => {
        throw new Error(code)
      },
      'threw',
    ],
  ])('is a usage error where it %s', async (_what, message, problem) => {
    const { server, transport } = await withServer()
    const email = emailChannel({ transport, from, message: message as never })
    const error = await email.send(newMessage(), patient()).catch((thrown: unknown) => thrown)
    expect(error).toMatchObject({ kind: 'usage', message: `options.message ${problem}` })
    expect(inspect(error)).not.toContain(code)
    expect(server.commands).toEqual([])
  })
})

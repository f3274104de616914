/** What `emailChannel` takes, at run time and in types. */
import { join } from 'node:path'
import { emailChannel } from '@sallyport/nodemailer'
import { createTransport } from 'nodemailer'
import { describe, expect, it } from 'vitest'
import { root, typeComplaints } from '../../../test/type-complaints.js'
import { installOldNodemailers } from './support/old-nodemailers.js'

const transport = createTransport({ jsonTransport: true })
const from = 'Acme <codes@acme.example>'
const usage = (message: RegExp) =>
  expect.objectContaining({ kind: 'usage', code: 'invalid_argument', message: expect.stringMatching(message) })

describe('emailChannel', () => {
  it('is called `email`, or what it is told', () => {
    expect(emailChannel({ transport, from }).id).toBe('email')
    expect(emailChannel({ transport, from, id: 'work_email' }).id).toBe('work_email')
  })

  it('knows no address of its own where the application gives none', () => {
    expect(emailChannel({ transport, from })).not.toHaveProperty('addressOf')
    const addressOf = async () => null
    expect(emailChannel({ transport, from, addressOf }).addressOf).toBe(addressOf)
  })

  it.each([undefined, null, {}, 'smtp://localhost', Promise.resolve(transport)])(
    'refuses %o for a transport',
    given => {
      expect(() => emailChannel({ transport: given as never, from })).toThrow(usage(/^options\.transport must be what/))
    },
  )

  it.each([
    undefined,
    '',
    'Acme',
    'codes@acme.example, other@acme.example',
    'codes@acme.example\r\nBcc: a@example.com',
    7,
  ])('refuses %o for a sender', given => {
    expect(() => emailChannel({ transport, from: given as never })).toThrow(usage(/^options\.from must be one mailbox/))
  })

  it('refuses what is no function, and no options', () => {
    for (const name of ['addressOf', 'message']) {
      const options = { transport, from, [name]: 'alice@example.org' }
      expect(() => emailChannel(options as never)).toThrow(usage(new RegExp(`^options\\.${name} must be a function$`)))
    }
    expect(() => emailChannel(undefined as never)).toThrow(usage(/^options\.transport/))
  })
})

/** What compiles, and what must not, with the types of one major. */
const typed = (nodemailer: string) => `
import { createTwoFactor } from '@sallyport/core'
import { codeEmail, emailChannel, type EmailChannel } from '@sallyport/nodemailer'
import { memoryStore } from '@sallyport/memory'
import { createTransport, type Transporter } from '${nodemailer}'

declare const given: Transporter
const from = 'codes@acme.example'
const email: EmailChannel = emailChannel({ transport: given, from })
emailChannel({ transport: createTransport('smtp://localhost'), from })
emailChannel({ transport: createTransport({ host: 'localhost', port: 25 }), from, id: 'mail', addressOf: undefined })
emailChannel({ transport: createTransport({ host: 'localhost', pool: true }), from, message: codeEmail })
emailChannel({ transport: createTransport({ sendmail: true }), from, message: async ({ code }) => ({ subject: code, text: code }) })
emailChannel({ transport: createTransport({ jsonTransport: true }), from, addressOf: async () => null })
createTwoFactor({ issuer: 'Acme', keys: [], store: memoryStore(), channels: [email] })

// @ts-expect-error
emailChannel({ transport: 'smtp://localhost', from })
// @ts-expect-error
emailChannel({ transport: { host: 'localhost' }, from })
// @ts-expect-error
emailChannel({ transport: given })
// @ts-expect-error
emailChannel({ transport: given, from, message: ({ code }) => code })
`

describe('types', () => {
  it('take the transports of nodemailer 7 to 10 without a cast, and nothing else', async () => {
    const old = await installOldNodemailers()
    const texts = new Map([
      [join(root, 'packages/nodemailer/test/types-of-10.mts'), typed('nodemailer')],
      ...[7, 8, 9].map(major => [join(old, `types-of-${major}.mts`), typed(`nodemailer-${major}`)] as const),
    ])
    expect(typeComplaints(texts)).toEqual([])
  }, 60_000)
})

/** Addresses that would reach somebody else, held against real servers. */
import fc from 'fast-check'
import { createTransport } from 'nodemailer'
import { describe, expect, it } from 'vitest'
import { recipients, withServer } from './support/channel.js'
import { newMessage, patient } from './support/messages.js'
import { oldNodemailers } from './support/old-nodemailers.js'

/** A long header stands on several lines (RFC 5322, section 2.2.3). */
const unfolded = (source: string) => source.replace(/\r\n(?=[ \t])/g, '')

describe('an address', () => {
  /** Parts that mean something to SMTP, to RFC 5322, or to an address parser. */
  const words =
    'alice example.org mallory@example.com bücher.example xn--bcher-kva RCPT= Bcc: =?utf-8?q? ?= .. \u00ad \uff20'
  const pieces = [...words.split(' '), ...'@,;<>"\\()[]:.%!|`', ' ', '\t', '\0', '\n', '\r\n']
  const some = (maxLength: number) => fc.array(fc.constantFrom(...pieces), { maxLength }).map(parts => parts.join(''))
  const typed = fc.oneof(
    fc.emailAddress(),
    some(8),
    fc.tuple(some(3), fc.emailAddress(), some(3)).map(parts => parts.join('')),
  )

  it.each([
    { name: 'nodemailer 10', createTransport, runs: 150 },
    ...oldNodemailers.map(old => ({ ...old, runs: 50 })),
  ])(
    'R29: that `normalize` takes is the one recipient, letter for letter, in the envelope and in the header, by $name',
    async ({ createTransport, runs }) => {
      const { server, email } = await withServer({}, { pool: true }, createTransport)
      let taken = 0
      await fc.assert(
        fc.asyncProperty(typed, async address => {
          const to = email.normalize(address)
          if (to === null) return
          taken++
          server.commands.length = server.received.length = 0
          await email.send(newMessage({ to }), patient())
          expect(recipients(server)).toEqual([`RCPT TO:<${to}>`])
          expect(unfolded(server.received[0]?.source ?? '').match(/^To: .*\r\n/gim)).toEqual([`To: ${to}\r\n`])
        }),
        { numRuns: runs },
      )
      expect(taken).toBeGreaterThan(5)
    },
    30_000,
  )
})

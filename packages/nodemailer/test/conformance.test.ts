/** The channel under the kit, on a real mail server. */
import { type ChannelBackend, channelSuite, register } from '@sallyport/conformance'
import { type EmailChannel, emailChannel } from '@sallyport/nodemailer'
import { createTransport } from 'nodemailer'
import { afterAll, describe, test } from 'vitest'
import { from } from './support/channel.js'
import { localhost, openMailServer, reply } from './support/mail-server.js'

const refusedAddress = 'nobody@example.com'
const silentAddress = 'silence@example.com'
const server = await openMailServer({
  onRcptTo({ address }, _session, callback) {
    if (address === silentAddress) return
    callback(address === refusedAddress ? reply(550, `No such user: ${address}`) : null)
  },
})
afterAll(() => server.stop())

type Opened = EmailChannel & { close(): void }

function backend(options: { pool?: true }): ChannelBackend<Opened> {
  return {
    open() {
      const transport = createTransport({ host: localhost, port: server.port, ...options })
      return { ...emailChannel({ transport, from }), close: () => transport.close() }
    },
    close: channel => channel.close(),
    address: n => `person-${n}@example.com`,
    delivered: () =>
      server.received.flatMap(({ to, mail: { subject, text, html } }) =>
        to.map(recipient => ({ to: recipient, text: `${subject}\n${text}\n${html}` })),
      ),
    refusedAddress,
    silentAddress,
  }
}

describe.concurrent.each([
  ['emailChannel', backend({})],
  ['emailChannel with a pool', backend({ pool: true })],
])('R28: %s keeps the contract of a channel', (_, each) => {
  register(
    test,
    channelSuite(each).filter(({ excused }) => excused === null),
  )
})

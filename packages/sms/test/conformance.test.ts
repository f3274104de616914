/** Both channels under the kit. */
import { type ChannelBackend, channelSuite, register } from '@sallyport/conformance'
import { afterAll, describe, test } from 'vitest'
import { consoleChannel, twilioChannel } from '../src/index.js'
import { phoneNumbers } from '../src/phone.js'
import { account, refuse, silence, twilioServer } from './support/twilio-server.js'

const refusedAddress = '+15005550001'
const silentAddress = '+15005550408'
const server = await twilioServer({
  [refusedAddress]: refuse(400, 21211, to => `The 'To' number ${to} is not a valid phone number.`),
  [silentAddress]: silence,
})
afterAll(() => server.close())

const address = (n: number) => `+1202${5_550_000 + n}`
const options = { ...account, baseUrl: server.url, domain: 'acme.example' }
const lines: string[] = []
const print = (line: string) => void lines.push(line)

const twilio = {
  address,
  delivered: () => server.messages,
  refusedAddress,
  silentAddress,
}
const onConsole = {
  address,
  delivered: () => lines.map(line => ({ to: /To (\S+): /.exec(line)?.[1] ?? '', text: line })),
}
const backends: Record<string, ChannelBackend> = {
  twilioChannel: { ...twilio, open: () => twilioChannel(options) },
  'twilioChannel with phoneNumbers': {
    ...twilio,
    open: () => twilioChannel({ ...options, normalize: phoneNumbers({ defaultCountry: 'US' }) }),
  },
  consoleChannel: { ...onConsole, open: () => consoleChannel({ print }) },
}

describe.concurrent.each(Object.entries(backends))('R28: %s keeps the contract of a channel', (_, backend) => {
  register(
    test,
    channelSuite(backend).filter(({ excused }) => excused === null),
  )
})

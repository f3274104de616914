import { describe, expect, it } from 'vitest'
import { type TwilioChannelOptions, twilioChannel } from '../src/index.js'
import { account } from './support/twilio-server.js'

const channel = (options: Partial<TwilioChannelOptions> = {}) => twilioChannel({ ...account, ...options })

describe('the options of twilioChannel', () => {
  const wrong: [string, object][] = [
    ['accountSid', { accountSid: undefined }],
    ['accountSid', { accountSid: 'AC1/../../x' }],
    ['authToken', { authToken: '' }],
    ['authToken', { authToken: 'c0ffee\n' }],
    ['apiKeySid', { apiKeySid: account.accountSid }],
    ['from', { from: undefined }],
    ['from', { from: '0171 1234567' }],
    ['from', { from: 'MG123456789012' }],
    ['domain', { domain: 'https://acme.example' }],
    ['domain', { domain: 'acme.example:3000' }],
    ['domain', { domain: 'acme.example #1' }],
    ['message', { message: 'text' }],
    ['baseUrl', { baseUrl: 'api.twilio.com' }],
    ['baseUrl', { baseUrl: 'https://user:secret@proxy.example' }],
    ['baseUrl', { baseUrl: 'ftp://proxy.example' }],
    ['fetch', { fetch: {} }],
    ['id', { id: 'S-M-S' }],
    ['normalize', { normalize: /\d+/ }],
    ['addressOf', { addressOf: '+12025550142' }],
  ]
  it.each(wrong)('R40: name %s where it is wrong, and do not quote it: %o', (name, changes) => {
    expect(() => channel(changes)).toThrow(
      expect.objectContaining({ kind: 'usage', message: expect.stringMatching(new RegExp(`^options\\.${name} must`)) }),
    )
    expect(() => channel(changes)).not.toThrow(/secret|c0ffee/)
  })

  it('have no others: a normalize that is misspelt would let everything through', () => {
    expect(() => channel({ normalise: () => null } as object)).toThrow('options has no option "normalise"')
    expect(() => twilioChannel(undefined as unknown as TwilioChannelOptions)).toThrow('options must be an object')
  })

  it('are handed on: id, addressOf and normalize', async () => {
    const made = channel({ id: 'sms_2', addressOf: async subject => `+${subject}`, normalize: () => '+1' })
    expect(made.id).toBe('sms_2')
    expect(await made.addressOf?.('7')).toBe('+7')
    expect(made.normalize?.('x')).toBe('+1')
    expect(channel()).not.toHaveProperty('addressOf')
  })
})

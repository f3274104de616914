/** The channel against a server that speaks Twilio's API. */
import { inspect } from 'node:util'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { type TwilioChannelOptions, twilioChannel } from '../src/index.js'
import { newMessage, noSignal, rejection } from './support/message.js'
import {
  account,
  answerWith,
  halfway,
  page,
  redirectTo,
  refuse,
  reset,
  silence,
  twilioServer,
} from './support/twilio-server.js'

type Server = Awaited<ReturnType<typeof twilioServer>>
let elsewhere: Server
let server: Server

const sid = `SM${'0'.repeat(32)}`
const failed = { sid, status: 'failed', error_code: 21614 }

beforeAll(async () => {
  elsewhere = await twilioServer()
  server = await twilioServer({
    '+15005550001': refuse(400, 21211, to => `The 'To' number ${to} is not a valid phone number.`),
    '+15005550003': refuse(
      400,
      21408,
      to => `Permission to send an SMS has not been enabled for the region indicated by the 'To' number: ${to}.`,
    ),
    '+15005550004': refuse(400, 21610, to => `The message From/To pair violates a blacklist rule: ${to}`),
    '+15005550429': refuse(429, 20429, () => 'Too Many Requests'),
    '+15005550430': answerWith(429, {}),
    '+15005550500': refuse(500, 20500, () => 'An internal server error has occurred'),
    '+15005550503': page(503),
    '+15005550201': page(201),
    '+15005550200': answerWith(200, { sid, status: 'queued' }),
    '+15005550210': answerWith(201, { status: 'queued' }),
    '+15005550211': answerWith(201, failed),
    '+15005550400': answerWith(400, { code: 'one', message: '+15005550400' }),
    '+15005550307': redirectTo(`${elsewhere.url}/2010-04-01/Accounts/${account.accountSid}/Messages.json`),
    '+15005550408': silence,
    '+15005550104': reset,
    '+15005550105': halfway,
  })
})
afterAll(() => Promise.all([server.close(), elsewhere.close()]))

const channel = (options: Partial<TwilioChannelOptions> = {}) =>
  twilioChannel({ ...account, baseUrl: server.url, ...options })
const requestsTo = (to: string) => server.received.filter(({ form }) => form.get('To') === to)

describe('a code by Twilio', () => {
  it('is one form, with To, From and Body, under the account’s own name and token', async () => {
    await channel().send(newMessage(), noSignal())
    const [request] = requestsTo('+12025550142')
    expect(request).toMatchObject({
      method: 'POST',
      path: `/2010-04-01/Accounts/${account.accountSid}/Messages.json`,
      headers: {
        authorization: `Basic ${Buffer.from(`${account.accountSid}:${account.authToken}`).toString('base64')}`,
        'content-type': 'application/x-www-form-urlencoded;charset=UTF-8',
      },
    })
    expect(Object.fromEntries(request?.form ?? [])).toEqual({
      To: '+12025550142',
      From: '+15005550006',
      Body: '012345 is your Acme code to sign in. Tell nobody. Not you? Change your password.',
      ValidityPeriod: '300',
    })
  })

  it('goes out by a messaging service, a short code or a name as well', async () => {
    const service = `MG${'f'.repeat(32)}`
    for (const [to, from] of [
      ['+12025550101', service],
      ['+12025550102', '12345'],
      ['+12025550103', 'Acme & Co'],
    ] as const) {
      await channel({ from }).send(newMessage({ to }), noSignal())
      const [request] = requestsTo(to)
      expect(request?.form.get(from === service ? 'MessagingServiceSid' : 'From')).toBe(from)
      expect(request?.form.has(from === service ? 'From' : 'MessagingServiceSid')).toBe(false)
    }
  })

  it('ends with the line that binds it to the site, also below a text of one’s own', async () => {
    const domain = 'acme.example'
    await channel({ domain }).send(newMessage({ to: '+12025550104' }), noSignal())
    expect(requestsTo('+12025550104')[0]?.form.get('Body')).toMatch(/^012345 is .*\n\n@acme\.example #012345$/s)
    const message = async () => 'Ihr Code: 012345 — für „Acme“'
    await channel({ domain, message }).send(newMessage({ to: '+12025550105' }), noSignal())
    expect(requestsTo('+12025550105')[0]?.form.get('Body')).toBe(
      'Ihr Code: 012345 — für „Acme“\n\n@acme.example #012345',
    )
  })

  it('takes an API key in place of the account’s token, and the account stays in the path', async () => {
    const seen: Request[] = []
    const fetch = async (input: string | URL | Request, init?: RequestInit) => {
      seen.push(new Request(input, init))
      return new Response(JSON.stringify({ sid, status: 'accepted' }), { status: 201 })
    }
    const key = { apiKeySid: `SK${'1'.repeat(32)}`, authToken: 'key-secret' }
    await twilioChannel({ ...account, ...key, fetch }).send(newMessage(), noSignal())
    expect(seen.map(({ url }) => url)).toEqual([
      `https://api.twilio.com/2010-04-01/Accounts/${account.accountSid}/Messages.json`,
    ])
    expect(atob(seen[0]?.headers.get('authorization')?.slice(6) ?? '')).toBe(`${key.apiKeySid}:key-secret`)
  })
})

describe('a code that Twilio does not take', () => {
  const cases: [string, string, string, number | null, number | null][] = [
    [
      'the number is none',
      '+15005550001',
      'Twilio refused: there is no such number (HTTP 400, code 21211)',
      400,
      21211,
    ],
    [
      'the country is not enabled',
      '+15005550003',
      'Twilio refused: sending to this country is not enabled in the account (HTTP 400, code 21408)',
      400,
      21408,
    ],
    [
      'the person has unsubscribed',
      '+15005550004',
      'Twilio refused: the person has unsubscribed from this sender (HTTP 400, code 21610)',
      400,
      21610,
    ],
    [
      'there are too many requests',
      '+15005550429',
      'Twilio refused: too many requests at once (HTTP 429, code 20429)',
      429,
      20429,
    ],
    [
      'there are too many requests, in JSON of a proxy',
      '+15005550430',
      'Twilio refused: too many requests at once (HTTP 429)',
      429,
      null,
    ],
    ['Twilio fails', '+15005550500', 'Twilio failed (HTTP 500, code 20500)', 500, 20500],
    [
      'a page in HTML says that Twilio fails',
      '+15005550503',
      'something that is not Twilio answered (HTTP 503)',
      503,
      null,
    ],
    [
      'a page in HTML comes with the status of success',
      '+15005550201',
      'something that is not Twilio answered (HTTP 201)',
      201,
      null,
    ],
    ['the status is another kind of success', '+15005550200', 'Twilio refused (HTTP 200)', 200, null],
    ['the message has no SID', '+15005550210', 'Twilio refused (HTTP 201)', 201, null],
    [
      'the message has failed already',
      '+15005550211',
      'Twilio refused: this is no mobile number (HTTP 201, code 21614)',
      201,
      21614,
    ],
    ['the error has another form', '+15005550400', 'Twilio refused (HTTP 400)', 400, null],
    ['it leads elsewhere', '+15005550307', 'Twilio redirects, and that is not followed (HTTP 307)', 307, null],
    [
      'the connection is reset',
      '+15005550104',
      'Twilio cannot be reached, or did not answer to the end: ECONNRESET',
      null,
      null,
    ],
    [
      'the connection ends half-way',
      '+15005550105',
      'Twilio cannot be reached, or did not answer to the end: UND_ERR_SOCKET',
      null,
      null,
    ],
  ]
  it.each(cases)('R28, R40: rejects where %s, and tries nothing again', async (_, to, message, status, code) => {
    const before = requestsTo(to).length
    const error = await rejection(channel().send(newMessage({ to }), noSignal()))
    expect(error).toMatchObject({ name: 'TwilioError', message, status, code })
    expect(requestsTo(to).length - before).toBe(1)
    const shown = inspect(error, { depth: 10, showHidden: true })
    for (const secret of [to, '012345', account.authToken, 'Basic ', btoa(account.authToken).slice(0, 20)]) {
      expect(shown).not.toContain(secret)
    }
  })

  it('R28, R40: rejects where the token is wrong, without showing it', async () => {
    const authToken = 'deadbeefdeadbeef'
    const error = await rejection(channel({ authToken }).send(newMessage({ to: '+12025550106' }), noSignal()))
    expect(error).toMatchObject({ status: 401, code: 20003, message: expect.stringMatching(/auth token is wrong/) })
    expect(inspect(error, { showHidden: true })).not.toMatch(/deadbeef|ZGVhZGJlZWY|2025550106/)
  })

  it('R40: does not carry on what fetch threw, which may hold the request', async () => {
    const fetch = async (_: unknown, init?: RequestInit) => {
      throw Object.assign(new TypeError('fetch failed'), { cause: { code: 'ENOTFOUND', init } })
    }
    const error = await rejection(channel({ fetch }).send(newMessage(), noSignal()))
    expect(error).toMatchObject({ message: expect.stringMatching(/: ENOTFOUND$/) })
    expect(inspect(error, { depth: 10, showHidden: true })).not.toMatch(/Basic|2025550142|012345/)
    const odd = await rejection(channel({ fetch: () => Promise.reject('+12025550142') }).send(newMessage(), noSignal()))
    expect(odd).toMatchObject({ message: 'Twilio cannot be reached, or did not answer to the end' })
  })

  it('does not send its credentials after a redirect', async () => {
    await rejection(channel().send(newMessage({ to: '+15005550307' }), noSignal()))
    expect(elsewhere.received).toEqual([])
  })

  it('rejects where nobody listens', async () => {
    const gone = await twilioServer()
    await gone.close()
    const error = await rejection(channel({ baseUrl: gone.url }).send(newMessage(), noSignal()))
    expect(error).toMatchObject({ message: expect.stringMatching(/: ECONNREFUSED$/), status: null })
  })

  it('R28: ends a request that hangs when the signal aborts, and lets go of the connection', async () => {
    const to = '+15005550408'
    const abort = new AbortController()
    const reached = server.reached(to)
    const sent = rejection(channel().send(newMessage({ to }), abort.signal))
    await reached
    expect(server.closed).not.toContain(to)
    abort.abort()
    expect(await sent).toMatchObject({ name: 'AbortError' })
    await expect.poll(() => server.closed, { timeout: 10_000 }).toContain(to)
  })

  it('sends nothing where the signal has aborted before', async () => {
    const to = '+12025550107'
    expect(await rejection(channel().send(newMessage({ to }), AbortSignal.abort()))).toMatchObject({
      name: 'AbortError',
    })
    expect(requestsTo(to)).toEqual([])
  })

  it('rejects where one’s own text is none', async () => {
    const message = (() => undefined) as unknown as () => string
    const sent = channel({ message }).send(newMessage({ to: '+12025550108' }), noSignal())
    await expect(sent).rejects.toThrow('options.message must give a string')
    expect(requestsTo('+12025550108')).toEqual([])
  })
})

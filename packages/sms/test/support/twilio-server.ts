/**
 * A server on loopback that speaks Twilio's Messages resource: form in, JSON out, its documented errors, and whatever else an answer can
 * be. What it does is told by the number that a message is for.
 */
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import type { TwilioChannelOptions } from '../../src/twilio.js'

export const account = {
  accountSid: `AC${'0'.repeat(32)}`,
  authToken: 'c0ffee00c0ffee00c0ffee00c0ffee00',
  from: '+15005550006',
} satisfies TwilioChannelOptions

/** A request, as it came. */
export interface Received {
  method: string
  path: string
  headers: IncomingMessage['headers']
  form: URLSearchParams
}

type Answer = (response: ServerResponse, received: Received) => void

const json = (response: ServerResponse, status: number, body: object) =>
  response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(body))

/** Twilio's errors quote the number; so does this. */
export const refuse =
  (status: number, code: number, message: (to: string) => string): Answer =>
  (response, { form }) =>
    json(response, status, {
      code,
      message: message(form.get('To') ?? ''),
      more_info: `https://www.twilio.com/docs/errors/${code}`,
      status,
    })

const queued: Answer = (response, { form }) =>
  json(response, 201, {
    sid: `SM${'0'.repeat(32)}`,
    status: 'queued',
    to: form.get('To'),
    body: form.get('Body'),
    error_code: null,
  })

export async function twilioServer(answers: Readonly<Record<string, Answer>> = {}) {
  const received: Received[] = []
  const messages: { to: string; text: string }[] = []
  const closed: string[] = []
  const waiting = new Map<string, () => void>()

  const server = createServer(async (request, response) => {
    let text = ''
    for await (const chunk of request) text += chunk
    const form = new URLSearchParams(text)
    const to = form.get('To') ?? ''
    const one = { method: request.method ?? '', path: request.url ?? '', headers: request.headers, form }
    received.push(one)
    response.on('close', () => closed.push(to))
    answerTo(one, to)(response, one)
    waiting.get(to)?.()
  })

  function answerTo({ method, path, headers, form }: Received, to: string): Answer {
    if (method !== 'POST' || path !== `/2010-04-01/Accounts/${account.accountSid}/Messages.json`) {
      return refuse(404, 20404, () => `The requested resource ${path} was not found`)
    }
    if (
      headers.authorization !== `Basic ${Buffer.from(`${account.accountSid}:${account.authToken}`).toString('base64')}`
    ) {
      return refuse(401, 20003, () => 'Authenticate')
    }
    if (
      headers['content-type']?.startsWith('application/x-www-form-urlencoded') !== true ||
      form.get('Body') === null
    ) {
      return refuse(400, 21602, () => 'Message body is required.')
    }
    const answer = answers[to]
    if (answer !== undefined) return answer
    if (!/^\+[1-9]\d{6,14}$/.test(to)) return refuse(400, 21211, number => `Invalid 'To' Phone Number: ${number}`)
    messages.push({ to, text: form.get('Body') ?? '' })
    return queued
  }

  await new Promise<void>(resolve => server.listen(0, '127.0.0.1', resolve))
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    received,
    /** What Twilio would send on, the newest last. */
    messages,
    /** The numbers whose connections have ended. */
    closed,
    /** Resolves once a message to this number has come in. */
    reached: (to: string) => new Promise<void>(resolve => waiting.set(to, resolve)),
    close: () =>
      new Promise<void>(resolve => {
        server.close(() => resolve())
        server.closeAllConnections()
      }),
  }
}

/** Answers that are not Twilio's. */
export const silence: Answer = () => {}
export const reset: Answer = response => void response.socket?.resetAndDestroy()
export const halfway: Answer = response => {
  response.writeHead(201, { 'content-type': 'application/json', 'content-length': '1000' })
  response.write('{"sid":"SM', () => response.socket?.destroy())
}
export const page =
  (status: number): Answer =>
  response =>
    response.writeHead(status, { 'content-type': 'text/html' }).end('<html><body>Sign in to the Wi-Fi</body></html>')
export const redirectTo =
  (location: string): Answer =>
  response =>
    response.writeHead(307, { location }).end()
export const answerWith =
  (status: number, body: object): Answer =>
  response =>
    json(response, status, body)

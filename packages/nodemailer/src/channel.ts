/** `emailChannel`: codes by mail. */
import type { Channel, CodeMessage } from '@sallyport/core'
import { normalizeAddress } from './address.js'
import { describeFailure, refusesRecipient, silent, undelivered, usage } from './failures.js'
import { codeEmail, type EmailContent } from './message.js'
import { type Mail, type MailTransport, unlessAborted } from './transport.js'

/**
 * The options of {@link emailChannel}.
 *
 * @example
 * ```ts
 * import type { EmailChannelOptions } from '@sallyport/nodemailer'
 * import { createTransport } from 'nodemailer'
 *
 * declare const users: { find(id: string): Promise<{ email: string; emailConfirmed: boolean }> }
 *
 * const options: EmailChannelOptions = {
 *   transport: createTransport(process.env['SMTP_URL'] ?? 'smtp://localhost'),
 *   from: 'Acme <no-reply@acme.example>',
 *   async addressOf(subject) {
 *     const { email, emailConfirmed } = await users.find(subject)
 *     return emailConfirmed ? email : null
 *   },
 * }
 * ```
 */
export interface EmailChannelOptions {
  /** What `createTransport` of nodemailer gives. */
  transport: MailTransport
  /** One mailbox, with a name or without: `Acme <no-reply@acme.example>`. It is the sender of the envelope, too. */
  from: string
  /** What the method is called. Default `email`. */
  id?: string | undefined
  /** The account's own address that the application has confirmed; null: there is none. */
  addressOf?: Channel['addressOf'] | undefined
  /** What the mail says. Default {@link codeEmail}. */
  message?: ((message: CodeMessage) => EmailContent | Promise<EmailContent>) | undefined
}

/** A channel that can tell at start-up whether it works. */
export interface EmailChannel extends Channel {
  normalize(address: string): string | null
  /**
   * Connects to the mail server and signs in there, without sending anything: for the application's start.
   *
   * @throws SallyportError `usage`, naming `options.transport`: the server is not there or is silent for 10 seconds, refuses user or
   *   password, or cannot encrypt as it should; also where the transport is of a kind that connects to nothing
   */
  verify(): Promise<void>
}

/** ms, as long as a delivery has by default. */
const verifyDeadline = 10_000

/** A machine has written this (RFC 3834), and wants no machine's answer. */
const headers = { 'Auto-Submitted': 'auto-generated', 'X-Auto-Response-Suppress': 'All' }

/**
 * A channel that mails codes by nodemailer (R23–R29). An address is taken as browsers take one, its domain in lower case and in ASCII; it goes to
 * the mail server unparsed, as the one recipient.
 *
 * `send` rejects with `delivery_failed` where the server does not take the mail or the signal aborts. Its message says why, without address, code or
 * password; core tells the caller no more than `delivery_failed`.
 *
 * @returns the channel for `channels`
 * @throws SallyportError `usage`, naming the option
 *
 * @example
 * ```ts
 * import { createTwoFactor } from '@sallyport/core'
 * import { memoryStore } from '@sallyport/memory'
 * import { emailChannel } from '@sallyport/nodemailer'
 * import { createTransport } from 'nodemailer'
 *
 * const email = emailChannel({
 *   transport: createTransport(process.env['SMTP_URL'] ?? 'smtp://localhost'),
 *   from: 'Acme <no-reply@acme.example>',
 * })
 * await email.verify()
 *
 * const twoFactor = createTwoFactor({
 *   issuer: 'Acme',
 *   keys: [process.env['SALLYPORT_KEY']],
 *   store: memoryStore(),
 *   channels: [email],
 * })
 * ```
 */
export function emailChannel(options: EmailChannelOptions): EmailChannel {
  const { transport, from, id = 'email', addressOf, message = codeEmail } = checkOptions(options)

  async function handOver(about: CodeMessage, signal: AbortSignal): Promise<void> {
    const { subject, text, html } = await contentOf(message, about)
    if (signal.aborted) throw undelivered(silent)
    const to = { name: '', address: about.to }
    const mail: Mail = {
      from,
      to,
      // Not left to the headers, so that no default of the transport adds a recipient.
      envelope: { from, to: [to] },
      subject,
      text,
      ...(html === undefined ? {} : { html }),
      headers,
      disableFileAccess: true,
      disableUrlAccess: true,
      signal,
    }
    const info = await tried(() => transport.sendMail(mail), undelivered)
    // LMTP refuses a recipient after the message, and nodemailer resolves.
    const { rejected } = (info ?? {}) as { rejected?: readonly unknown[] }
    if (rejected?.length) throw undelivered(refusesRecipient)
  }

  async function verify(): Promise<void> {
    const verified = await tried(async () => transport.verify?.(), broken)
    // What nodemailer answers for transports that have no such function.
    if (verified !== true) throw usage('options.transport', 'is of a kind that cannot be verified')
  }

  return {
    id,
    normalize: normalizeAddress,
    ...(addressOf === undefined ? {} : { addressOf }),
    send: (about, signal) =>
      unlessAborted(
        () => handOver(about, signal),
        signal,
        () => undelivered(silent),
      ),
    async verify() {
      const deadline = new AbortController()
      const timer = setTimeout(() => deadline.abort(), verifyDeadline)
      try {
        await unlessAborted(verify, deadline.signal, () => broken(silent))
      } finally {
        clearTimeout(timer)
      }
    },
  }
}

/** What nodemailer does; what it throws is said in words of ours. */
async function tried<T>(work: () => Promise<T>, failure: (why: string) => Error): Promise<T> {
  try {
    return await work()
  } catch (thrown) {
    throw failure(describeFailure(thrown))
  }
}

const broken = (why: string) => usage('options.transport', `does not work: ${why}`)

/** What the mail says. What the application threw is not told on: it may hold the code. @throws SallyportError `usage` */
async function contentOf(
  message: (about: CodeMessage) => EmailContent | Promise<EmailContent>,
  about: CodeMessage,
): Promise<EmailContent> {
  let content: Partial<Record<keyof EmailContent, unknown>> | null
  try {
    content = await message(about)
  } catch {
    throw usage('options.message', 'threw')
  }
  const { subject, text, html } = content ?? {}
  if (typeof subject !== 'string' || typeof text !== 'string' || !(html === undefined || typeof html === 'string')) {
    throw usage('options.message', 'must give subject and text, and html or nothing, as strings')
  }
  return { subject, text, ...(html === undefined ? {} : { html }) }
}

function checkOptions(options: EmailChannelOptions): EmailChannelOptions {
  const { transport, from, addressOf, message } = (options ?? {}) as Partial<Record<keyof EmailChannelOptions, unknown>>
  if (typeof (transport as Partial<MailTransport> | null | undefined)?.sendMail !== 'function') {
    throw usage('options.transport', 'must be what createTransport of nodemailer gives: it has no function sendMail')
  }
  if (typeof from !== 'string' || !/^[^@\p{Cc}]*[^@\s\p{Cc}]@[^@\s\p{Cc}]+$/u.test(from)) {
    throw usage('options.from', 'must be one mailbox, such as "Acme <no-reply@acme.example>"')
  }
  for (const [name, value] of Object.entries({ addressOf, message })) {
    if (value !== undefined && typeof value !== 'function') throw usage(`options.${name}`, 'must be a function')
  }
  return options
}

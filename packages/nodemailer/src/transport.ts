/** What nodemailer's `createTransport` gives, as far as it is used here: typed by its shape, so that no version of it is imported. */

/** An address that is parsed no more. */
export interface Mailbox {
  name: string
  address: string
}

/** A mail, as it is handed to nodemailer. */
export interface Mail {
  from: string
  to: Mailbox
  envelope: { from: string; to: Mailbox[] }
  subject: string
  text: string
  html?: string
  headers: Record<string, string>
  disableFileAccess: true
  disableUrlAccess: true
  /** Known to nodemailer from 10.5 on, which closes the connection at once; older ones end it at their own timeouts. */
  signal: AbortSignal
}

/**
 * A transport of nodemailer 7 to 10: SMTP, pooled or not, sendmail, SES, or a plugin.
 *
 * @example
 * ```ts
 * import type { MailTransport } from '@sallyport/nodemailer'
 * import { createTransport } from 'nodemailer'
 *
 * const transport: MailTransport = createTransport(process.env['SMTP_URL'] ?? 'smtp://localhost')
 * ```
 */
export interface MailTransport {
  /** Given what nodemailer calls a message; `object`, since the types of 7 to 9 know less than these take. */
  sendMail(mail: object): Promise<unknown>
  verify?(): Promise<unknown>
}

/** What the work yields, unless the signal aborts first: then what `error` makes is thrown. The work itself may go on. */
export async function unlessAborted<T>(work: () => Promise<T>, signal: AbortSignal, error: () => Error): Promise<T> {
  if (signal.aborted) throw error()
  let stop = () => {}
  const aborted = new Promise<never>((_, reject) => {
    stop = () => reject(error())
  })
  signal.addEventListener('abort', stop)
  try {
    return await Promise.race([work(), aborted])
  } finally {
    signal.removeEventListener('abort', stop)
  }
}

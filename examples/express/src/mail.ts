/** How the application mails: by the server of `SMTP_URL`, or by one of its own that only shows what it was given. */
import { createTransport, type Transporter } from 'nodemailer'
import { type Inbox, startDemoMailServer } from './demo-mail-server.js'
import { StartFailure } from './start-failure.js'

export interface Mail {
  transport: Transporter
  from: string
  /** What was mailed; null where a real server mails it. */
  inbox: Inbox | null
  close(): Promise<void>
}

/** ms. nodemailer's own would keep a person waiting for minutes. */
const timeouts = { connectionTimeout: 5_000, greetingTimeout: 5_000, socketTimeout: 10_000, dnsTimeout: 5_000 }

const defaultFrom = 'Acme <acme@example.com>'

/** @param url `smtp://user:password@host:port` or `smtps://…` */
export async function openMail(url: string | undefined, from = defaultFrom): Promise<Mail> {
  if (url === undefined) {
    const { port, inbox, close } = await startDemoMailServer()
    const transport = createTransport({ host: '127.0.0.1', port, ignoreTLS: true, ...timeouts })
    return { transport, from, inbox, close }
  }
  if (!URL.canParse(url) || !/^smtps?:/.test(url)) {
    throw new StartFailure(
      'SMTP_URL must be smtp://… or smtps://…, or not be set, for a demonstration without a mail server',
    )
  }
  const transport = createTransport({ url, ...timeouts })
  return { transport, from, inbox: null, close: async () => transport.close() }
}

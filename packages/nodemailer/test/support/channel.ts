import { type EmailChannel, emailChannel } from '@sallyport/nodemailer'
import { createTransport } from 'nodemailer'
import { onTestFinished } from 'vitest'
import { type Behaviour, localhost, type MailServer, startMailServer } from './mail-server.js'

export const from = '"Acme, Inc." <codes@acme.example>'

/** A channel to a server of its own; both end with the test. `options`: of the transport. */
export async function withServer(
  behaviour: Behaviour = {},
  options: object = {},
  create: typeof createTransport = createTransport,
): Promise<{ server: MailServer; transport: ReturnType<typeof createTransport>; email: EmailChannel }> {
  const server = await startMailServer(behaviour)
  const transport = create({ host: localhost, port: server.port, ...options })
  onTestFinished(() => transport.close())
  return { server, transport, email: emailChannel({ transport, from }) }
}

/** Whom a server was told to deliver to. */
export const recipients = ({ commands }: MailServer) => commands.filter(line => /^RCPT/i.test(line))

/** A real SMTP server on the loopback, and what it was told. */
import { EventEmitter, once } from 'node:events'
import type { AddressInfo, Socket } from 'node:net'
import { type ParsedMail, simpleParser } from 'mailparser'
import { SMTPServer, type SMTPServerOptions } from 'smtp-server'
import { onTestFinished } from 'vitest'

/** A mail that arrived whole, whatever the server answered then. */
export interface Received {
  /** The recipients of the envelope. */
  to: string[]
  source: string
  mail: ParsedMail
}

/** What a server does otherwise than to take every mail, without encryption. `answer` to a mail: an error, or null to take it. */
export interface Behaviour extends SMTPServerOptions {
  answer?: (received: Received) => Promise<Error | null>
}

export interface MailServer {
  port: number
  /** The lines of its clients. */
  commands: string[]
  received: Received[]
  /** Waits for the next mail. */
  next(): Promise<Received>
  /** Waits until no client is connected. */
  idle(): Promise<void>
  dropClients(): void
  stop(): Promise<void>
}

export const localhost = '127.0.0.1'

/** What a server answers with. */
export function reply(responseCode: number, message: string): Error {
  return Object.assign(new Error(message), { responseCode })
}

/** Starts a server, which ends with the test. */
export async function startMailServer(behaviour: Behaviour = {}): Promise<MailServer> {
  const server = await openMailServer(behaviour)
  onTestFinished(() => server.stop())
  return server
}

/** Starts a server that whoever opened it stops. */
export async function openMailServer({ answer = async () => null, ...options }: Behaviour = {}): Promise<MailServer> {
  const commands: string[] = []
  const received: Received[] = []
  const sockets = new Set<Socket>()
  const happened = new EventEmitter()
  const quiet = () => {}
  const debug = (_entry: object, prefix: string, line: string) => {
    if (prefix === 'C:') commands.push(line)
  }
  const server = new SMTPServer({
    authOptional: true,
    disabledCommands: ['STARTTLS'],
    disableReverseLookup: true,
    logger: { level: quiet, trace: quiet, debug, info: quiet, warn: quiet, error: quiet, fatal: quiet },
    onData(stream, { envelope }, callback) {
      const chunks: Buffer[] = []
      // A connection that closes before is what some tests are about.
      stream.on('error', quiet)
      stream.on('data', chunk => chunks.push(chunk))
      stream.on('end', async () => {
        const source = Buffer.concat(chunks).toString()
        const to = envelope.rcptTo.map(({ address }) => address)
        const one = { to, source, mail: await simpleParser(source) }
        received.push(one)
        happened.emit('mail', one)
        callback(await answer(one))
      })
    },
    ...options,
  })
  server.on('error', quiet)
  server.server.on('connection', (socket: Socket) => {
    sockets.add(socket)
    socket.once('close', () => {
      sockets.delete(socket)
      if (sockets.size === 0) happened.emit('idle')
    })
  })
  const dropClients = () => {
    for (const socket of sockets) socket.destroy()
  }
  server.listen(0, localhost)
  await once(server.server, 'listening')
  const { port } = server.server.address() as AddressInfo
  async function stop() {
    if (!server.server.listening) return
    const closed = new Promise<void>(resolve => server.close(resolve))
    dropClients()
    await closed
  }
  return {
    port,
    commands,
    received,
    async next() {
      const [one] = await once(happened, 'mail')
      return one
    },
    async idle() {
      if (sockets.size > 0) await once(happened, 'idle')
    },
    dropClients,
    stop,
  }
}

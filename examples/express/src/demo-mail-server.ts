/**
 * A part of the demonstration: a mail server on the loopback interface that delivers nothing, and shows everything, whoever it was for. A
 * real application has neither this nor the page `/inbox`.
 */
import { once } from 'node:events'
import type { AddressInfo } from 'node:net'
import { simpleParser } from 'mailparser'
import { SMTPServer } from 'smtp-server'

export interface Message {
  at: Date
  to: readonly string[]
  subject: string
  text: string
}

/** What was mailed, the newest first. */
export type Inbox = readonly Message[]

const kept = 100
const longestMessage = 256 * 1024

/** Starts it on a free port of 127.0.0.1. */
export async function startDemoMailServer(): Promise<{ port: number; inbox: Inbox; close(): Promise<void> }> {
  const inbox: Message[] = []
  const server = new SMTPServer({
    disabledCommands: ['AUTH', 'STARTTLS'],
    size: longestMessage,
    onData(stream, { envelope }, done) {
      simpleParser(stream).then(({ subject = '', text = '' }) => {
        inbox.unshift({ at: new Date(), to: envelope.rcptTo.map(({ address }) => address), subject, text })
        inbox.splice(kept)
        done()
      }, done)
    },
  })
  // A client that goes away half-way is no trouble of ours.
  server.on('error', () => {})
  server.listen(0, '127.0.0.1')
  await once(server.server, 'listening')
  const { port } = server.server.address() as AddressInfo
  return { port, inbox, close: () => new Promise(resolve => server.close(() => resolve())) }
}

/** A mail server that does what a test tells it to. */
import { once } from 'node:events'
import { type AddressInfo, createServer, type Socket } from 'node:net'
import { SMTPServer } from 'smtp-server'

/** One that can refuse everybody, and quotes who it was. */
export async function startMailServer() {
  const subjects: string[] = []
  let refuses = false
  const server = new SMTPServer({
    disabledCommands: ['AUTH', 'STARTTLS'],
    onRcptTo({ address }, _session, done) {
      done(refuses ? Object.assign(new Error(`<${address}>: no such mailbox`), { responseCode: 550 }) : null)
    },
    onData(stream, _session, done) {
      let raw = ''
      stream.setEncoding('utf8').on('data', (part: string) => {
        raw += part
      })
      stream.on('end', () => {
        subjects.unshift(/^Subject: (.*)$/m.exec(raw)?.[1]?.trim() ?? '')
        done()
      })
    },
  })
  server.on('error', () => {})
  server.listen(0, '127.0.0.1')
  await once(server.server, 'listening')
  return {
    url: urlOf(server.server.address()),
    /** Of what it took, the newest first. */
    subjects,
    refuse(whether: boolean) {
      refuses = whether
    },
    stop: () => new Promise<void>(resolve => server.close(() => resolve())),
  }
}

/** One that takes connections and says nothing. */
export async function startSilentServer() {
  const sockets = new Set<Socket>()
  const server = createServer(socket => sockets.add(socket.on('error', () => {})))
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  return {
    url: urlOf(server.address()),
    async stop() {
      for (const socket of sockets) socket.destroy()
      server.close()
      await once(server, 'close')
    },
  }
}

function urlOf(address: ReturnType<ReturnType<typeof createServer>['address']>): string {
  return `smtp://127.0.0.1:${(address as AddressInfo).port}`
}

/**
 * A reverse proxy on the loopback interface, honest or hostile: it says of each request whose it is. It connects from an address of its
 * own, so that an application can trust it and nobody else on this computer.
 */
import { once } from 'node:events'
import { createServer, type IncomingHttpHeaders, type IncomingMessage, request } from 'node:http'
import type { AddressInfo } from 'node:net'

/** From where it connects. Clients connect from 127.0.0.1. */
export const proxyAddress = '127.0.0.2'

export interface ProxySettings {
  /** Where it forwards to: `http://localhost:…`. */
  origin: string
  /**
   * What becomes of the forwarding headers that a client sent: `append` adds the client to them, as an honest proxy behind others does;
   * `overwrite` replaces them, as one at the edge does; `untouched` lets through whatever the client made up.
   */
  forwarding: 'append' | 'overwrite' | 'untouched'
  /** The address that the client is said to have; that of its socket where it is missing. */
  clientAddress?: (request: IncomingMessage) => string
  /** Whether `Forwarded` (RFC 7239) is treated as `X-Forwarded-For` is. */
  forwarded?: boolean
  /** Says of every request that it came by https, as one that ends TLS does. */
  endsTls?: boolean
}

export interface Proxy {
  /** `http://127.0.0.1:…` */
  origin: string
  stop(): Promise<void>
}

/** Starts it on a free port of 127.0.0.1. */
export async function startProxy(settings: ProxySettings): Promise<Proxy> {
  const server = createServer((incoming, outgoing) => {
    // `Host` stays: a forwarded link leads back here, and the cookies are those of this origin.
    const { method, url } = incoming
    const headers = headersFor(incoming, settings)
    const options = { method, path: url, headers, family: 4, localAddress: proxyAddress }
    const forward = request(settings.origin, options, answer => {
      outgoing.writeHead(answer.statusCode ?? 502, answer.headers)
      answer.pipe(outgoing)
    })
    forward.on('error', () => (outgoing.headersSent ? outgoing.destroy() : outgoing.writeHead(502).end()))
    outgoing.on('close', () => forward.destroy())
    incoming.pipe(forward)
  })
  // However long a client takes between two requests: no connection ends just when it sends the next one.
  server.keepAliveTimeout = 0
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  return {
    origin: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    async stop() {
      server.closeAllConnections()
      server.close()
      await once(server, 'close')
    },
  }
}

function headersFor(incoming: IncomingMessage, settings: ProxySettings): IncomingHttpHeaders {
  const { forwarding, forwarded = false, clientAddress = socketAddress, endsTls = false } = settings
  const headers = { ...incoming.headers }
  if (endsTls) headers['x-forwarded-proto'] = 'https'
  if (forwarding === 'untouched') return headers
  const client = clientAddress(incoming)
  const add = (before: string | undefined, own: string) =>
    forwarding === 'append' && before !== undefined ? `${before}, ${own}` : own
  headers['x-forwarded-for'] = add(headersOf(incoming, 'x-forwarded-for'), client)
  // An IPv6 address has colons, and so stands in brackets and quotes (RFC 7239 §6).
  const node = client.includes(':') ? `"[${client}]"` : client
  if (forwarded) headers['forwarded'] = add(headersOf(incoming, 'forwarded'), `for=${node}`)
  return headers
}

/** Of a header that came several times, all of it. */
function headersOf({ headersDistinct }: IncomingMessage, name: string): string | undefined {
  return headersDistinct[name]?.join(', ')
}

function socketAddress({ socket }: IncomingMessage): string {
  return socket.remoteAddress ?? 'unknown'
}

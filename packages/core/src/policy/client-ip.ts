/** Whose request it is: the address behind the application's own proxies, and no other that a header may name (R42). */
import * as z from 'zod/mini'
import { usageError } from '../errors.js'
import { checked, isPlainObject, plainObject } from '../usage.js'
import { type Address, parseAddress, writeAddress } from './address.js'
import { addressIn, elementsFromRight, type ForwardingHeader } from './forwarded.js'
import { compileNetworks, listedNetworks, type NetworkList } from './networks.js'

/** The headers of a request: those of the Fetch API, or names with values as Node.js has them; names in any case. */
export type RequestHeaders =
  | { get(name: string): string | null | undefined }
  | { readonly [name: string]: string | readonly string[] | undefined }

/** What {@link clientIp} goes by. */
export interface ClientIpOptions {
  /** The address at the other end of the connection: `socket.remoteAddress`. */
  remoteAddress: string | null | undefined
  headers: RequestHeaders
  /**
   * The addresses of your proxies, or their networks in CIDR notation. Nobody else may connect from these: whoever does can name any
   * address. Empty: there is no proxy, and headers are not looked at.
   */
  trustedProxies: readonly string[]
  /** The header that your proxies write; state it. Without it both are read, and where both are there they must agree. */
  header?: ForwardingHeader | undefined
}

const bothHeaders = ['x-forwarded-for', 'forwarded'] as const

const optionsSchema = plainObject({
  remoteAddress: z.optional(z.nullable(z.string())),
  headers: z.custom<RequestHeaders>(isHeaders, 'must be Headers, or a plain object of names and values'),
  trustedProxies: z.custom<readonly string[]>(Array.isArray, 'must be a list of addresses and networks'),
  header: z.optional(z.enum(bothHeaders)),
})

/** A `Map` would do by its methods, but tells upper from lower case: the header might not be found. */
function isHeaders(value: unknown): boolean {
  if (typeof value !== 'object' || value === null) return false
  return hasGet(value) ? Object.prototype.toString.call(value) !== '[object Map]' : isPlainObject(value)
}

function hasGet(headers: object): headers is { get(name: string): unknown } {
  return typeof (headers as { get?: unknown }).get === 'function'
}

/**
 * The address of the client, for lists of addresses and for logs. A proxy appends the address that it was asked from to
 * X-Forwarded-For or Forwarded (RFC 7239), to the right of what the client sent; so the headers count only where the connection comes
 * from one of `trustedProxies`, and are read from the right, up to the first address that is none of them (R42).
 *
 * @param options see {@link ClientIpOptions}
 * @returns the canonical text (RFC 5952; an IPv4-mapped address as IPv4), or null where the address is not known: the socket has none,
 *   what stands there instead of the client's is no address, such as `unknown`, or the `header` that was stated is not there. No list of
 *   addresses holds null.
 * @throws SallyportError of kind `usage` that names the option which is not what it should be
 *
 * @example
 * ```ts
 * import type { IncomingMessage } from 'node:http'
 * import { clientIp } from '@sallyport/core/ip'
 *
 * const trustedProxies = ['10.0.0.0/24', 'fd00::/64']
 *
 * function addressOf(request: IncomingMessage): string | null {
 *   const { socket, headers } = request
 *   return clientIp({ remoteAddress: socket.remoteAddress, headers, trustedProxies, header: 'x-forwarded-for' })
 * }
 * ```
 */
export function clientIp(options: ClientIpOptions): string | null {
  const { remoteAddress, headers, trustedProxies, header } = checked(optionsSchema, options, 'options')
  const trusted = compiled(trustedProxies)
  const socket = parseAddress(remoteAddress ?? '')
  if (socket === null) return null
  if (!trusted.includes(socket)) return writeAddress(socket)

  const named = (header === undefined ? bothHeaders : [header]).flatMap(name => {
    const value = fieldOf(headers, name)
    return value === null ? [] : [clientIn(value, name, trusted)]
  })
  const [client, other] = named
  // A proxy that is to write a header and did not: a client can have it dropped as one of the connection (CVE-2022-31813).
  if (client === undefined) return header === undefined ? writeAddress(socket) : null
  // A proxy that writes one of them passes the other on as the client sent it, and nobody can tell which is which.
  const agreed = other === undefined || other === client ? client : null
  return agreed && writeAddress(agreed)
}

function clientIn(value: string, header: ForwardingHeader, trusted: NetworkList): Address | null {
  const { elements, whole } = elementsFromRight(value)
  let client: Address | null = null
  for (const element of elements) {
    client = addressIn(element, header)
    if (!trusted.includes(client)) return client
  }
  return whole ? client : null
}

/** Several headers of one name are one, joined in their order (RFC 9110 §5.3). */
function fieldOf(headers: RequestHeaders, name: ForwardingHeader): string | null {
  const values: unknown[] = hasGet(headers)
    ? [headers.get(name) ?? undefined]
    : Object.keys(headers).flatMap(key => (key.toLowerCase() === name ? headers[key] : []))
  const given = values.filter(value => value !== undefined)
  if (!given.every(value => typeof value === 'string'))
    throw usageError(`options.headers["${name}"]`, 'must be a string')
  return given.length === 0 ? null : given.join(',')
}

const lists = new WeakMap<readonly string[], { texts: readonly string[]; list: NetworkList }>()

/** The list, compiled once for each array, and again where the array has changed since. */
function compiled(trustedProxies: readonly string[]): NetworkList {
  const known = lists.get(trustedProxies)
  if (known?.texts.length === trustedProxies.length && known.texts.every((text, at) => text === trustedProxies[at])) {
    return known.list
  }
  const texts = [...trustedProxies]
  // One of every address would let the client choose its own.
  const list = compileNetworks(listedNetworks(texts, 'options.trustedProxies'))
  lists.set(trustedProxies, { texts, list })
  return list
}

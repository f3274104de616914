/** Networks in CIDR notation (RFC 4632, RFC 4291 §2.3), and lists of them that are asked often. */
import { usageError } from '../errors.js'
import { type Address, parseAddress, writeAddress } from './address.js'

export interface Network {
  readonly first: Address
  readonly last: Address
  /** In bits, of its own family. */
  readonly prefix: number
  /** Canonical, and always with the prefix: `203.0.113.7/32`. */
  readonly written: string
}

/**
 * @param text an address, or an address and the length of its prefix: `203.0.113.0/24`
 * @returns null where the text is not strictly one. So it is where bits are set after the prefix: who writes `203.0.113.7/24` meant
 *   either the one address or the whole network, and nobody can tell.
 */
export function parseNetwork(text: string): Network | null {
  const [written = '', length, ...rest] = text.split('/', 3)
  const first = parseAddress(written)
  if (first === null || rest.length > 0) return null
  const bits = first.length * 4
  const prefix = length === undefined ? bits : parsePrefix(length, bits, written.includes(':'))
  if (prefix === null) return null
  const hosts = (1n << BigInt(bits - prefix)) - 1n
  const number = BigInt(`0x${first}`)
  if ((number & hosts) !== 0n) return null
  const last = (number | hosts).toString(16).padStart(first.length, '0')
  return { first, last, prefix, written: `${writeAddress(first)}/${prefix}` }
}

/**
 * The one written form of a network, for a form in which an administrator types some: `policy.allowlist.networks` and `trustedProxies` take
 * what this takes. White space around it is not taken: trim first.
 *
 * @param text an address, or an address and the length of its prefix
 * @returns the canonical CIDR notation, always with the prefix; null where the text is not strictly an address or a network, or holds every
 *   address there is
 *
 * @example
 * ```ts
 * import { normalizeNetwork } from '@sallyport/core/ip'
 *
 * const typed = ['203.0.113.0/24', '2001:DB8::7', '203.0.113.7/24']
 * const wrong = typed.filter(line => normalizeNetwork(line) === null) // ['203.0.113.7/24']
 * ```
 */
export function normalizeNetwork(text: unknown): string | null {
  const network = typeof text === 'string' ? parseNetwork(text) : null
  return network === null || network.prefix === 0 ? null : network.written
}

/** Of an IPv6 address the first 64 bits name a site's network (RFC 4291 §2.5.4); a device changes the others at will (RFC 8981). */
const siteBits = 64
/** `::1`, and the link-local `fe80::/10`: no site's. */
const local = /^(?:0{31}1|fe[89ab].*)$/

/**
 * What to offer somebody as "the place where I am now", for a list of their own.
 *
 * @param ip an address, as `clientIp` gives it
 * @returns an IPv4 address as it is, an IPv6 address as the /64 in which the device changes it (one of the machine or of the link as it is);
 *   null where it is not strictly an address
 *
 * @example
 * ```ts
 * import { networkAround } from '@sallyport/core/ip'
 *
 * const here = networkAround('2001:db8:1:2:a5b3:91ff:fe01:7') // '2001:db8:1:2::/64'
 * ```
 */
export function networkAround(ip: string | null | undefined): string | null {
  const address = typeof ip === 'string' ? parseAddress(ip) : null
  if (address === null) return null
  if (address.length === 8 || local.test(address)) return writeAddress(address)
  return `${writeAddress(address.slice(0, siteBits / 4).padEnd(address.length, '0'))}/${siteBits}`
}

/**
 * @param bits of an address of the network's family
 * @param writtenAsSix as IPv4-mapped addresses are: their prefix counts the 96 bits before the IPv4 address, too
 */
function parsePrefix(text: string, bits: number, writtenAsSix: boolean): number | null {
  if (!/^(?:0|[1-9]\d{0,2})$/.test(text)) return null
  const prefix = Number(text) - (writtenAsSix ? 128 - bits : 0)
  return prefix >= 0 && prefix <= bits ? prefix : null
}

/**
 * The networks that an option lists.
 *
 * @param path of the option, as an error names it
 * @throws SallyportError `usage`, by position, for what is no network, or one of every address there is: the text is not quoted (R40)
 */
export function listedNetworks(texts: readonly unknown[], path: string): Network[] {
  return texts.map((text, position) => {
    const network = typeof text === 'string' ? parseNetwork(text) : null
    const at = `${path}[${position}]`
    if (network === null) {
      throw usageError(at, 'must be an address or a network such as "10.0.0.0/8" or "2001:db8::/32"')
    }
    if (network.prefix === 0) throw usageError(at, 'holds every address there is')
    return network
  })
}

/** Networks, compiled to be looked up in. */
export interface NetworkList {
  /** Null, an address that is not known, is in no list. */
  includes(address: Address | null): boolean
  readonly isEmpty: boolean
}

/** Compiles networks of either family to sorted ranges that do not overlap: a look-up takes O(log n). */
export function compileNetworks(networks: readonly Network[]): NetworkList {
  const four = outermost(networks.filter(network => network.first.length === 8))
  const six = outermost(networks.filter(network => network.first.length === 32))
  return {
    includes: address => address !== null && liesWithin(address, address.length === 8 ? four : six),
    isEmpty: networks.length === 0,
  }
}

/** Sorted, without those that lie within others: two networks are either apart, or one lies within the other. */
function outermost(networks: readonly Network[]): readonly Network[] {
  const sorted = [...networks].sort((a, b) => (a.first === b.first ? a.prefix - b.prefix : a.first < b.first ? -1 : 1))
  const kept: Network[] = []
  for (const network of sorted) {
    const outer = kept.at(-1)
    if (outer === undefined || network.first > outer.last) kept.push(network)
  }
  return kept
}

/** Looks at the one network that can hold the address: the last that does not begin after it. */
function liesWithin(address: Address, networks: readonly Network[]): boolean {
  let from = 0
  let to = networks.length
  while (from < to) {
    const middle = (from + to) >>> 1
    if ((networks[middle] as Network).first <= address) from = middle + 1
    else to = middle
  }
  const candidate = networks[from - 1]
  return candidate !== undefined && address <= candidate.last
}

/** Addresses of IPv4 and IPv6: many spellings, one form to compare by (RFC 4291, RFC 5952; R43). */
import ipaddr from 'ipaddr.js'

/**
 * The one form of an address: its bytes in lower-case hex, 8 digits for IPv4 and 32 for IPv6. An IPv4-mapped IPv6 address is the
 * IPv4 address. Of one family they sort as strings as they do as numbers.
 */
export type Address = string

/** `0000:0000:0000:0000:0000:ffff:255.255.255.255` */
const longest = 45

const mapped = '00000000000000000000ffff'

/** An IPv6 address whose last 32 bits are written as an IPv4 address. */
const dottedTail = /^([\da-f:]*:)(\d+\.[\d.]+)$/i

/**
 * @param text the address alone: no port, prefix, zone id, brackets or white space
 * @returns null where the text is not strictly an address, as where an octet has a leading zero, since others would read an octal
 *   number; what one program takes for another address than the next opens allowlists
 */
export function parseAddress(text: string): Address | null {
  if (text.length > longest) return null
  if (!text.includes(':')) return parseFour(text)
  const [, head, tail] = dottedTail.exec(text) ?? []
  if (head === undefined || tail === undefined) return parseSix(text)
  // ipaddr.js reads octal and hex in the tail, and takes `::192.0.2.1` for the mapped address, which it is not: it gets groups alone.
  const four = parseFour(tail)
  return four && parseSix(`${head}${four.slice(0, 4)}:${four.slice(4)}`)
}

function parseFour(text: string): Address | null {
  return ipaddr.IPv4.isValidFourPartDecimal(text) ? hex(ipaddr.IPv4.parse(text).toByteArray()) : null
}

function parseSix(text: string): Address | null {
  // ipaddr.js would take a zone id: a number of the machine's interface, of which the other side knows nothing.
  if (!/^[\da-f:]+$/i.test(text) || !ipaddr.IPv6.isValid(text)) return null
  const address = hex(ipaddr.IPv6.parse(text).toByteArray())
  return address.startsWith(mapped) ? address.slice(mapped.length) : address
}

function hex(bytes: readonly number[]): Address {
  return bytes.map(byte => byte.toString(16).padStart(2, '0')).join('')
}

/** The canonical text: four decimal numbers, or RFC 5952. */
export function writeAddress(address: Address): string {
  const bytes = address.match(/../g) ?? []
  return ipaddr.fromByteArray(bytes.map(byte => Number.parseInt(byte, 16))).toString()
}

/** Networks whose addresses hold IPv4 addresses early on: 6to4 (RFC 3056) and Teredo (RFC 4380). */
const tunnels = ['2002', '20010000']

/**
 * What an event may say of an address: the /24 (IPv4) or /48 (IPv6) that it lies in, of a tunnel less. An address is personal data, and R40
 * keeps it out.
 */
export function prefixShown(address: Address): string {
  const tunnel = address.length === 32 ? tunnels.find(first => address.startsWith(first)) : undefined
  const prefix = tunnel === undefined ? (address.length === 8 ? 24 : 48) : 4 * tunnel.length
  return `${writeAddress(address.slice(0, prefix / 4).padEnd(address.length, '0'))}/${prefix}`
}

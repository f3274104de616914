/** The headers in which proxies write for whom they ask: X-Forwarded-For, and Forwarded of RFC 7239. */
import { type Address, parseAddress } from './address.js'

/** The header in which a proxy writes for whom it asks. */
export type ForwardingHeader = 'x-forwarded-for' | 'forwarded'

/** More proxies than any chain has; longer headers are a client's doing. */
const mostElements = 64
const mostCharacters = 8192

/**
 * Splits a list into its elements, the last one first. A proxy appends what it knows on the right, to what may be a client's
 * invention: read from the left, one quote of the client's would swallow it. Read from the right, nothing that stands before an element
 * changes where it begins.
 *
 * @param text the header's value; several of one name are joined by commas (RFC 9110 §5.3)
 * @returns as many elements as are ever looked at; `whole` where that is all of them
 */
export function elementsFromRight(text: string): { elements: string[]; whole: boolean } {
  const elements: string[] = []
  const floor = Math.max(0, text.length - mostCharacters)
  let end = text.length
  let quoted = false
  for (let at = end - 1; at >= floor; at--) {
    // Within quotes a backslash escapes; none stands before the quote that opens them. X-Forwarded-For knows no quotes, and an element
    // with one is no address, wherever it ends.
    if (text[at] === '"' && !(quoted && text[at - 1] === '\\')) quoted = !quoted
    if (text[at] !== ',' || quoted) continue
    elements.push(text.slice(at + 1, end))
    if (elements.length === mostElements) return { elements, whole: false }
    end = at
  }
  if (floor > 0) return { elements, whole: false }
  elements.push(text.slice(0, end))
  return { elements, whole: true }
}

/** Whom an element names; null where that is no address, or the element is not as it should be. */
export function addressIn(element: string, header: ForwardingHeader): Address | null {
  const text = withoutSpace(element)
  if (header === 'forwarded') return nodeAddress(forParameter(text) ?? '', /:(?:\d{1,5}|_[\w.-]+)$/)
  // Not of the header's custom, but Azure's: with a port.
  return parseAddress(text) ?? nodeAddress(text, /:\d{1,5}$/)
}

/**
 * Without the spaces and tabs around it: `trim` takes more away, and a regular expression that looks for the end would take time that
 * grows with the square of what a client sent.
 */
function withoutSpace(element: string): string {
  let from = 0
  let to = element.length
  while (from < to && isSpace(element[from])) from++
  while (to > from && isSpace(element[to - 1])) to--
  return element.slice(from, to)
}

function isSpace(character: string | undefined): boolean {
  return character === ' ' || character === '\t'
}

/** An IPv4 address, or an IPv6 address in brackets, and perhaps a port (RFC 7239 §6). */
function nodeAddress(text: string, port: RegExp): Address | null {
  const name = text.replace(port, '')
  const bracketed = name.startsWith('[') && name.endsWith(']')
  // Either without the other is neither: not `[203.0.113.7]`, nor an IPv6 address whose end could as well be a port.
  if (bracketed !== name.includes(':')) return null
  return parseAddress(bracketed ? name.slice(1, -1) : name)
}

/** A token, `=`, and a token or a quoted string (RFC 9110 §5.6). */
const pair = /([!#$%&'*+.^`|~\w-]+)=(?:([!#$%&'*+.^`|~\w-]+)|"((?:[\t !#-[\]-~\x80-\xff]|\\[\t -~\x80-\xff])*)")/y
/** White space around it is not in the grammar (RFC 7239 §4), and common. */
const separator = /[ \t]*(?:;[ \t]*|$)/y

/** The value of `for`; null where there is none, or two, or the element does not follow the grammar. */
function forParameter(element: string): string | null {
  let value: string | null = null
  for (let at = 0; at < element.length; at = separator.lastIndex) {
    pair.lastIndex = at
    const [, name, token, quoted = ''] = pair.exec(element) ?? []
    separator.lastIndex = name === undefined ? at : pair.lastIndex
    if (!separator.test(element)) return null
    if (name?.toLowerCase() !== 'for') continue
    if (value !== null) return null
    value = token ?? quoted.replace(/\\(.)/g, '$1')
  }
  return value
}

/** The one form of an email address. */
import * as z from 'zod/mini'

/**
 * Addresses as browsers take them in `<input type="email">`, which leaves no quoted local parts, comments and lists (RFC 5322) for a mailer
 * to read in another way, and of these the ones whose domain has the form of a name on the internet.
 */
const schema = z.email({ pattern: z.regexes.html5Email }).check(
  // RFC 5321, sections 4.5.3.1.1 and 4.5.3.1.3: 256 with the angle brackets.
  z.regex(/^[^@]{1,64}@/),
  z.maxLength(254),
  // Dots only between others: elsewhere they want quotes (RFC 5321, section 4.1.2).
  z.regex(/^[^.@]+(\.[^.@]+)*@/),
  // A name of several labels that is no IP address. Names of a private network may have that form, too: `printer.local`.
  z.regex(/\.[a-z][a-z0-9-]+$/),
)

/** What a host name is typed with, in any script. Nothing that means something else to the URL parser. */
const domainTyped = /^[\p{L}\p{M}\p{N}.-]+$/u

/** The address with its domain as DNS has it, the local part as it was typed; null where it is none. */
export function normalizeAddress(typed: string): string | null {
  const address = typed.trim()
  const at = address.lastIndexOf('@')
  const domain = asciiDomain(address.slice(at + 1))
  const result = schema.safeParse(`${address.slice(0, Math.max(at, 0))}@${domain}`)
  return result.success ? result.data : null
}

/** IDNA as browsers do it (UTS 46), lower-case; empty where it is no host name. */
function asciiDomain(domain: string): string {
  if (!domainTyped.test(domain)) return ''
  try {
    return new URL(`http://${domain}`).hostname
  } catch {
    return ''
  }
}

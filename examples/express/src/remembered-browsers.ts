/** Browsers that are not asked for a code for a while: the cookie that says which they are, and what they are called. */
import { createHash } from 'node:crypto'
import type { Token } from '@sallyport/core'
import { cookieAttributes } from '@sallyport/core/http'
import type { Request } from 'express'

export type BrowserCookies = ReturnType<typeof browserCookies>

/**
 * @param secure as for the cookie of the session: false by plain http on localhost, and nowhere else
 * @param clock ms
 */
export function browserCookies({ secure, clock }: { secure: boolean; clock: () => number }) {
  /** One for each user: two who share a browser do not overwrite each other's. */
  const nameOf = (userId: string) =>
    `${secure ? '__Host-' : ''}acme-browser-${createHash('sha256').update(userId).digest('hex').slice(0, 16)}`

  return {
    /** What the browser brought: anything, for Sallyport to judge. */
    read: (req: Request, userId: string) => cookieOf(req.headers.cookie, nameOf(userId)),
    keep(req: Request, userId: string, { token, expiresAt }: Token): void {
      // As a time that is left: the clocks of browsers are not ours.
      const maxAge = expiresAt.getTime() - clock()
      req.res?.cookie(nameOf(userId), token, { ...cookieAttributes(expiresAt), maxAge, secure })
    },
  }
}

function cookieOf(header: string | undefined, name: string): string | undefined {
  const pairs = header?.split(';').map(pair => pair.trim()) ?? []
  return pairs.find(pair => pair.startsWith(`${name}=`))?.slice(name.length + 1)
}

/** The first that fits: Edge and Opera also say Chrome, Chrome also says Safari, and an iPhone is like a Mac. */
const browsers = [
  ['Edge', /\bEdg(?:e|A|iOS)?\//],
  ['Opera', /\bOPR\//],
  ['Samsung Internet', /\bSamsungBrowser\//],
  ['Firefox', /\b(?:Firefox|FxiOS)\//],
  ['Chrome', /\b(?:Chrome|CriOS|Chromium|HeadlessChrome)\//],
  ['Safari', /\bSafari\//],
] as const
const systems = [
  ['iPhone', /\biPhone\b/],
  ['iPad', /\biPad\b/],
  ['Android', /\bAndroid\b/],
  ['ChromeOS', /\bCrOS\b/],
  ['Windows', /\bWindows\b/],
  ['macOS', /\bMacintosh\b/],
  ['Linux', /\bLinux\b/],
] as const

/**
 * What to call a browser in a list, such as `Firefox on Linux`. Of what it says of itself nothing is taken but words that are known here,
 * so the name is short and plain whatever was sent.
 */
export function browserName(userAgent = ''): string {
  const [browser] = browsers.find(([, pattern]) => pattern.test(userAgent)) ?? ['Browser']
  const system = systems.find(([, pattern]) => pattern.test(userAgent))
  return system === undefined ? browser : `${browser} on ${system[0]}`
}

/** Somebody with an account, a phone and a good memory, who talks plain HTTP: what a browser sends, without drawing pages. */
import type { APIRequestContext } from 'playwright-core'
import type { Role } from '../src/accounts.js'
import { fieldsOf, initialPolicy, type PolicyFields } from '../src/policy.js'
import { type AuthenticatorApp, typed } from './authenticator-app.js'
import type { RunningApp } from './running-app.js'

export const password = 'correct horse battery staple'

/** What a page shows of them. */
export function recoveryCodesOf(page: string): string[] {
  return [...page.matchAll(/<li><code>([^<]+)</g)].map(match => match[1] as string)
}

/** What the form of the policy has in it to begin with. */
export const suggestedPolicy: PolicyFields = fieldsOf(initialPolicy(false, Date.UTC(2026, 0, 1)))

export class Visitor {
  phone: Omit<AuthenticatorApp, 'uri'> | undefined
  recoveryCodes: string[] = []

  constructor(
    readonly app: Pick<RunningApp, 'clock'>,
    /** Keeps cookies, as a browser does. */
    readonly request: APIRequestContext,
    readonly email = 'ada@example.com',
  ) {}

  /** Posts a form of the page at `from`, and gives the page that comes of it. */
  async send(from: string, to: string, fields: Record<string, string> = {}): Promise<string> {
    const form = { _csrf: await this.formToken(from), ...fields }
    return (await this.request.post(to, { form })).text()
  }

  async formToken(path: string): Promise<string> {
    const page = await (await this.request.get(path)).text()
    return /name="_csrf" value="([^"]+)"/.exec(page)?.[1] ?? ''
  }

  /** An account with two-factor authentication on, and a browser that is signed in. */
  async enrolled(): Promise<this> {
    await this.send('/signup', '/signup', { email: this.email, password })
    const setup = await this.send('/profile', '/profile/authenticators/first')
    this.phone = typed(/id="setup-key">([^<]+)</.exec(setup)?.[1] ?? '')
    const code = await this.nextCode()
    const shown = await this.send('/profile/authenticators/setup', '/profile/authenticators/setup', { code, name: '' })
    this.recoveryCodes = recoveryCodesOf(shown)
    await this.send('/profile', '/profile/recovery-codes/saved')
    return this
  }

  /** Adds an address for codes: the code of the phone, then the one that reaches the address. */
  async addAddress(channel: 'email' | 'sms', address: string, received: () => string): Promise<string> {
    const page = `/profile/destinations/${channel}`
    await this.send(`${page}/add`, `${page}/add`, { method: 'totp', code: await this.nextCode() })
    await this.send(page, page, { address })
    return this.send(`${page}/confirm`, `${page}/confirm`, { code: received() })
  }

  sendPassword(secret = password): Promise<string> {
    return this.send('/login', '/login', { email: this.email, password: secret })
  }

  /** Answers the second screen. */
  sendCode(code: string, method = 'totp'): Promise<string> {
    return this.send(`/login/code?method=${method}`, '/login/code', { method, code })
  }

  async signIn(): Promise<void> {
    await this.sendPassword()
    await this.sendCode(await this.nextCode())
  }

  /** Guesses wrong five times, which is what locks. */
  async guessFiveTimes(): Promise<void> {
    for (let guess = 0; guess < 5; guess++) await this.sendCode(await this.wrongCode())
  }

  /** As an admin; what is not given is what the form suggests to begin with. */
  async choosePolicy(fields: Partial<PolicyFields & { sure: string }>): Promise<string> {
    const form = { ...suggestedPolicy, ...fields, ...(await this.codeIfAny()) }
    return this.send('/operator/policy', '/operator/policy', form)
  }

  async giveRole(id: string, role: Role): Promise<string> {
    const page = `/operator/users/${id}/role`
    return this.send(page, page, { role, ...(await this.codeIfAny()) })
  }

  private async codeIfAny(): Promise<Record<string, string>> {
    return this.phone === undefined ? {} : { method: 'totp', code: await this.nextCode() }
  }

  async isSignedIn(): Promise<boolean> {
    return (await this.request.get('/profile', { maxRedirects: 0 })).status() === 200
  }

  /** What the phone shows half a minute later: a code that was never used. */
  async nextCode(phone = this.phone): Promise<string> {
    this.app.clock.advance(30_000)
    if (phone === undefined) throw new Error('the phone has scanned nothing yet')
    return phone.code(this.app.clock())
  }

  /** A six-digit code that is wrong now and for the next minute. */
  async wrongCode(): Promise<string> {
    const right = (await this.phone?.codesAround(this.app.clock())) ?? []
    return ['000000', '111111', '222222', '333333', '444444'].find(code => !right.includes(code)) as string
  }
}

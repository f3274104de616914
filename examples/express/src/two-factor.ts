/** Where Sallyport meets the login of this application: the file to copy. */
import {
  type Channel,
  type Context,
  createTwoFactor,
  type Passed,
  type Policy,
  type Store,
  type TwoFactorEvent,
} from '@sallyport/core'
import { clientIp } from '@sallyport/core/ip'
import type { Request } from 'express'
import type { Accounts, User } from './accounts.js'
import { sendingOf } from './code-form.js'
import { allowlistOf, type ChosenPolicy } from './policy.js'
import { browserCookies, browserName } from './remembered-browsers.js'
import { beginLogin, endOtherSessions, startSession } from './sessions.js'

export interface Settings {
  accounts: Accounts
  /** Where second factors are kept: `store.ts` opens it. */
  store: Store
  /** 32 random bytes in base64, from the environment: `openssl rand -base64 32`. */
  key: string | undefined
  /** What codes can be sent by: `channels.ts` makes them. */
  channels: readonly Channel[]
  /** Who needs a second factor: with another policy everything here is made anew. */
  policy: ChosenPolicy
  /** What a first enrolment takes: the password alone, or a code on the account's own address as well. */
  firstEnrollment: Policy['firstEnrollment']
  /** Addresses and networks of the proxies in front: nobody else is believed about a client's address. */
  trustedProxies: readonly string[]
  /** False by plain http on localhost, and nowhere else. */
  secureCookies: boolean
  onEvent: (event: TwoFactorEvent) => Promise<void>
  /** ms; for tests. */
  clock: () => number
}

export type TwoFactorLogin = ReturnType<typeof connectTwoFactor>

export function connectTwoFactor(settings: Settings) {
  const { accounts, store, key, channels, policy, firstEnrollment, trustedProxies, onEvent, clock } = settings
  const browsers = browserCookies({ secure: settings.secureCookies, clock })
  // #region connect
  const twoFactor = createTwoFactor({
    issuer: 'Acme',
    keys: [key],
    store,
    channels,
    policy: {
      required: policy.who !== 'nobody' && { from: policy.from, graceDays: policy.graceDays },
      unenrolled: policy.unenrolled,
      firstEnrollment,
      allowlist: allowlistOf(policy),
      trustedDevices: policy.trustedDays > 0 && { days: policy.trustedDays },
    },
    endOtherSessions: (subject, request) => endOtherSessions(accounts, subject, request),
    onEvent,
    clock,
  })

  /** Whose request it is: the socket's address, or whom a proxy of ours names. */
  const addressOf = ({ socket: { remoteAddress }, headers }: Request) =>
    clientIp({ remoteAddress, headers, trustedProxies, header: 'x-forwarded-for' })

  /** What the server knows of this request. Only the permit and the token of a remembered browser come from the browser. */
  const contextOf = (req: Request, user: User): Context => ({
    ip: addressOf(req),
    binding: req.sessionID,
    credential: String(user.passwordVersion),
    generation: user.twoFactorGeneration,
    eligible: policy.who !== 'admins' || user.role === 'admin',
    createdAt: user.createdAt,
    permit: req.body?.permit,
    trustedDevice: browsers.read(req, user.id),
    request: req,
  })

  /** The password was right. Returns the page to go to. */
  async function afterPassword(req: Request, user: User): Promise<string> {
    await beginLogin(req, user)
    const gate = await twoFactor.login.begin(user.id, contextOf(req, user))
    if (gate.outcome === 'passed') return signIn(req, gate.passed)
    const { outcome, challenge, methods } = gate
    req.session.login = { userId: user.id, outcome, challenge, methods }
    return outcome === 'challenge' ? '/login/code' : '/login/enroll'
  }

  /** A code by mail or text message was asked for: by a POST, so that no refresh sends another. */
  async function sendCode(req: Request): Promise<void> {
    const { login } = req.session
    const { method } = req.body
    const context = async (subject: string) => contextOf(req, await accounts.get(subject))
    const sent = await twoFactor.sendCode(login?.challenge, method, context)
    if (login !== undefined) login.sent = { ...login.sent, [method]: sendingOf(sent) }
  }

  /** The second screen was answered. Returns the page to go to, or throws a refusal to show. */
  async function afterCode(req: Request): Promise<string> {
    const { method, code, remember } = req.body
    const trustDevice = remember === 'yes' && { name: browserName(req.get('user-agent')) }
    const context = async (subject: string) => contextOf(req, await accounts.get(subject))
    const { challenge } = req.session.login ?? {}
    const passed = await twoFactor.login.verify(challenge, { method, code, trustDevice }, context)
    if (passed.trustedDevice !== null) browsers.keep(req, passed.subject, passed.trustedDevice)
    return signIn(req, passed)
  }

  /** Only a `Passed` starts a session: for its subject, under a new session id. */
  async function signIn(req: Request, passed: Passed): Promise<string> {
    await startSession(req, await accounts.get(passed.subject))
    return '/profile'
  }
  // #endregion connect

  const ids = channels.map(({ id }) => id)
  return { twoFactor, policy, firstEnrollment, channels: ids, contextOf, afterPassword, sendCode, afterCode, signIn }
}

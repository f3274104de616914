/** Where Sallyport meets the login of this application: the file to copy. */
import { type Context, createTwoFactor, type Passed, type TwoFactorEvent } from '@sallyport/core'
import { memoryStore } from '@sallyport/memory'
import type { Request } from 'express'
import type { Accounts, User } from './accounts.js'
import { endOtherSessions, renewSession, startSession } from './sessions.js'

export interface Settings {
  /** 32 random bytes in base64, from the environment: `openssl rand -base64 32`. */
  key: string | undefined
  accounts: Accounts
  /** Whether everybody needs a second factor. */
  required: boolean
  onEvent: (event: TwoFactorEvent) => void
  /** ms; for tests. */
  clock: () => number
}

export type TwoFactorLogin = ReturnType<typeof connectTwoFactor>

export function connectTwoFactor({ key, accounts, required, onEvent, clock }: Settings) {
  // #region connect
  const twoFactor = createTwoFactor({
    issuer: 'Acme',
    keys: [key],
    store: memoryStore(),
    policy: { required, unenrolled: 'enroll', firstEnrollment: 'password' },
    endOtherSessions: (subject, request) => endOtherSessions(accounts.get(subject), request),
    onEvent,
    clock,
  })

  /** What the server knows of this request. Only the permit comes from the browser. */
  const contextOf = (req: Request, user: User): Context => ({
    binding: req.sessionID,
    credential: String(user.passwordVersion),
    generation: user.twoFactorGeneration,
    permit: req.body?.permit,
    request: req,
  })

  /** The password was right. Returns the page to go to. */
  async function afterPassword(req: Request, user: User): Promise<string> {
    await renewSession(req)
    const gate = await twoFactor.login.begin(user.id, contextOf(req, user))
    if (gate.outcome === 'passed') return signIn(req, gate.passed)
    req.session.login = { userId: user.id, challenge: gate.challenge }
    return gate.outcome === 'challenge' ? '/login/code' : '/login/enroll'
  }

  /** The second screen was answered. Returns the page to go to, or throws a refusal to show. */
  async function afterCode(req: Request): Promise<string> {
    const { method, code } = req.body
    const context = (subject: string) => contextOf(req, accounts.get(subject))
    return signIn(req, await twoFactor.login.verify(req.session.login?.challenge, { method, code }, context))
  }

  /** Only a `Passed` starts a session: for its subject, under a new session id. */
  async function signIn(req: Request, passed: Passed): Promise<string> {
    await startSession(req, accounts.get(passed.subject))
    return '/profile'
  }
  // #endregion connect

  return { twoFactor, contextOf, afterPassword, afterCode, signIn }
}

/** Where Sallyport meets the login of this application: the file to copy. */
import { type Context, createTwoFactor, type Passed, type Store, type TwoFactorEvent } from '@sallyport/core'
import type { Request } from 'express'
import type { Accounts, User } from './accounts.js'
import { beginLogin, endOtherSessions, startSession } from './sessions.js'

export interface Settings {
  accounts: Accounts
  /** Where second factors are kept: `store.ts` opens it. */
  store: Store
  /** 32 random bytes in base64, from the environment: `openssl rand -base64 32`. */
  key: string | undefined
  /** Whether everybody needs a second factor. */
  required: boolean
  onEvent: (event: TwoFactorEvent) => Promise<void>
  /** ms; for tests. */
  clock: () => number
}

export type TwoFactorLogin = ReturnType<typeof connectTwoFactor>

export function connectTwoFactor({ accounts, store, key, required, onEvent, clock }: Settings) {
  // #region connect
  const twoFactor = createTwoFactor({
    issuer: 'Acme',
    keys: [key],
    store,
    policy: { required, unenrolled: 'enroll', firstEnrollment: 'password' },
    endOtherSessions: (subject, request) => endOtherSessions(accounts, subject, request),
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
    await beginLogin(req, user)
    const gate = await twoFactor.login.begin(user.id, contextOf(req, user))
    if (gate.outcome === 'passed') return signIn(req, gate.passed)
    req.session.login = { userId: user.id, challenge: gate.challenge }
    return gate.outcome === 'challenge' ? '/login/code' : '/login/enroll'
  }

  /** The second screen was answered. Returns the page to go to, or throws a refusal to show. */
  async function afterCode(req: Request): Promise<string> {
    const { method, code } = req.body
    const context = async (subject: string) => contextOf(req, await accounts.get(subject))
    return signIn(req, await twoFactor.login.verify(req.session.login?.challenge, { method, code }, context))
  }

  /** Only a `Passed` starts a session: for its subject, under a new session id. */
  async function signIn(req: Request, passed: Passed): Promise<string> {
    await startSession(req, await accounts.get(passed.subject))
    return '/profile'
  }
  // #endregion connect

  return { twoFactor, contextOf, afterPassword, afterCode, signIn }
}

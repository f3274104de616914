/** The application's sessions: their cookie, how one begins, and how the others of a user end. */
import { randomBytes } from 'node:crypto'
import type { Request, RequestHandler } from 'express'
import session from 'express-session'
import type { Accounts, User } from './accounts.js'
import type { Asked, Sending } from './code-form.js'
import type { ChannelId } from './methods.js'

/** A sentence for the top of the next page: what went well, what did not, or neither. */
export interface Notice {
  text: string
  kind: 'good' | 'alarming' | 'plain'
}

declare module 'express-session' {
  interface SessionData {
    /** Who is signed in. */
    userId: string
    /** Between the password and the code: who gave the password, and what Sallyport asked. */
    login: Asked & { userId: string; outcome: 'challenge' | 'enroll'; enrollment?: string }
    /** An authenticator that is being set up from the profile, or was the last one; kept here, so that a refresh shows the same QR code. */
    enrollment: { token: string; replaces?: string; confirmed?: true }
    /** Step-up challenges by purpose. */
    challenges: Record<string, Asked>
    /** Proves one change of factors: earned by a code a few minutes ago. */
    grant: string
    /** An address that is being added: it waits for the code that went to it. */
    destination: { channel: ChannelId; token: string; sending: Sending }
    /** An address that was typed and that no code could be sent to: it is not to be typed again. */
    refusedAddress: { channel: ChannelId; address: string }
    /** Shown once, on the next page. */
    notice: Notice
  }
}

declare global {
  namespace Express {
    interface Request {
      /** Who is signed in. */
      user?: User
    }
  }
}

/**
 * @param secureCookies false only where the application is reached by plain http on localhost: there a browser may refuse a
 *   `Secure` cookie, and there is no network to listen on. Everywhere else the cookie must never travel without TLS.
 */
export function sessions({ secureCookies }: { secureCookies: boolean }): RequestHandler {
  return session({
    name: secureCookies ? '__Host-acme' : 'acme',
    // Sessions live in this process's memory and end with it, and so may the secret. A real application has a session store.
    secret: randomBytes(32).toString('base64url'),
    resave: false,
    saveUninitialized: false,
    cookie: { httpOnly: true, sameSite: 'lax', secure: secureCookies, path: '/' },
  })
}

/**
 * `user.sessionsVersion` when the password was given, by session id: under another the session is over. Beside the sessions and not in
 * them: two requests at once write their sessions over each other, and the later one would take back the version of the other, which
 * ends the session. A real application keeps it where all its processes look.
 */
const versions = new Map<string, number>()

/** Sets `req.user` where the session is good; ends a session that has been voided. */
export function currentUser(accounts: Accounts): RequestHandler {
  return async (req, _res, next) => {
    const { userId } = req.session
    const user = userId === undefined ? null : await accounts.find(userId)
    if (user !== null && isGoing(req.sessionID, user)) req.user = user
    else if (userId !== undefined) await renewSession(req)
    next()
  }
}

/** Whether that session of the user goes on: it has neither ended nor been ended. */
export function isGoing(sessionID: string, user: User): boolean {
  return versions.get(sessionID) === user.sessionsVersion
}

/** A new, empty session under a new id: whoever knew the old id, or planted it, holds nothing. */
export function renewSession(req: Request): Promise<void> {
  versions.delete(req.sessionID)
  return new Promise((resolve, reject) => {
    req.session.regenerate(error => (error ? reject(error) : resolve()))
  })
}

/** The password was right: a new session, in which nobody is signed in yet. */
export async function beginLogin(req: Request, user: User): Promise<void> {
  await renewSession(req)
  versions.set(req.sessionID, user.sessionsVersion)
}

/**
 * The session of somebody who has passed both doors. It counts from the first: what has ended the user's sessions since the
 * password was given, such as a new password, has ended this one too.
 */
export async function startSession(req: Request, user: User): Promise<void> {
  const version = versions.get(req.sessionID)
  await renewSession(req)
  req.user = user
  req.session.userId = user.id
  if (version !== undefined) versions.set(req.sessionID, version)
}

/**
 * The second click of two at once goes on in the session that the first has begun: the browser drops the answer to the first, and the
 * cookie with it. For a request that has shown the same as the first one and no other: the same session, the same code, while it was at work.
 */
export function goOnWith(first: Request, req: Request): void {
  req.sessionID = first.sessionID
  req.session = first.session
  if (first.user !== undefined) req.user = first.user
}

/** Keeps no session for this request, and leaves the browser the cookie that it has: by now that may be the one of a good session. */
export function keepNoSession(req: Request): void {
  Reflect.deleteProperty(req, 'session')
}

/**
 * Ends every session of the user but the one of `request`, where there is one. By a version that each request compares, and
 * not by deleting them from the session store: a request under way could write a deleted one back.
 */
export async function endOtherSessions(accounts: Accounts, id: string, request: unknown): Promise<void> {
  const version = await accounts.endSessions(id)
  if (request === undefined) return
  const { session: own, sessionID } = request as Pick<Request, 'session' | 'sessionID'>
  // Signed in, or on the way there; and good until now: what something else has ended meanwhile stays ended.
  const isGood = (own.userId ?? own.login?.userId) === id && versions.get(sessionID) === version - 1
  if (isGood) versions.set(sessionID, version)
}

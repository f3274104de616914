/** Guards of the pages behind the login. */
import type { Request, RequestHandler } from 'express'
import type { User } from './accounts.js'
import { goTo } from './pages.js'

export const onlySignedIn: RequestHandler = (req, res, next) => {
  if (req.user === undefined) goTo(res, '/login', 'Please log in first.', 'plain')
  else next()
}

/** Who is signed in, on a page behind {@link onlySignedIn}. */
export function signedInUser(req: Request): User {
  if (req.user === undefined) throw new Error('this page is not behind onlySignedIn')
  return req.user
}

/** Others are not told that there is such a page. */
export const onlyAdmins: RequestHandler = (req, _res, next) => {
  if (signedInUser(req).role === 'admin') next()
  else next('router')
}

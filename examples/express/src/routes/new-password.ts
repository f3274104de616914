/** Changes the password: whatever was begun under the old one ends, in Sallyport (`context.credential`) and here. */
import { Router } from 'express'
import type { Accounts } from '../accounts.js'
import { FormProblem } from '../form-problem.js'
import { goTo, show } from '../pages.js'
import { endOtherSessions } from '../sessions.js'
import { onlySignedIn, signedInUser } from '../signed-in.js'

export function newPasswordRoutes(accounts: Accounts): Router {
  const routes = Router()
  routes.use(onlySignedIn)

  routes.get('/password', (_req, res) => show(res, 'new-password', { field: null }))

  routes.post('/password', async (req, res) => {
    const user = signedInUser(req)
    try {
      await accounts.changePassword(user, req.body.current, req.body.password)
      await endOtherSessions(accounts, user.id, req)
      goTo(res, '/profile', 'The password was changed, and every other session has ended.')
    } catch (error) {
      if (!(error instanceof FormProblem)) throw error
      res.status(422)
      show(res, 'new-password', { field: error.field, error: error.message })
    }
  })

  return routes
}

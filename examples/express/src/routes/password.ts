/** Sign up, log in and log out: the first door, which is the application's own. */
import { isRefusal } from '@sallyport/core'
import { Router } from 'express'
import type { Accounts } from '../accounts.js'
import { FormProblem } from '../form-problem.js'
import { goTo, show, showRefused, statusOf } from '../pages.js'
import { inWords } from '../refusals.js'
import { renewSession } from '../sessions.js'
import type { TwoFactorLogin } from '../two-factor.js'

export function passwordRoutes(accounts: Accounts, login: TwoFactorLogin): Router {
  const routes = Router()

  routes.get('/signup', async (_req, res) => {
    show(res, 'signup', { email: '', field: null, first: await accounts.isEmpty() })
  })

  routes.post('/signup', async (req, res) => {
    const { email, password } = req.body
    try {
      const user = await accounts.signUp(email, password)
      goTo(res, await login.afterPassword(req, user))
    } catch (error) {
      // The account is made; that it cannot be logged in to is for the login to say.
      if (isRefusal(error)) return goTo(res, '/login', inWords(error, 'gate'), 'alarming')
      if (!(error instanceof FormProblem)) throw error
      const first = await accounts.isEmpty()
      res.status(422)
      show(res, 'signup', { email: text(email), field: error.field, error: error.message, first })
    }
  })

  routes.get('/login', (req, res) => {
    if (req.user !== undefined) goTo(res, '/profile')
    else show(res, 'login', { email: '', permit: '', askForPermit: false })
  })

  /** Where the link of an admin leads: the permit is in its fragment, and a script moves it into the form. */
  routes.get('/login/permit', (_req, res) => {
    show(res, 'login', { email: '', permit: '', askForPermit: true })
  })

  routes.post('/login', async (req, res) => {
    const { email, password, permit } = req.body
    const again = { email: text(email), permit: text(permit).trim(), askForPermit: text(permit) !== '' }
    const user = await accounts.checkPassword(email, password)
    if (user === null) {
      res.status(401)
      show(res, 'login', { ...again, error: 'The email address or the password is not right.' })
      return
    }
    try {
      goTo(res, await login.afterPassword(req, user))
    } catch (error) {
      if (!isRefusal(error) || error.code !== 'permit_required') {
        return showRefused(res, error, 'login', again, 'gate')
      }
      statusOf(res, error)
      const said = again.permit === '' ? inWords(error) : uselessPermit
      show(res, 'login', { ...again, askForPermit: true, field: 'permit', error: said })
    }
  })

  routes.post('/logout', async (req, res) => {
    await renewSession(req)
    goTo(res, '/login', 'You are logged out.')
  })

  return routes
}

const uselessPermit = 'This permit is used, expired or not for this account: ask an admin for a new one.'

/** What goes back into a form field. */
function text(value: unknown): string {
  return typeof value === 'string' ? value : ''
}

/** The second screen of the login, and the first enrolment where one is due. */
import { isRefusal } from '@sallyport/core'
import { type Request, type Response, Router } from 'express'
import type { Accounts } from '../accounts.js'
import { showEnrollment } from '../enrollment-page.js'
import { methodOf } from '../methods.js'
import { goTo, show, showRefused } from '../pages.js'
import { inWords, waitInWords } from '../refusals.js'
import type { TwoFactorLogin } from '../two-factor.js'

export function loginRoutes(accounts: Accounts, login: TwoFactorLogin, clock: () => number): Router {
  const { twoFactor, contextOf } = login
  const routes = Router()

  routes.get('/login/code', async (req, res) => {
    if (req.session.login === undefined) startAgain(req, res)
    else show(res, 'login-code', await secondScreen(req, req.query['method']))
  })

  routes.post('/login/code', async (req, res) => {
    if (req.session.login === undefined) return startAgain(req, res)
    try {
      goTo(res, await login.afterCode(req))
    } catch (error) {
      if (isRefusal(error) && error.code === 'challenge_expired') return startAgain(req, res, error)
      showRefused(res, error, 'login-code', await secondScreen(req, req.body.method))
    }
  })

  /** What the second screen asks for; where codes of the app are locked, that is a recovery code. */
  async function secondScreen(req: Request, method: unknown): Promise<object> {
    const user = accounts.get(req.session.login?.userId ?? '')
    const { locks } = await twoFactor.status(user.id, contextOf(req, user))
    const lock = locks.find(shut => shut.method === 'totp')
    if (lock === undefined) return { method: methodOf(method), locked: null }
    const wait = lock.until === null ? null : waitInWords((lock.until.getTime() - clock()) / 1000)
    return { method: 'recovery_code', locked: { wait } }
  }

  routes.get('/login/enroll', async (req, res) => {
    if (req.session.login === undefined) startAgain(req, res)
    else await showSetup(req, res)
  })

  routes.post('/login/enroll', async (req, res) => {
    const { code, name } = req.body
    try {
      const passed = await twoFactor.login.confirm(req.session.login?.enrollment, { code, name }, subject =>
        contextOf(req, accounts.get(subject)),
      )
      accounts.get(passed.subject).twoFactorGeneration = passed.generation
      await login.signIn(req, passed)
      show(res, 'recovery-codes', { recoveryCodes: passed.recoveryCodes, fresh: true })
    } catch (error) {
      if (isRefusal(error) && error.code === 'enrollment_expired') return startAgain(req, res, error)
      await showSetup(req, res, { error, name })
    }
  })

  /** Shows the enrolment that this login asks for: the same QR code for as long as it lives. */
  async function showSetup(req: Request, res: Response, refused?: { error: unknown; name: unknown }): Promise<void> {
    const pending = req.session.login
    if (pending === undefined) return startAgain(req, res)
    const user = accounts.get(pending.userId)
    try {
      const options = { account: user.email, resume: pending.enrollment }
      const enrollment = await twoFactor.login.enroll(pending.challenge, options, contextOf(req, user))
      pending.enrollment = enrollment.token
      showEnrollment(res, enrollment, { action: '/login/enroll', ...refused })
    } catch (error) {
      startAgain(req, res, error)
    }
  }

  function startAgain(req: Request, res: Response, error?: unknown): void {
    if (error !== undefined && !isRefusal(error)) throw error
    delete req.session.login
    goTo(res, req.user === undefined ? '/login' : '/profile', error && inWords(error))
  }

  return routes
}

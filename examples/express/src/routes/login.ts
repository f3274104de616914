/** The second screen of the login, and the first enrolment where one is due. */
import { isRefusal } from '@sallyport/core'
import { type Request, type Response, Router } from 'express'
import type { Accounts } from '../accounts.js'
import { codeForm } from '../code-form.js'
import { showEnrollment } from '../enrollment-page.js'
import { type AnswerMethod, codesOf, methodOf } from '../methods.js'
import { goTo, show, showRefused } from '../pages.js'
import { type About, inWords, waitInWords } from '../refusals.js'
import { goOnWith } from '../sessions.js'
import type { SlipBox } from '../slips.js'
import { type Answer, joinClicks } from '../two-clicks.js'
import type { TwoFactorLogin } from '../two-factor.js'
import { recoveryCodesPage } from './recovery-codes.js'

export function loginRoutes(accounts: Accounts, login: TwoFactorLogin, slips: SlipBox, clock: () => number): Router {
  const { twoFactor, contextOf } = login
  const routes = Router()
  const once = joinClicks()

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
      const method = methodOf(req.body.method)
      const screen = { ...(await secondScreen(req, method)), remember: req.body.remember === 'yes' }
      // The person has moved since the password: the code was not looked at, and nothing is wrong with it.
      const elsewhere = isRefusal(error) && error.code === 'address_not_allowed' ? { switched: true } : {}
      showRefused(res, error, 'login-code', { ...screen, ...elsewhere }, method)
    }
  })

  for (const page of ['/login/code', '/login/enroll']) {
    // Answers with a redirect, whatever comes of it: a refresh of a page that a POST has answered would send again.
    routes.post(`${page}/send`, async (req, res) => {
      const method = methodOf(req.body.method)
      const back = `${page}?method=${method}`
      try {
        await login.sendCode(req)
        goTo(res, back)
      } catch (error) {
        if (!isRefusal(error)) throw error
        if (error.code === 'challenge_expired') return startAgain(req, res, error)
        goTo(res, back, inWords(error, method), 'alarming')
      }
    })
  }

  /** What the second screen asks for: what can be answered with now. That is `gate.methods`, but for what was locked since. */
  async function secondScreen(req: Request, chosen: unknown): Promise<object> {
    const { userId = '', sent = {} } = req.session.login ?? {}
    const user = await accounts.get(userId)
    const { methods, locks } = await twoFactor.status(user.id, contextOf(req, user))
    const form = codeForm({ methods, sent }, chosen, clock())
    const lock = locks.find(({ method }) => method === chosen) ?? locks[0]
    // The field is another one than the person has just filled in: what was wrong is not wrong with it.
    const switched = chosen !== undefined && form.method !== chosen
    const page = { ...form, action: '/login/code', switched, rememberFor: daysFor(form.method), remember: false }
    if (lock === undefined) return { ...page, locked: null }
    const wait = lock.until === null ? null : waitInWords((lock.until.getTime() - clock()) / 1000)
    return { ...page, locked: { wait, codes: codesOf[methodOf(lock.method)] } }
  }

  /** For how many days the browser can be remembered; 0: it cannot, by the policy, or since a recovery code says that something was lost. */
  function daysFor(method: AnswerMethod | null): number {
    return method === 'recovery_code' ? 0 : login.policy.trustedDays
  }

  routes.get('/login/enroll', async (req, res) => {
    if (req.session.login === undefined) startAgain(req, res)
    else if (req.session.login.outcome === 'challenge') goTo(res, '/login/code')
    else if (asksForCode(req)) show(res, 'login-code', firstCode(req))
    else await showSetup(req, res)
  })

  /** The code on the account's own address, where the policy asks for one before the first enrolment. */
  routes.post('/login/enroll/code', async (req, res) => {
    const pending = req.session.login
    if (pending === undefined) return startAgain(req, res)
    const { method, code } = req.body
    try {
      const user = await accounts.get(pending.userId)
      const options = { account: user.email, answer: { method, code } }
      pending.enrollment = (await twoFactor.login.enroll(pending.challenge, options, contextOf(req, user))).token
      goTo(res, '/login/enroll')
    } catch (error) {
      if (isRefusal(error) && error.code === 'challenge_expired') return startAgain(req, res, error)
      showRefused(res, error, 'login-code', firstCode(req), methodOf(method))
    }
  })

  function asksForCode({ session: { login: pending } }: Request): boolean {
    return pending !== undefined && pending.enrollment === undefined && pending.methods.length > 0
  }

  function firstCode(req: Request): object {
    const form = codeForm(req.session.login ?? { methods: [] }, undefined, clock())
    return {
      ...form,
      action: '/login/enroll',
      answerTo: '/login/enroll/code',
      locked: null,
      first: true,
      rememberFor: 0,
    }
  }

  routes.post('/login/enroll', (req, res) =>
    once(req, res, [req.session.login?.enrollment, req.body.code], () => confirm(req)),
  )

  async function confirm(first: Request): Promise<Answer> {
    const { code, name } = first.body
    const { enrollment = null } = first.session.login ?? {}
    try {
      const context = async (subject: string) => contextOf(first, await accounts.get(subject))
      const passed = await twoFactor.login.confirm(enrollment, { code, name }, context)
      await accounts.keepGeneration(passed.subject, passed.generation)
      await login.signIn(first, passed)
      slips.keep(first, 'recoveryCodes', { codes: passed.recoveryCodes, enrollment })
      return (req, res) => {
        goOnWith(first, req)
        goTo(res, recoveryCodesPage)
      }
    } catch (error) {
      if (isRefusal(error) && error.code === 'enrollment_expired') {
        return (req, res) => startAgain(req, res, error, 'setup')
      }
      return (req, res) => showSetup(req, res, { error, name })
    }
  }

  /** Shows the enrolment that this login asks for: the same QR code for as long as it lives. */
  async function showSetup(req: Request, res: Response, refused?: { error: unknown; name: unknown }): Promise<void> {
    const pending = req.session.login
    if (pending === undefined) return startAgain(req, res)
    const user = await accounts.get(pending.userId)
    try {
      const options = { account: user.email, resume: pending.enrollment }
      const enrollment = await twoFactor.login.enroll(pending.challenge, options, contextOf(req, user))
      pending.enrollment = enrollment.token
      const { permitRequired } = await twoFactor.status(user.id, contextOf(req, user))
      const why = permitRequired
        ? 'Your two-factor authentication was reset: set it up again to finish logging in.'
        : 'Your account needs a second factor to finish logging in.'
      const cancel = { action: '/logout', button: 'Log out' }
      const form = { title: 'Set up your authenticator', why, action: '/login/enroll', cancel, now: clock() }
      showEnrollment(res, enrollment, { ...form, ...refused })
    } catch (error) {
      startAgain(req, res, error, 'setup')
    }
  }

  function startAgain(req: Request, res: Response, error?: unknown, about?: About): void {
    if (error !== undefined && !isRefusal(error)) throw error
    delete req.session.login
    goTo(res, req.user === undefined ? '/login' : '/profile', error && inWords(error, about), 'alarming')
  }

  return routes
}

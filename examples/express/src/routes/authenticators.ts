/** Authenticators: set up the first, add another, replace or remove one. */
import { isRefusal, type Proof } from '@sallyport/core'
import { type Request, type Response, Router } from 'express'
import type { Accounts } from '../accounts.js'
import { showEnrollment } from '../enrollment-page.js'
import { methodOf } from '../methods.js'
import { goTo, show, showRefused } from '../pages.js'
import { type About, inWords } from '../refusals.js'
import { onlySignedIn, signedInUser } from '../signed-in.js'
import type { SlipBox } from '../slips.js'
import type { TwoFactorLogin } from '../two-factor.js'
import { recoveryCodesPage } from './recovery-codes.js'

const setupPage = '/profile/authenticators/setup'

export function authenticatorRoutes(
  accounts: Accounts,
  { twoFactor, contextOf }: TwoFactorLogin,
  slips: SlipBox,
  clock: () => number,
): Router {
  const routes = Router()
  routes.use(onlySignedIn)

  /** The first authenticator needs no proof: there is nothing to prove with. In a second tab it goes on with the same QR code. */
  routes.post('/authenticators/first', async (req, res) => {
    try {
      await begin(req, { resume: req.session.enrollment?.token })
      goTo(res, setupPage)
    } catch (error) {
      startAgain(req, res, error)
    }
  })

  const add = {
    title: 'Add an authenticator',
    text: 'A second phone or tablet, or a password manager. First confirm that it is you.',
    action: '/profile/authenticators/add',
    button: 'Continue',
  }
  routes.get('/authenticators/add', (req, res) => {
    show(res, 'confirm', { ...add, method: methodOf(req.query['method']) })
  })
  routes.post('/authenticators/add', async (req, res) => {
    const { method, code } = req.body
    try {
      await begin(req, { proof: { method, code } })
      goTo(res, setupPage)
    } catch (error) {
      showRefused(res, error, 'confirm', { ...add, method: methodOf(method) }, await aboutOf(req, error))
    }
  })

  const replace = (id: string) => ({
    title: 'Replace this authenticator',
    text: 'The old one keeps working until the new one is confirmed. First confirm that it is you.',
    action: `/profile/authenticators/${encodeURIComponent(id)}/replace`,
    button: 'Continue',
  })
  routes.get('/authenticators/:id/replace', (req, res) => {
    show(res, 'confirm', { ...replace(req.params.id), method: methodOf(req.query['method']) })
  })
  routes.post('/authenticators/:id/replace', async (req, res) => {
    const { method, code } = req.body
    try {
      await begin(req, { proof: { method, code }, replaces: req.params.id })
      goTo(res, setupPage)
    } catch (error) {
      const form = { ...replace(req.params.id), method: methodOf(method) }
      showRefused(res, error, 'confirm', form, await aboutOf(req, error))
    }
  })

  const remove = (id: string) => ({
    title: 'Remove this authenticator',
    text: 'Its codes stop working at once.',
    action: `/profile/authenticators/${encodeURIComponent(id)}/remove`,
    button: 'Remove',
    danger: true,
  })
  routes.get('/authenticators/:id/remove', (req, res) => {
    show(res, 'confirm', { ...remove(req.params.id), method: methodOf(req.query['method']) })
  })
  routes.post('/authenticators/:id/remove', async (req, res) => {
    const user = signedInUser(req)
    const { method, code } = req.body
    try {
      const changed = await twoFactor.totp.remove(user.id, req.params.id, { method, code }, contextOf(req, user))
      await accounts.keepGeneration(user.id, changed.generation)
      goTo(res, '/profile', 'The authenticator was removed.')
    } catch (error) {
      showRefused(res, error, 'confirm', { ...remove(req.params.id), method: methodOf(method) }, methodOf(method))
    }
  })

  routes.get('/authenticators/setup', async (req, res) => {
    if (req.session.enrollment === undefined) goTo(res, '/profile')
    else await showSetup(req, res)
  })
  routes.post('/authenticators/setup', async (req, res) => {
    const user = signedInUser(req)
    const { code, name } = req.body
    const enrollment = req.session.enrollment
    try {
      const changed = await twoFactor.totp.confirm(user.id, enrollment?.token, { code, name }, contextOf(req, user))
      await accounts.keepGeneration(user.id, changed.generation)
      delete req.session.enrollment
      if (changed.recoveryCodes !== null) {
        slips.keep(req, 'recoveryCodes', { codes: changed.recoveryCodes, first: true })
        return goTo(res, recoveryCodesPage)
      }
      const done = enrollment?.replaces === undefined ? 'added' : 'replaced'
      goTo(res, '/profile', `The authenticator was ${done}.`)
    } catch (error) {
      if (isRefusal(error) && error.code === 'enrollment_expired') return startAgain(req, res, error)
      await showSetup(req, res, { error, name })
    }
  })
  routes.post('/authenticators/setup/cancel', (req, res) => {
    delete req.session.enrollment
    goTo(res, '/profile')
  })

  /** Begins an enrolment and keeps its token in the session. */
  async function begin(req: Request, options: { proof?: Proof; replaces?: string; resume?: unknown }): Promise<void> {
    const user = signedInUser(req)
    const enrollment = await twoFactor.totp.enroll(user.id, { account: user.email, ...options }, contextOf(req, user))
    const { replaces } = options
    req.session.enrollment = { token: enrollment.token, ...(replaces === undefined ? {} : { replaces }) }
  }

  /** Shows the enrolment that the session keeps: the same QR code for as long as it lives. */
  async function showSetup(req: Request, res: Response, refused?: { error: unknown; name: unknown }): Promise<void> {
    const user = signedInUser(req)
    const { token, ...replaces }: { token?: string; replaces?: string } = req.session.enrollment ?? {}
    try {
      const options = { account: user.email, resume: token, ...replaces }
      const enrollment = await twoFactor.totp.enroll(user.id, options, contextOf(req, user))
      req.session.enrollment = { token: enrollment.token, ...replaces }
      const reason = await reasonOf(req, replaces.replaces)
      const cancel = { action: `${setupPage}/cancel`, button: 'Cancel' }
      showEnrollment(res, enrollment, { ...reason, action: setupPage, cancel, now: clock(), ...refused })
    } catch (error) {
      startAgain(req, res, error)
    }
  }

  async function reasonOf(req: Request, replaces: string | undefined): Promise<{ title: string; why: string }> {
    const user = signedInUser(req)
    const { enabled, authenticators } = await twoFactor.status(user.id, contextOf(req, user))
    if (replaces !== undefined) {
      const name = authenticators.find(({ id }) => id === replaces)?.name || 'your authenticator'
      return { title: `Replace ${name}`, why: 'The old one keeps working until the new one is confirmed.' }
    }
    if (enabled) return { title: 'Add another authenticator', why: 'What you have keeps working.' }
    return {
      title: 'Set up your authenticator',
      why: 'This turns two-factor authentication on; nothing changes until the last step.',
    }
  }

  /** A lock that the status does not know is one of first codes. */
  async function aboutOf(req: Request, error: unknown): Promise<About> {
    if (!isRefusal(error) || error.code !== 'locked') return methodOf(req.body.method)
    const user = signedInUser(req)
    const { locks } = await twoFactor.status(user.id, contextOf(req, user))
    return locks.length > 0 ? 'totp' : 'setup'
  }

  function startAgain(req: Request, res: Response, error: unknown): void {
    if (!isRefusal(error)) throw error
    // The other tab, or the first click of two, has confirmed it: its recovery codes are what the person needs.
    const confirmed = error.code === 'enrollment_expired' && slips.find(req, 'recoveryCodes')?.first
    delete req.session.enrollment
    if (confirmed) goTo(res, recoveryCodesPage, 'This was confirmed already, and here are its recovery codes.', 'plain')
    else goTo(res, '/profile', inWords(error, 'setup'), 'alarming')
  }

  return routes
}

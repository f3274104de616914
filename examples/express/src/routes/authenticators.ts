/** Authenticators: set up the first, add another, replace or remove one. */
import { isRefusal, type Proof } from '@sallyport/core'
import { type Request, type Response, Router } from 'express'
import type { Accounts } from '../accounts.js'
import { confirmPage } from '../confirm-page.js'
import { showEnrollment } from '../enrollment-page.js'
import { isChannelId, methodOf } from '../methods.js'
import { goTo } from '../pages.js'
import { type About, inWords } from '../refusals.js'
import { onlySignedIn, signedInUser } from '../signed-in.js'
import type { SlipBox } from '../slips.js'
import { factors, type StepUp } from '../step-up.js'
import { type Answer, joinClicks } from '../two-clicks.js'
import type { TwoFactorLogin } from '../two-factor.js'
import { recoveryCodesPage } from './recovery-codes.js'

const firstPage = '/profile/authenticators/first'
const setupPage = '/profile/authenticators/setup'

export function authenticatorRoutes(
  accounts: Accounts,
  { twoFactor, contextOf }: TwoFactorLogin,
  stepUp: StepUp,
  slips: SlipBox,
  clock: () => number,
): Router {
  const routes = Router()
  const once = joinClicks()
  routes.use(onlySignedIn)

  /**
   * The first authenticator needs no proof, since there is nothing to prove with, unless the policy asks for a code on the account's own
   * address. In a second tab it goes on with the same QR code.
   */
  confirmPage(routes, stepUp, {
    path: '/authenticators/first',
    purpose: factors,
    form: () => ({
      title: 'First, a code to your own address',
      text: 'Whoever knows your password alone could set up an authenticator of theirs. So show that you read the mail of this account.',
      action: firstPage,
      button: 'Continue',
    }),
    async act(req, res) {
      const answered = isChannelId(req.body.method)
      try {
        const proof = answered ? { proof: await stepUp.proofOf(req) } : {}
        await begin(req, { resume: req.session.enrollment?.token, ...proof })
        goTo(res, setupPage)
      } catch (error) {
        if (answered) throw error
        if (await asksForCode(req, error)) goTo(res, firstPage)
        else startAgain(req, res, error)
      }
    },
    aboutOf,
  })

  confirmPage(routes, stepUp, {
    path: '/authenticators/add',
    purpose: factors,
    form: () => ({
      title: 'Add an authenticator',
      text: 'A second phone or tablet, or a password manager. First confirm that it is you.',
      action: '/profile/authenticators/add',
      button: 'Continue',
    }),
    async act(req, res) {
      await begin(req, { proof: await stepUp.proofOf(req) })
      goTo(res, setupPage)
    },
    aboutOf,
  })

  confirmPage(routes, stepUp, {
    path: '/authenticators/:id/replace',
    purpose: factors,
    form: req => ({
      title: 'Replace this authenticator',
      text: 'The old one keeps working until the new one is confirmed. First confirm that it is you.',
      action: `/profile/authenticators/${encodeURIComponent(idOf(req))}/replace`,
      button: 'Continue',
    }),
    async act(req, res) {
      await begin(req, { proof: await stepUp.proofOf(req), replaces: idOf(req) })
      goTo(res, setupPage)
    },
    aboutOf,
  })

  confirmPage(routes, stepUp, {
    path: '/authenticators/:id/remove',
    purpose: factors,
    form: req => ({
      title: 'Remove this authenticator',
      text: 'Its codes stop working at once.',
      action: `/profile/authenticators/${encodeURIComponent(idOf(req))}/remove`,
      button: 'Remove',
      danger: true,
    }),
    async act(req, res) {
      const user = signedInUser(req)
      const proof = await stepUp.proofOf(req)
      const changed = await twoFactor.totp.remove(user.id, idOf(req), proof, contextOf(req, user))
      await accounts.keepGeneration(user.id, changed.generation)
      goTo(res, '/profile', 'The authenticator was removed.')
    },
  })

  routes.get('/authenticators/setup', async (req, res) => {
    const { enrollment } = req.session
    if (enrollment === undefined || enrollment.confirmed) goTo(res, '/profile')
    else await showSetup(req, res)
  })
  routes.post('/authenticators/setup', (req, res) =>
    once(req, res, [req.session.enrollment?.token, req.body.code], () => confirm(req)),
  )
  routes.post('/authenticators/setup/cancel', (req, res) => {
    delete req.session.enrollment
    goTo(res, '/profile')
  })

  async function confirm(req: Request): Promise<Answer> {
    const user = signedInUser(req)
    const { code, name } = req.body
    const { token = null, replaces } = req.session.enrollment ?? {}
    try {
      const changed = await twoFactor.totp.confirm(user.id, token, { code, name }, contextOf(req, user))
      await accounts.keepGeneration(user.id, changed.generation)
      const { recoveryCodes: codes } = changed
      if (codes !== null) slips.keep(req, 'recoveryCodes', { codes, enrollment: token })
      return ({ session }, res) => {
        if (session.enrollment?.token === token) session.enrollment.confirmed = true
        if (codes !== null) goTo(res, recoveryCodesPage)
        else goTo(res, '/profile', `The authenticator was ${replaces === undefined ? 'added' : 'replaced'}.`)
      }
    } catch (error) {
      if (isRefusal(error) && error.code === 'enrollment_expired') return (req, res) => startAgain(req, res, error)
      return (req, res) => showSetup(req, res, { error, name })
    }
  }

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
    const { token, replaces } = req.session.enrollment ?? {}
    const replacing = replaces === undefined ? {} : { replaces }
    try {
      const options = { account: user.email, resume: token, ...replacing }
      const enrollment = await twoFactor.totp.enroll(user.id, options, contextOf(req, user))
      req.session.enrollment = { token: enrollment.token, ...replacing }
      const reason = await reasonOf(req, replaces)
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

  /** Whether a first enrolment was refused for want of a code on the account's own address. */
  async function asksForCode(req: Request, error: unknown): Promise<boolean> {
    if (!isRefusal(error) || error.code !== 'proof_required') return false
    const user = signedInUser(req)
    return !(await twoFactor.status(user.id, contextOf(req, user))).enabled
  }

  /** A lock that the status does not know is one of first codes. */
  async function aboutOf(req: Request, error: unknown): Promise<About> {
    if (!isRefusal(error) || error.code !== 'locked') return methodOf(req.body.method)
    const user = signedInUser(req)
    const { locks } = await twoFactor.status(user.id, contextOf(req, user))
    return locks.length > 0 ? methodOf(req.body.method) : 'setup'
  }

  function startAgain(req: Request, res: Response, error: unknown): void {
    if (!isRefusal(error)) throw error
    // The other tab, or the first click of two, has confirmed it: its recovery codes are what the person needs.
    const { enrollment } = req.session
    const slip = slips.find(req, 'recoveryCodes')
    if (error.code === 'enrollment_expired' && enrollment !== undefined && slip?.enrollment === enrollment.token) {
      enrollment.confirmed = true
      goTo(res, recoveryCodesPage, 'This was confirmed already, and here are its recovery codes.', 'plain')
    } else {
      delete req.session.enrollment
      goTo(res, '/profile', inWords(error, 'setup'), 'alarming')
    }
  }

  return routes
}

function idOf(req: Request): string {
  return String(req.params['id'])
}

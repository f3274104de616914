/** Where admins help others: who has a second factor, unlocking, and the way back in for somebody who lost everything. */
import { type Audit, isRefusal, SallyportError, type Status } from '@sallyport/core'
import { type Request, type Response, Router } from 'express'
import type { Accounts, User } from '../accounts.js'
import { strongMethodOf } from '../methods.js'
import { goTo, show, showRefused } from '../pages.js'
import { onlyAdmins, onlySignedIn, signedInUser } from '../signed-in.js'
import { type SlipBox, slipMinutes } from '../slips.js'
import type { StepUp } from '../step-up.js'
import type { TwoFactorLogin } from '../two-factor.js'

interface ReasonPage {
  /** The end of its path. */
  page: string
  /** What the code is asked for. */
  purpose: string
  title: string
  text: string
  act: (req: Request, res: Response, target: User, audit: Audit) => Promise<void>
}

export function operatorRoutes(
  accounts: Accounts,
  { twoFactor, contextOf }: TwoFactorLogin,
  stepUp: StepUp,
  slips: SlipBox,
): Router {
  const routes = Router()
  routes.use(onlySignedIn, onlyAdmins)

  routes.get('/', async (req, res) => {
    const users = await accounts.all()
    // One read each, wherever second factors are kept. Where there are many people, the store keeps a report: docs/guides/who-has-2fa.md.
    const rows = await Promise.all(users.map(async user => ({ user, status: await statusOrNull(req, user) })))
    show(res, 'operator', { rows, permitFor: slips.find(req, 'permit')?.email })
  })

  reasonPage({
    page: 'reset',
    purpose: 'reset-two-factor',
    title: 'Reset two-factor authentication',
    text: 'All authenticators, addresses for codes and recovery codes go, the list of networks is emptied, and every session ends. You get a one-time link to hand to the rightful owner; without it nobody can log in.',
    async act(req, res, target, audit) {
      const { permit, generation } = await twoFactor.operator.reset(target.id, audit)
      await accounts.keepGeneration(target.id, generation)
      if (permit !== null) slips.keep(req, 'permit', { email: target.email, ...permit })
      goTo(res, '/operator/permit')
    },
  })

  reasonPage({
    page: 'networks',
    purpose: 'empty-networks',
    title: 'Empty the list of networks',
    text: 'For who moved or has a new provider, and cannot log in any more. Their second factor stays, and every session ends. The networks that the policy lists for everybody stay, too.',
    async act(_req, res, target, audit) {
      const { generation } = await twoFactor.operator.clearAllowlist(target.id, audit)
      await accounts.keepGeneration(target.id, generation)
      goTo(res, '/operator', `The list of ${target.email} is empty.`)
    },
  })

  reasonPage({
    page: 'unlock',
    purpose: 'unlock',
    title: 'Lift the lock',
    text: 'Codes of every kind can be tried again at once. If it was not they who mistyped, somebody has their password: have them change it first.',
    async act(_req, res, target, audit) {
      await twoFactor.operator.unlock(target.id, audit)
      goTo(res, '/operator', `${target.email} can try codes again.`)
    },
  })

  /** A page that takes a reason and a code of the admin before something is done to somebody else's second factor. */
  function reasonPage({ page, purpose, title, text, act }: ReasonPage): void {
    const form = (target: User) => ({ target, title, text, path: `/operator/users/${target.id}/${page}` })

    routes.get(`/users/:id/${page}`, async (req, res, next) => {
      const target = await accounts.findOther(req.params.id ?? '', signedInUser(req))
      if (target === null) return next()
      await stepUp.form(req, purpose, 'totp')
      show(res, 'operator-reason', { ...form(target), reason: '', method: strongMethodOf(req.query['method']) })
    })

    routes.post(`/users/:id/${page}`, async (req, res, next) => {
      const admin = signedInUser(req)
      const target = await accounts.findOther(req.params.id ?? '', admin)
      if (target === null) return next()
      const reason = typeof req.body.reason === 'string' ? req.body.reason.trim().slice(0, 200) : ''
      const again = { ...form(target), reason, method: strongMethodOf(req.body.method) }
      if (reason === '') {
        res.status(422)
        const error = 'Say how you made sure that it is really them.'
        return show(res, 'operator-reason', { ...again, field: 'reason', error })
      }
      try {
        await stepUp.requireCode(req, purpose)
      } catch (error) {
        if (isRefusal(error) && error.code === 'not_enrolled') throw error
        return showRefused(res, error, 'operator-reason', again, again.method)
      }
      await act(req, res, target, { by: admin.id, reason })
    })
  }

  routes.get('/permit', (req, res) => {
    const slip = slips.find(req, 'permit')
    if (slip === null) return goTo(res, '/operator')
    // A real application knows its own address; the `Host` header is the browser's word. What follows `#` is not sent to the
    // server, and so does not get into its logs.
    const link = `${req.protocol}://${req.get('host')}/login/permit#permit=${slip.token}`
    show(res, 'operator-permit', { ...slip, link, minutes: slipMinutes })
  })
  routes.post('/permit/done', (req, res) => {
    slips.drop(req, 'permit')
    goTo(res, '/operator')
  })

  /** Null where the record cannot be believed: a reset mends it. */
  async function statusOrNull(req: Request, user: User): Promise<Status | null> {
    try {
      // The request is the admin's: from where its owner comes nobody knows, so nothing is said that an address would decide.
      return await twoFactor.status(user.id, { ...contextOf(req, user), ip: null })
    } catch (error) {
      if (error instanceof SallyportError && error.kind === 'corrupt') return null
      throw error
    }
  }

  return routes
}

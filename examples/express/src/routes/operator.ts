/** Where admins help others: who has a second factor, unlocking, and the way back in for somebody who lost everything. */
import { isRefusal, SallyportError, type Status } from '@sallyport/core'
import { type Request, Router } from 'express'
import type { Accounts, User } from '../accounts.js'
import { strongMethodOf } from '../methods.js'
import { goTo, show, showRefused } from '../pages.js'
import { onlyAdmins, onlySignedIn, signedInUser } from '../signed-in.js'
import { type SlipBox, slipMinutes } from '../slips.js'
import type { StepUp } from '../step-up.js'
import type { TwoFactorLogin } from '../two-factor.js'

const purpose = 'reset-two-factor'

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

  routes.get('/users/:id/reset', async (req, res, next) => {
    const target = await accounts.findOther(req.params.id, signedInUser(req))
    if (target === null) return next()
    await stepUp.form(req, purpose, 'totp')
    show(res, 'operator-reset', { target, reason: '', method: strongMethodOf(req.query['method']) })
  })

  routes.post('/users/:id/reset', async (req, res, next) => {
    const admin = signedInUser(req)
    const target = await accounts.findOther(req.params.id, admin)
    if (target === null) return next()
    const reason = typeof req.body.reason === 'string' ? req.body.reason.trim().slice(0, 200) : ''
    const again = { target, reason, method: strongMethodOf(req.body.method) }
    if (reason === '') {
      res.status(422)
      return show(res, 'operator-reset', {
        ...again,
        field: 'reason',
        error: 'Say how you made sure that it is really them.',
      })
    }
    try {
      await stepUp.requireCode(req, purpose)
    } catch (error) {
      if (isRefusal(error) && error.code === 'not_enrolled') throw error
      return showRefused(res, error, 'operator-reset', again, again.method)
    }
    const { permit, generation } = await twoFactor.operator.reset(target.id, { by: admin.id, reason })
    await accounts.keepGeneration(target.id, generation)
    if (permit !== null) slips.keep(req, 'permit', { email: target.email, ...permit })
    goTo(res, '/operator/permit')
  })

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

  routes.post('/users/:id/unlock', async (req, res, next) => {
    const admin = signedInUser(req)
    const target = await accounts.findOther(req.params.id, admin)
    if (target === null) return next()
    await twoFactor.operator.unlock(target.id, { by: admin.id, reason: 'unlocked by an admin' })
    goTo(res, '/operator', `${target.email} can try codes again.`)
  })

  /** Null where the record cannot be believed: a reset mends it. */
  async function statusOrNull(req: Request, user: User): Promise<Status | null> {
    try {
      return await twoFactor.status(user.id, contextOf(req, user))
    } catch (error) {
      if (error instanceof SallyportError && error.kind === 'corrupt') return null
      throw error
    }
  }

  return routes
}

/** The operator's pages: who has a second factor, unlocking, and the way back in for somebody who lost everything. */
import { isRefusal, SallyportError, type Status } from '@sallyport/core'
import { type RequestHandler, Router } from 'express'
import type { Accounts, User } from '../accounts.js'
import { goTo, show, showRefused } from '../pages.js'
import { onlySignedIn, signedInUser } from '../signed-in.js'
import { type SlipBox, slipMinutes } from '../slips.js'
import type { StepUp } from '../step-up.js'
import type { TwoFactorLogin } from '../two-factor.js'

const purpose = 'reset-two-factor'

export function operatorRoutes(
  accounts: Accounts,
  { twoFactor }: TwoFactorLogin,
  stepUp: StepUp,
  slips: SlipBox,
): Router {
  const routes = Router()
  routes.use(onlySignedIn, onlyOperators)

  routes.get('/', async (req, res) => {
    const users = await accounts.all()
    const rows = await Promise.all(users.map(async user => ({ user, status: await statusOrNull(user) })))
    show(res, 'operator', { rows, permitFor: slips.find(req, 'permit')?.email })
  })

  routes.get('/users/:id/reset', async (req, res, next) => {
    const target = await somebodyElse(req.params.id, signedInUser(req))
    if (target === null) return next()
    await stepUp.form(req, purpose, 'totp')
    show(res, 'operator-reset', { target, reason: '', method: strong(req.query['method']) })
  })

  routes.post('/users/:id/reset', async (req, res, next) => {
    const operator = signedInUser(req)
    const target = await somebodyElse(req.params.id, operator)
    if (target === null) return next()
    const reason = typeof req.body.reason === 'string' ? req.body.reason.trim().slice(0, 200) : ''
    const again = { target, reason, method: strong(req.body.method) }
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
    const { permit, generation } = await twoFactor.operator.reset(target.id, { by: operator.id, reason })
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
    const operator = signedInUser(req)
    const target = await somebodyElse(req.params.id, operator)
    if (target === null) return next()
    await twoFactor.operator.unlock(target.id, { by: operator.id, reason: 'unlocked on the operator page' })
    goTo(res, '/operator', `${target.email} can try codes again.`)
  })

  /** Null where the record cannot be believed: a reset mends it. */
  async function statusOrNull(user: User): Promise<Status | null> {
    try {
      return await twoFactor.status(user.id, { generation: user.twoFactorGeneration })
    } catch (error) {
      if (error instanceof SallyportError && error.kind === 'corrupt') return null
      throw error
    }
  }

  /** Operators have no power over their own second factor here: for that there is the profile. */
  async function somebodyElse(id: string, operator: User): Promise<User | null> {
    return id === operator.id ? null : accounts.find(id)
  }

  return routes
}

/** No code is sent for a reset: an operator answers with what a mailbox or a phone number does not give away. */
function strong(method: unknown): 'totp' | 'recovery_code' {
  return method === 'recovery_code' ? method : 'totp'
}

/** Others are not told that there is such a page. */
const onlyOperators: RequestHandler = (req, _res, next) => {
  if (signedInUser(req).operator) next()
  else next('router')
}

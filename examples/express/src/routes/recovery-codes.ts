/** Recovery codes: made anew after a code, and shown until they are saved. */
import { Router } from 'express'
import type { Accounts } from '../accounts.js'
import { methodOf } from '../methods.js'
import { goTo, show, showRefused } from '../pages.js'
import { onlySignedIn, signedInUser } from '../signed-in.js'
import { type SlipBox, slipMinutes } from '../slips.js'
import type { TwoFactorLogin } from '../two-factor.js'

/** Shows the codes that were just made. */
export const recoveryCodesPage = '/profile/recovery-codes/new'

const form = {
  title: 'Make new recovery codes',
  text: 'You get ten new codes. The old ones stop working at once, used or not.',
  action: '/profile/recovery-codes',
  button: 'Make new codes',
}

export function recoveryCodeRoutes(
  accounts: Accounts,
  { twoFactor, contextOf }: TwoFactorLogin,
  slips: SlipBox,
): Router {
  const routes = Router()
  routes.use(onlySignedIn)

  routes.get('/recovery-codes', (req, res) => {
    show(res, 'confirm', { ...form, method: methodOf(req.query['method']) })
  })
  routes.post('/recovery-codes', async (req, res) => {
    const user = signedInUser(req)
    const { code } = req.body
    const method = methodOf(req.body.method)
    try {
      const proof = { method: req.body.method, code }
      const changed = await twoFactor.recoveryCodes.regenerate(user.id, proof, contextOf(req, user))
      await accounts.keepGeneration(user.id, changed.generation)
      slips.keep(req, 'recoveryCodes', { codes: changed.recoveryCodes, first: false })
      goTo(res, recoveryCodesPage)
    } catch (error) {
      showRefused(res, error, 'confirm', { ...form, method }, method)
    }
  })

  routes.get('/recovery-codes/new', (req, res) => {
    const slip = slips.find(req, 'recoveryCodes')
    if (slip === null) goTo(res, '/profile')
    else show(res, 'recovery-codes', { ...slip, minutes: slipMinutes })
  })
  routes.post('/recovery-codes/saved', (req, res) => {
    slips.drop(req, 'recoveryCodes')
    goTo(res, '/profile')
  })

  return routes
}

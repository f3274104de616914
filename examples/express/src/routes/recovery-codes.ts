/** Recovery codes: made anew after a code, and shown until they are saved. */
import { Router } from 'express'
import type { Accounts } from '../accounts.js'
import { confirmPage } from '../confirm-page.js'
import { goTo, show } from '../pages.js'
import { onlySignedIn, signedInUser } from '../signed-in.js'
import { type SlipBox, slipMinutes } from '../slips.js'
import { factors, type StepUp } from '../step-up.js'
import type { TwoFactorLogin } from '../two-factor.js'

/** Shows the codes that were just made. */
export const recoveryCodesPage = '/profile/recovery-codes/new'

export function recoveryCodeRoutes(
  accounts: Accounts,
  { twoFactor, contextOf }: TwoFactorLogin,
  stepUp: StepUp,
  slips: SlipBox,
): Router {
  const routes = Router()
  routes.use(onlySignedIn)

  routes.get('/recovery-codes/new', (req, res) => {
    const slip = slips.find(req, 'recoveryCodes')
    if (slip === null) goTo(res, '/profile')
    else show(res, 'recovery-codes', { ...slip, minutes: slipMinutes })
  })
  routes.post('/recovery-codes/saved', (req, res) => {
    slips.drop(req, 'recoveryCodes')
    goTo(res, '/profile')
  })

  confirmPage(routes, stepUp, {
    path: '/recovery-codes',
    purpose: factors,
    form: () => ({
      title: 'Make new recovery codes',
      text: 'You get ten new codes. The old ones stop working at once, used or not.',
      action: '/profile/recovery-codes',
      button: 'Make new codes',
    }),
    async act(req, res) {
      const user = signedInUser(req)
      const proof = await stepUp.proofOf(req)
      const changed = await twoFactor.recoveryCodes.regenerate(user.id, proof, contextOf(req, user))
      await accounts.keepGeneration(user.id, changed.generation)
      slips.keep(req, 'recoveryCodes', { codes: changed.recoveryCodes, first: false })
      goTo(res, recoveryCodesPage)
    },
  })

  return routes
}

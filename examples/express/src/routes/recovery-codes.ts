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
const againPage = '/profile/recovery-codes/again'

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
    if (slip === null) return goTo(res, '/profile')
    const { codes, enrollment } = slip
    if (codes === null) goTo(res, againPage)
    else show(res, 'recovery-codes', { codes, first: enrollment !== null, minutes: slipMinutes })
  })
  routes.post('/recovery-codes/saved', (req, res) => {
    slips.drop(req, 'recoveryCodes')
    goTo(res, '/profile')
  })

  /** For who has lost the session that earned them: a login may have taken no code, as from a network that is let in without. */
  confirmPage(routes, stepUp, {
    path: '/recovery-codes/again',
    purpose: 'show-recovery-codes',
    form: () => ({
      title: 'Show your new recovery codes',
      text: 'Whoever has one of them can log in as you. First confirm that it is you.',
      action: againPage,
      button: 'Show them',
    }),
    async act(req, res) {
      await stepUp.requireCode(req, 'show-recovery-codes')
      slips.claim(req)
      goTo(res, recoveryCodesPage)
    },
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
      slips.keep(req, 'recoveryCodes', { codes: changed.recoveryCodes, enrollment: null })
      goTo(res, recoveryCodesPage)
    },
  })

  return routes
}

/** The profile: the state of the second factor, and turning it off. */
import { Router } from 'express'
import type { Accounts } from '../accounts.js'
import type { Activity } from '../activity.js'
import { confirmPage } from '../confirm-page.js'
import { daysUntil, goTo, show } from '../pages.js'
import { onlySignedIn, signedInUser } from '../signed-in.js'
import type { SlipBox } from '../slips.js'
import { factors, type StepUp } from '../step-up.js'
import type { TwoFactorLogin } from '../two-factor.js'

export function profileRoutes(
  accounts: Accounts,
  activity: Activity,
  { twoFactor, contextOf, channels, policy }: TwoFactorLogin,
  stepUp: StepUp,
  slips: SlipBox,
  clock: () => number,
): Router {
  const routes = Router()
  routes.use(onlySignedIn)

  routes.get('/', async (req, res) => {
    const user = signedInUser(req)
    const status = await twoFactor.status(user.id, contextOf(req, user))
    const unsaved = slips.find(req, 'recoveryCodes') !== null
    const due = status.enrollBy && daysUntil(status.enrollBy, clock())
    show(res, 'profile', { status, policy, due, channels, unsaved, activity: activity.of(user.id) })
  })

  confirmPage(routes, stepUp, {
    path: '/disable',
    purpose: factors,
    form: () => ({
      title: 'Turn off two-factor authentication',
      text: 'From then on your password alone opens your account. All authenticators, addresses for codes and recovery codes are removed.',
      action: '/profile/disable',
      button: 'Turn off',
      danger: true,
    }),
    async act(req, res) {
      const user = signedInUser(req)
      const changed = await twoFactor.disable(user.id, await stepUp.proofOf(req), contextOf(req, user))
      await accounts.keepGeneration(user.id, changed.generation)
      slips.drop(req, 'recoveryCodes')
      goTo(res, '/profile', 'Two-factor authentication is off.')
    },
  })

  return routes
}

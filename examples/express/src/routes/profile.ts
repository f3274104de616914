/** The profile: the state of the second factor, and turning it off. */
import { Router } from 'express'
import type { Accounts } from '../accounts.js'
import type { Activity } from '../activity.js'
import { methodOf } from '../methods.js'
import { goTo, show, showRefused } from '../pages.js'
import { onlySignedIn, signedInUser } from '../signed-in.js'
import type { SlipBox } from '../slips.js'
import type { TwoFactorLogin } from '../two-factor.js'

export function profileRoutes(
  accounts: Accounts,
  activity: Activity,
  { twoFactor, contextOf }: TwoFactorLogin,
  slips: SlipBox,
): Router {
  const routes = Router()
  routes.use(onlySignedIn)

  routes.get('/', async (req, res) => {
    const user = signedInUser(req)
    const status = await twoFactor.status(user.id, contextOf(req, user))
    const unsaved = slips.find(req, 'recoveryCodes') !== null
    show(res, 'profile', { status, unsaved, activity: activity.of(user.id) })
  })

  const disable = {
    title: 'Turn off two-factor authentication',
    text: 'From then on your password alone opens your account. All authenticators and recovery codes are removed.',
    action: '/profile/disable',
    button: 'Turn off',
    danger: true,
  }
  routes.get('/disable', (req, res) => {
    show(res, 'confirm', { ...disable, method: methodOf(req.query['method']) })
  })
  routes.post('/disable', async (req, res) => {
    const user = signedInUser(req)
    const { method, code } = req.body
    try {
      const changed = await twoFactor.disable(user.id, { method, code }, contextOf(req, user))
      await accounts.keepGeneration(user.id, changed.generation)
      slips.drop(req, 'recoveryCodes')
      goTo(res, '/profile', 'Two-factor authentication is off.')
    } catch (error) {
      showRefused(res, error, 'confirm', { ...disable, method: methodOf(method) }, methodOf(method))
    }
  })

  return routes
}

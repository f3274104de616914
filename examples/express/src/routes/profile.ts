/** The profile: the state of the second factor, new recovery codes, and turning it off. */
import { Router } from 'express'
import type { Activity } from '../activity.js'
import { methodOf } from '../methods.js'
import { goTo, show, showRefused } from '../pages.js'
import { onlySignedIn, signedInUser } from '../signed-in.js'
import type { TwoFactorLogin } from '../two-factor.js'

export function profileRoutes(activity: Activity, { twoFactor, contextOf }: TwoFactorLogin): Router {
  const routes = Router()
  routes.use(onlySignedIn)

  routes.get('/', async (req, res) => {
    const user = signedInUser(req)
    const status = await twoFactor.status(user.id, contextOf(req, user))
    show(res, 'profile', { status, activity: activity.of(user.id) })
  })

  const regenerate = {
    title: 'Make new recovery codes',
    text: 'You get ten new codes. The old ones stop working at once, used or not.',
    action: '/profile/recovery-codes',
    button: 'Make new codes',
  }
  routes.get('/recovery-codes', (req, res) => {
    show(res, 'confirm', { ...regenerate, method: methodOf(req.query['method']) })
  })
  routes.post('/recovery-codes', async (req, res) => {
    const user = signedInUser(req)
    const { method, code } = req.body
    try {
      const changed = await twoFactor.recoveryCodes.regenerate(user.id, { method, code }, contextOf(req, user))
      user.twoFactorGeneration = changed.generation
      show(res, 'recovery-codes', { recoveryCodes: changed.recoveryCodes, fresh: false })
    } catch (error) {
      showRefused(res, error, 'confirm', { ...regenerate, method: methodOf(method) })
    }
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
      user.twoFactorGeneration = changed.generation
      goTo(res, '/profile', 'Two-factor authentication is off.')
    } catch (error) {
      showRefused(res, error, 'confirm', { ...disable, method: methodOf(method) })
    }
  })

  return routes
}

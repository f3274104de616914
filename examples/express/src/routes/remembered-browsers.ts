/** Ends the trust in browsers that are remembered. It takes no code: less trust needs no proof. */
import { isRefusal } from '@sallyport/core'
import { Router } from 'express'
import { goTo } from '../pages.js'
import { onlySignedIn, signedInUser } from '../signed-in.js'
import type { TwoFactorLogin } from '../two-factor.js'

export function rememberedBrowserRoutes({ twoFactor, contextOf }: TwoFactorLogin): Router {
  const routes = Router()
  routes.use(onlySignedIn)

  routes.post('/browsers/:id/forget', async (req, res) => {
    const user = signedInUser(req)
    try {
      await twoFactor.trustedDevices.revoke(user.id, req.params.id, contextOf(req, user))
    } catch (error) {
      // Forgotten in another tab, or over: what was asked for is so.
      if (!isRefusal(error) || error.code !== 'not_found') throw error
    }
    goTo(res, '/profile', 'That browser is asked for a code again.')
  })

  routes.post('/browsers/forget', async (req, res) => {
    const user = signedInUser(req)
    await twoFactor.trustedDevices.revokeAll(user.id, contextOf(req, user))
    goTo(res, '/profile', 'Every browser is asked for a code again.')
  })

  return routes
}

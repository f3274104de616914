/** Something precious of the application's own: shown only after a fresh code. */
import { Router } from 'express'
import { methodOf } from '../methods.js'
import { goTo, show, showRefused } from '../pages.js'
import { onlySignedIn, signedInUser } from '../signed-in.js'
import { type SlipBox, slipMinutes } from '../slips.js'
import { askForCode, requireCode } from '../step-up.js'
import type { TwoFactorLogin } from '../two-factor.js'

const purpose = 'reveal-api-key'

const form = {
  title: 'Reveal your API key',
  text: 'Whoever has this key can act for you. Confirm that it is you.',
  action: '/profile/api-key',
  button: 'Reveal',
}

export function apiKeyRoutes(login: TwoFactorLogin, slips: SlipBox): Router {
  const routes = Router()
  routes.use(onlySignedIn)

  routes.get('/api-key', async (req, res) => {
    await askForCode(req, purpose, login)
    show(res, 'confirm', { ...form, method: methodOf(req.query['method']) })
  })

  routes.post('/api-key', async (req, res) => {
    try {
      await requireCode(req, purpose, login)
      slips.keep(req, 'apiKey', { key: signedInUser(req).apiKey })
      goTo(res, '/profile/api-key/shown')
    } catch (error) {
      showRefused(res, error, 'confirm', { ...form, method: methodOf(req.body.method) }, methodOf(req.body.method))
    }
  })

  routes.get('/api-key/shown', (req, res) => {
    const slip = slips.find(req, 'apiKey')
    if (slip === null) goTo(res, '/profile')
    else show(res, 'api-key', { ...slip, minutes: slipMinutes })
  })
  routes.post('/api-key/done', (req, res) => {
    slips.drop(req, 'apiKey')
    goTo(res, '/profile')
  })

  return routes
}

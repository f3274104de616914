/** Something precious of the application's own: shown only after a fresh code. */
import { Router } from 'express'
import { confirmPage } from '../confirm-page.js'
import { goTo, show } from '../pages.js'
import { onlySignedIn, signedInUser } from '../signed-in.js'
import { type SlipBox, slipMinutes } from '../slips.js'
import type { StepUp } from '../step-up.js'

const purpose = 'reveal-api-key'

export function apiKeyRoutes(stepUp: StepUp, slips: SlipBox): Router {
  const routes = Router()
  routes.use(onlySignedIn)

  confirmPage(routes, stepUp, {
    path: '/api-key',
    purpose,
    form: () => ({
      title: 'Reveal your API key',
      text: 'Whoever has this key can act for you. Confirm that it is you.',
      action: '/profile/api-key',
      button: 'Reveal',
    }),
    async act(req, res) {
      await stepUp.requireCode(req, purpose)
      slips.keep(req, 'apiKey', { key: signedInUser(req).apiKey })
      goTo(res, '/profile/api-key/shown')
    },
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

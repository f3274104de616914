/** The page on which an admin chooses the policy. */
import { isRefusal } from '@sallyport/core'
import { type Request, Router } from 'express'
import { FormProblem } from '../form-problem.js'
import { strongMethodOf } from '../methods.js'
import { goTo, show, showRefused } from '../pages.js'
import { type ChosenPolicy, fieldsOf, type Policies, readPolicy, typedFields } from '../policy.js'
import { onlyAdmins, onlySignedIn, signedInUser } from '../signed-in.js'
import type { StepUp } from '../step-up.js'
import type { TwoFactorLogin } from '../two-factor.js'

const purpose = 'choose-policy'
const page = '/operator/policy'

/**
 * @param policy that of now
 * @param tryUnder makes what asks Sallyport under another policy, and tells nobody what comes of it
 */
export function policyRoutes(
  policies: Policies,
  policy: ChosenPolicy,
  tryUnder: (policy: ChosenPolicy) => TwoFactorLogin,
  stepUp: StepUp,
  clock: () => number,
): Router {
  const routes = Router()
  routes.use(onlySignedIn, onlyAdmins)

  routes.get('/policy', async (req, res) => {
    const method = await stepUp.strongMethod(req, purpose, req.query['method'])
    // Grace that ran from a day of long ago would be over.
    const from = policy.who === 'nobody' ? new Date(clock()) : policy.from
    show(res, 'operator-policy', { ...fieldsOf({ ...policy, from }), method, field: null })
  })

  routes.post('/policy', async (req, res) => {
    try {
      const chosen = readPolicy(req.body)
      await refuseToShutOut(req, chosen)
      await stepUp.requireCodeWhereOn(req, purpose)
      await policies.choose(chosen)
      goTo(res, page, 'The policy was changed. It holds from the next login on.')
    } catch (error) {
      const method = await stepUp.strongMethod(req, purpose, req.body.method)
      const again = { ...typedFields(req.body), sure: req.body.sure === 'yes', method }
      if (!(error instanceof FormProblem)) {
        return showRefused(res, error, 'operator-policy', again, strongMethodOf(method))
      }
      res.status(422)
      show(res, 'operator-policy', { ...again, field: error.field, error: error.message })
    }
  })

  /** Would the admin who chooses this be let in by it: from where they are now, and when the day has come? */
  async function refuseToShutOut(req: Request, chosen: ChosenPolicy): Promise<void> {
    const admin = signedInUser(req)
    const { twoFactor, contextOf } = tryUnder(chosen)
    const context = contextOf(req, admin)
    const denies = chosen.who !== 'nobody' && chosen.unenrolled === 'deny'
    if (denies && !(await twoFactor.status(admin.id, context)).enabled) {
      throw new FormProblem(
        'unenrolled',
        'That would shut you out: you have no second factor yourself. Turn it on first.',
      )
    }
    try {
      await twoFactor.login.begin(admin.id, context)
    } catch (error) {
      if (!isRefusal(error)) throw error
      if (error.code === 'address_not_allowed' && req.body.sure !== 'yes') {
        const here = context.ip === null ? 'your address is not known' : `you are at ${context.ip}`
        throw new FormProblem('sure', `That would shut you out: ${here}, and could not log in from there any more.`)
      }
    }
  }

  return routes
}

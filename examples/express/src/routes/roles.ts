/** Making somebody an admin, or an editor again. */
import { type Request, Router } from 'express'
import { type Accounts, type Role, roleOf, type User } from '../accounts.js'
import { strongMethodOf } from '../methods.js'
import { goTo, show, showRefused } from '../pages.js'
import { onlyAdmins, onlySignedIn, signedInUser } from '../signed-in.js'
import type { StepUp } from '../step-up.js'

const purpose = 'give-role'

export function roleRoutes(accounts: Accounts, stepUp: StepUp): Router {
  const routes = Router()
  routes.use(onlySignedIn, onlyAdmins)

  routes.get('/users/:id/role', async (req, res, next) => {
    const target = await accounts.findOther(req.params.id, signedInUser(req))
    if (target === null) next()
    else show(res, 'operator-role', await form(req, target, otherThan(target.role), req.query['method']))
  })

  routes.post('/users/:id/role', async (req, res, next) => {
    const admin = signedInUser(req)
    const target = await accounts.findOther(req.params.id, admin)
    // The page says which: of two admins who change it at once neither turns it back.
    const role = roleOf(req.body.role)
    if (target === null || role === undefined) return next()
    try {
      await stepUp.requireCodeWhereOn(req, purpose)
    } catch (error) {
      const { method } = req.body
      return showRefused(res, error, 'operator-role', await form(req, target, role, method), strongMethodOf(method))
    }
    const given = await accounts.giveRole(target.id, role, admin)
    const became = role === 'admin' ? 'an admin' : 'an editor'
    goTo(res, '/operator', given ? `${target.email} is ${became} now, and has to log in again.` : undefined)
  })

  async function form(req: Request, target: User, role: Role, chosen: unknown): Promise<object> {
    return { target, role, method: await stepUp.strongMethod(req, purpose, chosen) }
  }

  return routes
}

function otherThan(role: Role): Role {
  return role === 'admin' ? 'editor' : 'admin'
}

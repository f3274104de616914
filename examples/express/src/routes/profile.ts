/** The profile: the state of the second factor, and turning it off. */
import type { Status } from '@sallyport/core'
import { type Request, Router } from 'express'
import type { Accounts } from '../accounts.js'
import type { Activity } from '../activity.js'
import { confirmPage } from '../confirm-page.js'
import { daysUntil, goTo, show } from '../pages.js'
import type { ChosenPolicy } from '../policy.js'
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

  /** Whether they need a second factor, on the day that the policy says. */
  function concerns(req: Request): boolean {
    return policy.who !== 'nobody' && contextOf(req, signedInUser(req)).eligible !== false
  }

  /** Whatever the address is that they come from now: at the next login it may be another. */
  function statusAnywhere(req: Request): Promise<Status> {
    const user = signedInUser(req)
    return twoFactor.status(user.id, { ...contextOf(req, user), ip: null })
  }

  /** Sallyport turns it off for whoever proves that it is theirs: what the policy makes of them then is ours to see. */
  routes.use('/disable', async (req, res, next) => {
    const denied = concerns(req) && policy.unenrolled === 'deny'
    if (!denied || !(await statusAnywhere(req)).enabled) return next()
    res.status(409)
    show(res, 'message', {
      title: 'It has to stay on',
      text: 'Your account needs two-factor authentication, and whoever has turned it off cannot log in to set it up again. To change your phone, replace your authenticator. Otherwise an admin has to choose another policy first.',
    })
  })

  confirmPage(routes, stepUp, {
    path: '/disable',
    purpose: factors,
    form: async req => ({
      title: 'Turn off two-factor authentication',
      text: `${afterwards(policy, concerns(req), await statusAnywhere(req))} All authenticators, addresses for codes and recovery codes are removed.`,
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

/** What comes of turning it off, where the policy concerns them and where it does not. */
function afterwards(policy: ChosenPolicy, concerned: boolean, { required }: Status): string {
  const alone = `From then on your password alone opens your account${policy.allowlist === 'restrict' ? ', from where you may log in' : ''}`
  if (!concerned) return `${alone}.`
  if (!required) return `${alone}, until the day comes on which it needs two-factor authentication.`
  const elsewhere = policy.allowlist !== 'off' && policy.listedSuffices ? ' from elsewhere than a listed network' : ''
  return `Your account needs two-factor authentication: at the next login${elsewhere} you set it up again before you are in.`
}

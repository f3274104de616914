/** A person's own list of networks, where the policy lets people keep one. */
import { type Changed, isRefusal, type Proof } from '@sallyport/core'
import { networkAround, normalizeNetwork } from '@sallyport/core/ip'
import { type Request, type Response, Router } from 'express'
import type { Accounts } from '../accounts.js'
import { confirmPage } from '../confirm-page.js'
import { goTo, show, showRefused, statusOf } from '../pages.js'
import { onlySignedIn, signedInUser } from '../signed-in.js'
import { factors, type StepUp } from '../step-up.js'
import type { TwoFactorLogin } from '../two-factor.js'

const page = '/profile/networks'
const codePage = `${page}/code`

/** What is asked before a change: `fields` go with the answer. */
interface Question {
  title: string
  text: string
  hint: string
  fields: Record<string, string>
}

/** A change of the list, and what is asked where it would shut the person out of the place where they are. */
interface Change {
  make: (proof: Proof | null, acceptLockOut: boolean) => Promise<Changed>
  done: string
  action: string
  /** Of the button that answers a question. */
  button: string
  shutOut: string
}

export function networkRoutes(accounts: Accounts, login: TwoFactorLogin, stepUp: StepUp): Router {
  const { twoFactor, contextOf, policy, firstEnrollment } = login
  const routes = Router()
  routes.use(onlySignedIn)
  routes.use('/networks', (_req, _res, next) => {
    if (policy.allowlist !== 'off' && policy.ownNetworks) next()
    else next('router')
  })

  // One code opens the page for as long as its grant lives: each change gives it back renewed.
  confirmPage(routes, stepUp, {
    path: '/networks/code',
    purpose: factors,
    form: () => ({
      title: 'Change your networks',
      text: 'Whoever changes them says from where your account is opened. First confirm that it is you.',
      action: codePage,
      button: 'Continue',
    }),
    async act(req, res) {
      req.session.grant = await stepUp.grantFor(req, factors)
      goTo(res, page)
    },
  })

  routes.get('/networks', async (req, res) => {
    if ((await takesProof(req)) && req.session.grant === undefined) goTo(res, codePage)
    else show(res, 'networks', await listAndForm(req))
  })

  routes.post('/networks', async (req, res) => {
    const user = signedInUser(req)
    const context = contextOf(req, user)
    const { network, name } = req.body
    await change(req, res, {
      make: (proof, acceptLockOut) =>
        twoFactor.allowlist.add(user.id, { network, name, acceptLockOut }, proof, context),
      done: 'The network was added.',
      action: page,
      button: 'Add it all the same',
      shutOut: `${placeOf(context)} With this list you could not log in from here any more.`,
    })
  })

  routes.post('/networks/:id/remove', async (req, res) => {
    const user = signedInUser(req)
    const context = contextOf(req, user)
    const { id } = req.params
    const removal: Change = {
      make: (proof, acceptLockOut) => twoFactor.allowlist.remove(user.id, { id, acceptLockOut }, proof, context),
      done: 'The network was removed.',
      action: `${page}/${encodeURIComponent(id)}/remove`,
      button: 'Remove it all the same',
      shutOut: `${placeOf(context)} Without this network you could not log in from here any more.`,
    }
    const opened = req.body.open === 'yes' ? null : await openedWithout(req, id)
    if (opened === null) return change(req, res, removal)
    res.status(409)
    ask(res, removal, {
      title: 'That would open your account everywhere',
      text: `This is the last network on your list. Without it, anybody with ${opened} could log in from anywhere.`,
      hint: 'If you have another place to log in from, add that first.',
      fields: { open: 'yes' },
    })
  })

  /**
   * The last network of a list that restricts goes like any other, and the account is then open from everywhere. What somebody would need to
   * get in; null where removing this network does not open it.
   */
  async function openedWithout(req: Request, id: string): Promise<string | null> {
    const user = signedInUser(req)
    const { allowlist, enabled } = await twoFactor.status(user.id, contextOf(req, user))
    const isLast = allowlist.length === 1 && allowlist[0]?.id === id
    if (!isLast || policy.allowlist !== 'restrict' || policy.networks.length > 0) return null
    return enabled ? 'your password and a code' : 'your password'
  }

  function ask(res: Response, { action, button }: Change, question: Question): void {
    show(res, 'networks-question', { action, button, ...question })
  }

  async function change(req: Request, res: Response, asked: Change): Promise<void> {
    const { network, name, open, sure } = req.body
    try {
      const proof = (await takesProof(req)) ? { grant: req.session.grant } : null
      const changed = await asked.make(proof, sure === 'yes')
      await accounts.keepGeneration(signedInUser(req).id, changed.generation)
      if (changed.grant !== null) req.session.grant = changed.grant.token
      goTo(res, page, asked.done)
    } catch (error) {
      if (!isRefusal(error)) throw error
      if (error.code === 'would_lock_out') {
        statusOf(res, error)
        return ask(res, asked, {
          title: 'That would shut you out',
          text: asked.shutOut,
          hint: 'If you cannot get to a network that is listed, only an admin can let you in again.',
          fields: { network: text(network), name: text(name), open: text(open), sure: 'yes' },
        })
      }
      if (error.code === 'proof_required') {
        delete req.session.grant
        return goTo(res, codePage, 'Your last code was a while ago. Confirm once more, then try again.', 'plain')
      }
      showRefused(
        res,
        error,
        'networks',
        await listAndForm(req, { network: text(network), name: text(name) }),
        'network',
      )
    }
  }

  async function takesProof(req: Request): Promise<boolean> {
    const user = signedInUser(req)
    return firstEnrollment !== 'password' || (await twoFactor.status(user.id, contextOf(req, user))).enabled
  }

  /** @param typed what goes back into a form that was refused; else it suggests the place where the person is */
  async function listAndForm(req: Request, typed?: { network: string; name: string }): Promise<object> {
    const user = signedInUser(req)
    const context = contextOf(req, user)
    const status = await twoFactor.status(user.id, context)
    const here = networkAround(context.ip) ?? ''
    const written = normalizeNetwork(here)
    const listed = status.allowlist.some(({ network }) => network === written)
    return { status, policy, ip: context.ip, ...(typed ?? { network: listed ? '' : here, name: '' }) }
  }

  return routes
}

function placeOf({ ip }: { ip?: string | null | undefined }): string {
  return ip ? `You are at ${ip} now.` : 'Your address is not known now.'
}

function text(value: unknown): string {
  return typeof value === 'string' ? value : ''
}

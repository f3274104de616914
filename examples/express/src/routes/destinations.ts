/** Addresses that codes can be sent to: add or replace one, show that it is read, remove it. */
import { isRefusal } from '@sallyport/core'
import { type Request, type Response, Router } from 'express'
import type { Accounts } from '../accounts.js'
import { sendingOf, showSending } from '../code-form.js'
import { confirmPage } from '../confirm-page.js'
import { type ChannelId, isChannelId } from '../methods.js'
import { goTo, show, showRefused } from '../pages.js'
import { inWords } from '../refusals.js'
import { onlySignedIn, signedInUser } from '../signed-in.js'
import type { SlipBox } from '../slips.js'
import { factors, type StepUp } from '../step-up.js'
import { type Answer, joinClicks } from '../two-clicks.js'
import type { TwoFactorLogin } from '../two-factor.js'
import { recoveryCodesPage } from './recovery-codes.js'

const addressOf: Record<ChannelId, string> = { email: 'an email address', sms: 'a phone number' }

export function destinationRoutes(
  accounts: Accounts,
  { twoFactor, contextOf, channels }: TwoFactorLogin,
  stepUp: StepUp,
  slips: SlipBox,
  clock: () => number,
): Router {
  const routes = Router()
  const once = joinClicks()
  routes.use(onlySignedIn)

  const pageOf = (req: Request) => `/profile/destinations/${channelOf(req)}`

  // What is recorded can be removed, also where nothing is sent by that channel any more.
  routes.param('channel', (_req, _res, next, id) => (channels.includes(id) ? next() : next('router')))
  routes.param('recorded', (_req, _res, next, id) => (isChannelId(id) ? next() : next('router')))

  confirmPage(routes, stepUp, {
    path: '/destinations/:channel/add',
    purpose: factors,
    form: req => ({
      title: `Receive codes at ${addressOf[channelOf(req)]}`,
      text: 'For when your authenticator is out of reach. First confirm that it is you.',
      action: `${pageOf(req)}/add`,
      button: 'Continue',
    }),
    async act(req, res) {
      req.session.grant = await stepUp.grantFor(req, factors)
      goTo(res, pageOf(req))
    },
  })

  routes.get('/destinations/:channel', (req, res) => {
    if (req.session.grant === undefined) goTo(res, `${pageOf(req)}/add`)
    else show(res, 'destination', addressForm(req, refusedAddressOf(req) ?? likelyAddressOf(req)))
  })

  routes.post('/destinations/:channel', async (req, res) => {
    const user = signedInUser(req)
    const channel = channelOf(req)
    const { address } = req.body
    const proof = { grant: req.session.grant }
    try {
      const sent = await twoFactor.destinations.add(user.id, channel, address, proof, contextOf(req, user))
      delete req.session.grant
      delete req.session.refusedAddress
      req.session.destination = { channel, token: sent.enrollment, sending: sendingOf(sent) }
      goTo(res, `${pageOf(req)}/confirm`)
    } catch (error) {
      if (!isRefusal(error)) throw error
      if (error.code === 'invalid_input') {
        return showRefused(res, error, 'destination', addressForm(req, address), `new_${channel}`)
      }
      // Where nothing was delivered the grant is as good as before. A redirect, so that a refresh does not send.
      const next = error.code === 'proof_required' ? `${pageOf(req)}/add` : pageOf(req)
      if (error.code === 'proof_required') delete req.session.grant
      if (typeof address === 'string') req.session.refusedAddress = { channel, address }
      goTo(res, next, inWords(error, `new_${channel}`), 'alarming')
    }
  })

  routes.get('/destinations/:channel/confirm', (req, res) => {
    if (pendingOf(req) === undefined) goTo(res, '/profile')
    else showCode(req, res)
  })

  routes.post('/destinations/:channel/confirm/send', async (req, res) => {
    const user = signedInUser(req)
    const pending = pendingOf(req)
    try {
      const sent = await twoFactor.destinations.sendCode(user.id, pending?.token, contextOf(req, user))
      if (pending !== undefined) pending.sending = sendingOf(sent)
      goTo(res, `${pageOf(req)}/confirm`)
    } catch (error) {
      if (!isRefusal(error)) throw error
      if (error.code === 'enrollment_expired') return startAgain(req, res, error)
      goTo(res, `${pageOf(req)}/confirm`, inWords(error, `new_${channelOf(req)}`), 'alarming')
    }
  })

  routes.post('/destinations/:channel/confirm', (req, res) =>
    once(req, res, [pendingOf(req)?.token, req.body.code], () => confirm(req)),
  )

  async function confirm(req: Request): Promise<Answer> {
    const user = signedInUser(req)
    const { token = null, sending } = pendingOf(req) ?? {}
    try {
      const changed = await twoFactor.destinations.confirm(user.id, token, req.body.code, contextOf(req, user))
      await accounts.keepGeneration(user.id, changed.generation)
      const { recoveryCodes: codes } = changed
      if (codes !== null) slips.keep(req, 'recoveryCodes', { codes, enrollment: token })
      return ({ session }, res) => {
        delete session.destination
        if (codes !== null) goTo(res, recoveryCodesPage)
        else goTo(res, '/profile', `Codes can now be sent to ${sending?.hint}.`)
      }
    } catch (error) {
      if (isRefusal(error) && error.code === 'enrollment_expired') return (req, res) => startAgain(req, res, error)
      return (req, res) => showCode(req, res, error)
    }
  }

  routes.post('/destinations/:channel/confirm/cancel', (req, res) => {
    delete req.session.destination
    goTo(res, '/profile')
  })

  confirmPage(routes, stepUp, {
    path: '/destinations/:recorded/remove',
    purpose: factors,
    form: req => ({
      title: `Remove ${addressOf[channelOf(req)]}`,
      text: 'No more codes can be sent there.',
      action: `${pageOf(req)}/remove`,
      button: 'Remove',
      danger: true,
    }),
    async act(req, res) {
      const user = signedInUser(req)
      const proof = await stepUp.proofOf(req)
      const changed = await twoFactor.destinations.remove(user.id, channelOf(req), proof, contextOf(req, user))
      await accounts.keepGeneration(user.id, changed.generation)
      goTo(res, '/profile', 'It was removed. No more codes are sent there.')
    },
  })

  function addressForm(req: Request, address: unknown): object {
    return { channel: channelOf(req), action: pageOf(req), address: typeof address === 'string' ? address : '' }
  }

  function refusedAddressOf(req: Request): string | undefined {
    const { refusedAddress } = req.session
    return refusedAddress?.channel === channelOf(req) ? refusedAddress.address : undefined
  }

  function likelyAddressOf(req: Request): string {
    return channelOf(req) === 'email' ? signedInUser(req).email : ''
  }

  function pendingOf(req: Request) {
    const { destination } = req.session
    return destination?.channel === channelOf(req) ? destination : undefined
  }

  function showCode(req: Request, res: Response, error?: unknown): void {
    const pending = pendingOf(req)
    const channel = channelOf(req)
    if (pending === undefined) {
      startAgain(req, res, error)
      return
    }
    const { hint } = pending.sending
    const sending = showSending(pending.sending, clock())
    const form = { action: `${pageOf(req)}/confirm`, method: channel, hint, sending, ways: [] }
    if (error === undefined) show(res, 'destination-code', form)
    else showRefused(res, error, 'destination-code', form, `new_${channel}`)
  }

  function startAgain(req: Request, res: Response, error: unknown): void {
    if (!isRefusal(error)) throw error
    delete req.session.destination
    goTo(res, '/profile', inWords(error, `new_${channelOf(req)}`), 'alarming')
  }

  return routes
}

function channelOf({ params }: Request): ChannelId {
  const id = params['channel'] ?? params['recorded']
  if (!isChannelId(id)) throw new Error('this page is not one of a channel')
  return id
}

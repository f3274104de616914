/** The application: its parts put together. */
import { fileURLToPath } from 'node:url'
import type { Channel, Policy, Store, TwoFactorEvent } from '@sallyport/core'
import express, { type Express, Router } from 'express'
import type { Accounts } from './accounts.js'
import { makeActivity } from './activity.js'
import type { Inbox } from './demo-mail-server.js'
import { notFound, onError } from './errors.js'
import type { Notices } from './notices.js'
import type { ChosenPolicy, Policies } from './policy.js'
import { keptByNobody, requireFormToken, securityHeaders } from './protection.js'
import { apiKeyRoutes } from './routes/api-key.js'
import { authenticatorRoutes } from './routes/authenticators.js'
import { destinationRoutes } from './routes/destinations.js'
import { inboxRoutes } from './routes/inbox.js'
import { loginRoutes } from './routes/login.js'
import { networkRoutes } from './routes/networks.js'
import { newPasswordRoutes } from './routes/new-password.js'
import { operatorRoutes } from './routes/operator.js'
import { passwordRoutes } from './routes/password.js'
import { policyRoutes } from './routes/policy.js'
import { profileRoutes } from './routes/profile.js'
import { recoveryCodeRoutes } from './routes/recovery-codes.js'
import { rememberedBrowserRoutes } from './routes/remembered-browsers.js'
import { roleRoutes } from './routes/roles.js'
import { currentUser, sessions } from './sessions.js'
import { makeSlipBox } from './slips.js'
import { makeStepUp } from './step-up.js'
import { connectTwoFactor } from './two-factor.js'

export interface AppOptions {
  accounts: Accounts
  /** Where second factors are kept. */
  store: Store
  /** 32 random bytes in base64. */
  key: string | undefined
  /** What codes can be sent by; none where it is missing. */
  channels?: readonly Channel[]
  /** Mails people what happened to their second factor. */
  notices?: Notices
  /** Who needs a second factor, as an admin chooses it. */
  policies: Policies
  /** What a first enrolment takes; the password alone where it is missing. */
  firstEnrollment?: Policy['firstEnrollment']
  /** The proxies in front, as in `['10.0.0.1', 'fd00::/64']`; browsers connect to the application itself where it is missing. */
  trustedProxies?: readonly string[]
  /** Of a demonstration: the mail that nobody delivers, to be shown, and whether text messages are printed where the application runs. */
  demo?: { inbox: Inbox | null; printsTexts: boolean }
  /** Whether browsers reach this by https. False for plain http on localhost, and nowhere else. */
  https?: boolean
  /** ms; for tests. */
  clock?: () => number
}

export function createApp(options: AppOptions): Express {
  const { accounts, store, key, channels = [], notices, policies, https = true, clock = Date.now } = options
  const { firstEnrollment = 'password', trustedProxies = [], demo = { inbox: null, printsTexts: false } } = options
  const activity = makeActivity(accounts)
  const slips = makeSlipBox(clock)
  const onEvent = async (event: TwoFactorEvent) => {
    notices?.tell(event)
    await activity.record(event)
  }
  const settings = { accounts, store, key, channels, firstEnrollment, trustedProxies, secureCookies: https, clock }
  const connectUnder = (policy: ChosenPolicy) => connectTwoFactor({ ...settings, policy, onEvent })
  /** To look what a policy would do: what happens then has not happened to anybody. */
  const tryUnder = (policy: ChosenPolicy) => connectTwoFactor({ ...settings, policy, onEvent: async () => {} })

  /** Whatever asks Sallyport. A request is under one policy from its beginning to its end. */
  function routesUnder(policy: ChosenPolicy): Router {
    const login = connectUnder(policy)
    const stepUp = makeStepUp(login, clock)
    const routes = Router()
    routes.use(passwordRoutes(accounts, login))
    routes.use(loginRoutes(accounts, login, slips, clock))
    routes.use('/profile', profileRoutes(accounts, activity, login, stepUp, slips, clock))
    routes.use('/profile', recoveryCodeRoutes(accounts, login, stepUp, slips))
    routes.use('/profile', authenticatorRoutes(accounts, login, stepUp, slips, clock))
    routes.use('/profile', destinationRoutes(accounts, login, stepUp, slips, clock))
    routes.use('/profile', networkRoutes(accounts, login, stepUp))
    routes.use('/profile', rememberedBrowserRoutes(login))
    routes.use('/profile', apiKeyRoutes(stepUp, slips))
    routes.use('/operator', operatorRoutes(accounts, login, stepUp, slips))
    routes.use('/operator', roleRoutes(accounts, stepUp))
    routes.use('/operator', policyRoutes(policies, policy, tryUnder, stepUp, clock))
    return routes
  }
  // Made before the first request, so that what is set wrongly is found at the start.
  let made = { policy: policies.initial, routes: routesUnder(policies.initial) }

  const app = express()
  app.disable('x-powered-by')
  app.disable('etag')
  // So that Express knows of a request that came by https, and sessions get their cookie. Express then has `X-Forwarded-Host` in
  // `req.host` and `req.hostname`, which clients may have written: nothing here reads these, nor `req.ip`.
  if (trustedProxies.length > 0) app.set('trust proxy', [...trustedProxies])
  app.locals['demo'] = demo
  app.use(securityHeaders({ https }))
  app.use(express.static(fileURLToPath(new URL('../public', import.meta.url))))
  app.use(keptByNobody)
  // Before the session is looked at: a body that is held back must not act with rights that were lost meanwhile.
  app.use(express.urlencoded({ extended: false, limit: '16kb' }))
  app.use(sessions({ secureCookies: https }))
  app.use(currentUser(accounts))
  app.use(requireFormToken)

  app.get('/', (req, res) => res.redirect(req.user === undefined ? '/login' : '/profile'))
  app.use('/profile', newPasswordRoutes(accounts))
  app.use(async (req, res, next) => {
    const policy = await policies.now()
    if (policy !== made.policy) made = { policy, routes: routesUnder(policy) }
    made.routes(req, res, next)
  })
  if (demo.inbox !== null) app.use(inboxRoutes(demo.inbox))

  app.use(notFound)
  app.use(onError)
  return app
}

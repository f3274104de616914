/** The application: its parts put together. */
import { fileURLToPath } from 'node:url'
import type { Channel, Policy, Store, TwoFactorEvent } from '@sallyport/core'
import express, { type Express } from 'express'
import type { Accounts } from './accounts.js'
import { makeActivity } from './activity.js'
import type { Inbox } from './demo-mail-server.js'
import { notFound, onError } from './errors.js'
import type { Notices } from './notices.js'
import { keptByNobody, requireFormToken, securityHeaders } from './protection.js'
import { apiKeyRoutes } from './routes/api-key.js'
import { authenticatorRoutes } from './routes/authenticators.js'
import { destinationRoutes } from './routes/destinations.js'
import { inboxRoutes } from './routes/inbox.js'
import { loginRoutes } from './routes/login.js'
import { newPasswordRoutes } from './routes/new-password.js'
import { operatorRoutes } from './routes/operator.js'
import { passwordRoutes } from './routes/password.js'
import { profileRoutes } from './routes/profile.js'
import { recoveryCodeRoutes } from './routes/recovery-codes.js'
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
  /** Whether everybody needs a second factor. */
  required?: boolean
  /** What a first enrolment takes; the password alone where it is missing. */
  firstEnrollment?: Policy['firstEnrollment']
  /** Of a demonstration: the mail that nobody delivers, to be shown, and whether text messages are printed where the application runs. */
  demo?: { inbox: Inbox | null; printsTexts: boolean }
  /** Whether browsers reach this by https. False for plain http on localhost, and nowhere else. */
  https?: boolean
  /** ms; for tests. */
  clock?: () => number
}

export function createApp(options: AppOptions): Express {
  const { accounts, store, key, channels = [], notices, required = false, https = true, clock = Date.now } = options
  const { firstEnrollment = 'password', demo = { inbox: null, printsTexts: false } } = options
  const activity = makeActivity(accounts)
  const slips = makeSlipBox(clock)
  const onEvent = async (event: TwoFactorEvent) => {
    notices?.tell(event)
    await activity.record(event)
  }
  const login = connectTwoFactor({ accounts, store, key, channels, required, firstEnrollment, onEvent, clock })
  const stepUp = makeStepUp(login, clock)

  const app = express()
  app.disable('x-powered-by')
  app.disable('etag')
  app.locals['demo'] = demo
  app.use(securityHeaders({ https }))
  app.use(express.static(fileURLToPath(new URL('../public', import.meta.url))))
  app.use(keptByNobody)
  app.use(sessions({ secureCookies: https }))
  app.use(currentUser(accounts))
  app.use(express.urlencoded({ extended: false, limit: '16kb' }))
  app.use(requireFormToken)

  app.get('/', (req, res) => res.redirect(req.user === undefined ? '/login' : '/profile'))
  app.use(passwordRoutes(accounts, login))
  app.use(loginRoutes(accounts, login, slips, clock))
  app.use('/profile', profileRoutes(accounts, activity, login, stepUp, slips))
  app.use('/profile', recoveryCodeRoutes(accounts, login, stepUp, slips))
  app.use('/profile', authenticatorRoutes(accounts, login, stepUp, slips, clock))
  app.use('/profile', destinationRoutes(accounts, login, stepUp, slips, clock))
  app.use('/profile', newPasswordRoutes(accounts))
  app.use('/profile', apiKeyRoutes(stepUp, slips))
  app.use('/operator', operatorRoutes(accounts, login, stepUp, slips))
  if (demo.inbox !== null) app.use(inboxRoutes(demo.inbox))

  app.use(notFound)
  app.use(onError)
  return app
}

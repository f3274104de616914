/** The application: its parts put together. */
import { fileURLToPath } from 'node:url'
import type { Store } from '@sallyport/core'
import express, { type Express } from 'express'
import type { Accounts } from './accounts.js'
import { makeActivity } from './activity.js'
import { notFound, onError } from './errors.js'
import { keptByNobody, requireFormToken, securityHeaders } from './protection.js'
import { apiKeyRoutes } from './routes/api-key.js'
import { authenticatorRoutes } from './routes/authenticators.js'
import { loginRoutes } from './routes/login.js'
import { newPasswordRoutes } from './routes/new-password.js'
import { operatorRoutes } from './routes/operator.js'
import { passwordRoutes } from './routes/password.js'
import { profileRoutes } from './routes/profile.js'
import { recoveryCodeRoutes } from './routes/recovery-codes.js'
import { currentUser, sessions } from './sessions.js'
import { makeSlipBox } from './slips.js'
import { connectTwoFactor } from './two-factor.js'

export interface AppOptions {
  accounts: Accounts
  /** Where second factors are kept. */
  store: Store
  /** 32 random bytes in base64. */
  key: string | undefined
  /** Whether everybody needs a second factor. */
  required?: boolean
  /** Whether browsers reach this by https. False for plain http on localhost, and nowhere else. */
  https?: boolean
  /** ms; for tests. */
  clock?: () => number
}

export function createApp(options: AppOptions): Express {
  const { accounts, store, key, required = false, https = true, clock = Date.now } = options
  const activity = makeActivity(accounts)
  const slips = makeSlipBox(clock)
  const login = connectTwoFactor({ accounts, store, key, required, onEvent: activity.record, clock })

  const app = express()
  app.disable('x-powered-by')
  app.disable('etag')
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
  app.use('/profile', profileRoutes(accounts, activity, login, slips))
  app.use('/profile', recoveryCodeRoutes(accounts, login, slips))
  app.use('/profile', authenticatorRoutes(accounts, login, slips, clock))
  app.use('/profile', newPasswordRoutes(accounts))
  app.use('/profile', apiKeyRoutes(login, slips))
  app.use('/operator', operatorRoutes(accounts, login, slips))

  app.use(notFound)
  app.use(onError)
  return app
}

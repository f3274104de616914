/** Security headers, and tokens against forged requests. */
import { csrfSync } from 'csrf-sync'
import type { RequestHandler } from 'express'
import helmet from 'helmet'

/** @param https whether the application is reached by https: only then may it tell browsers to insist on it */
export function securityHeaders({ https }: { https: boolean }): RequestHandler {
  return helmet({
    contentSecurityPolicy: {
      useDefaults: false,
      directives: {
        'default-src': ["'none'"],
        'script-src': ["'self'"],
        'style-src': ["'self'"],
        'img-src': ["'self'"],
        'form-action': ["'self'"],
        'base-uri': ["'none'"],
        'frame-ancestors': ["'none'"],
        ...(https ? { 'upgrade-insecure-requests': [] } : {}),
      },
    },
    strictTransportSecurity: https,
    xFrameOptions: { action: 'deny' },
  })
}

/** What a person sees here is theirs alone, and a QR code or recovery codes must not come back from a cache. */
export const keptByNobody: RequestHandler = (_req, res, next) => {
  res.set('Cache-Control', 'no-store')
  next()
}

/** A random token in the session, which every form carries: `requireFormToken` refuses a POST without it. */
export const { csrfSynchronisedProtection: requireFormToken, generateToken: formToken } = csrfSync({
  size: 32,
  getTokenFromRequest: req => req.body?._csrf,
})

/** The page with the QR code: the same for a first authenticator at login and for one from the profile. */
import type { Enrollment } from '@sallyport/core'
import { qrSvg } from '@sallyport/core/qr'
import type { Response } from 'express'
import { show, showRefused } from './pages.js'

export function showEnrollment(
  res: Response,
  { uri, setupKey, expiresAt }: Enrollment,
  form: { action: string; error?: unknown; name?: unknown },
): void {
  const name = typeof form.name === 'string' ? form.name : ''
  const data = { qr: qrSvg(uri), uri, setupKey, expiresAt, action: form.action, name }
  if (form.error === undefined) show(res, 'setup', data)
  else showRefused(res, form.error, 'setup', data)
}

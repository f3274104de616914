/** The page with the QR code: the same for a first authenticator at login and for one from the profile. */
import type { Enrollment } from '@sallyport/core'
import { qrSvg } from '@sallyport/core/qr'
import type { Response } from 'express'
import { show, showRefused } from './pages.js'
import { waitInWords } from './refusals.js'

export interface SetupForm {
  title: string
  /** Why the page is shown. */
  why: string
  action: string
  /** The way back. */
  cancel: { action: string; button: string }
  /** ms */
  now: number
  error?: unknown
  name?: unknown
}

export function showEnrollment(
  res: Response,
  { uri, setupKey, expiresAt }: Enrollment,
  { error, now, ...form }: SetupForm,
): void {
  const name = typeof form.name === 'string' ? form.name : ''
  const lasts = waitInWords((expiresAt.getTime() - now) / 1000)
  const data = { ...form, qr: qrSvg(uri), uri, setupKey, lasts, name }
  if (error === undefined) show(res, 'setup', data)
  else showRefused(res, error, 'setup', data, 'setup')
}

/** Renders the pages in `views/`. Eta escapes whatever it prints with `<%= %>`. */
import { fileURLToPath } from 'node:url'
import { isRefusal } from '@sallyport/core'
import { problem } from '@sallyport/core/http'
import { Eta } from 'eta'
import type { Request, Response } from 'express'
import { formToken } from './protection.js'
import { type About, inWords, waitInWords } from './refusals.js'
import type { Notice } from './sessions.js'

const eta = new Eta({ views: fileURLToPath(new URL('../views', import.meta.url)), cache: true })

const dayAndTime = new Intl.DateTimeFormat('en-GB', { dateStyle: 'medium', timeStyle: 'short', timeZone: 'UTC' })

const day = new Intl.DateTimeFormat('en-GB', { dateStyle: 'long', timeZone: 'UTC' })

/** Sends a page. Every page also gets who is signed in, the form token, and the notice that the last request left. */
export function show(res: Response, page: string, data: object = {}): void {
  const { user } = res.req
  // There is none where a body was refused before the session was looked at.
  const session = res.req.session as Request['session'] | undefined
  const notice = session?.notice
  if (notice !== undefined) delete session?.notice
  const path = res.req.originalUrl.split('?')[0]
  const { demo } = res.app.locals
  const everywhere = {
    user,
    notice,
    path,
    demo,
    formToken: session && formToken(res.req),
    formatDate,
    lastDayBefore,
    waitInWords,
  }
  res.type('html').send(eta.render(page, { error: null, ...everywhere, ...data }))
}

/** Goes to another page, which says `text` once. */
export function goTo(res: Response, path: string, text?: string, kind: Notice['kind'] = 'good'): void {
  if (text !== undefined) res.req.session.notice = { text, kind }
  res.redirect(303, path)
}

/** Shows the form again with what was refused; any other error is thrown on. */
export function showRefused(res: Response, error: unknown, page: string, data: object, about: About = 'totp'): void {
  if (!isRefusal(error)) throw error
  statusOf(res, error)
  show(res, page, { ...data, error: inWords(error, about), field: error.field })
}

/** Sets status and `Retry-After` of an error of Sallyport's. False where it is none. */
export function statusOf(res: Response, error: unknown): boolean {
  const answer = problem(error)
  if (answer === null) return false
  res.status(answer.status)
  const retryAfter = answer.headers['Retry-After']
  if (retryAfter !== undefined) res.set('Retry-After', retryAfter)
  return true
}

/** How many days are left, the last one counted in. */
export function daysUntil(moment: Date, now: number): string {
  const days = Math.ceil((moment.getTime() - now) / 86_400_000)
  return days === 1 ? '1 day' : `${days} days`
}

/** What begins at midnight can be prepared for until the day before. */
function lastDayBefore(moment: Date): string {
  return day.format(moment.getTime() - 1)
}

function formatDate(date: Date): string {
  return `${dayAndTime.format(date)} UTC`
}

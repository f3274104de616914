/** Pages for what went wrong. */
import { isRefusal } from '@sallyport/core'
import type { ErrorRequestHandler, RequestHandler } from 'express'
import { show, statusOf } from './pages.js'
import { inWords } from './refusals.js'
import { keepNoSession } from './sessions.js'

export const notFound: RequestHandler = (_req, res) => {
  res.status(404)
  show(res, 'message', { title: 'Page not found', text: 'There is nothing at this address.' })
}

export const onError: ErrorRequestHandler = (error, req, res, next) => {
  if (res.headersSent) return next(error)
  if (isRefusal(error)) {
    statusOf(res, error)
    const turnOn = error.code === 'not_enrolled' && req.user !== undefined
    return show(res, 'message', { title: 'That did not work', text: inWords(error), turnOn })
  }
  if (statusOf(res, error)) {
    // A store that is down, a record that cannot be believed, a mistake of ours: the log tells which, the person does not.
    console.error(error)
    return show(res, 'message', {
      title: 'Something went wrong on our side',
      text: 'We could not check your second factor, so nothing was changed. Please try again in a moment.',
    })
  }
  const status = httpStatusOf(error)
  res.status(status)
  // A form without a session: of two clicks the first may have begun another one.
  if (status === 403 && req.session.csrfToken === undefined) keepNoSession(req)
  if (status >= 500) console.error(error)
  show(res, 'message', messages[status] ?? (status < 500 ? badRequest : serverError))
}

const badRequest = { title: 'That did not work', text: 'Your browser sent something that we could not read.' }
const serverError = { title: 'Something went wrong on our side', text: 'Please try again in a moment.' }
const messages: Record<number, { title: string; text: string }> = {
  403: {
    title: 'This page was out of date',
    text: 'It was open for long, you clicked twice, or you logged in or out in another tab. This click did nothing, but one before it may have: please go back to the start and look at your profile before you try again.',
  },
  413: { title: 'That was too much', text: 'The form sent more than we take.' },
}

/** The status that the body parser and the form-token check put on their errors. */
function httpStatusOf(error: unknown): number {
  const { status } = (error ?? {}) as { status?: unknown }
  return typeof status === 'number' && status >= 400 && status < 600 ? status : 500
}

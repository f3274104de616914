/** A page that asks for a code before something is done: its form, the sending of a code, and what the right code does. */
import { isRefusal, type Refusal } from '@sallyport/core'
import type { Request, Response, Router } from 'express'
import { methodOf } from './methods.js'
import { goTo, show, showRefused } from './pages.js'
import { type About, inWords } from './refusals.js'
import type { StepUp } from './step-up.js'

export interface Confirmation {
  title: string
  text: string
  action: string
  button: string
  danger?: boolean
}

export interface ConfirmPage {
  path: string
  /** What the code is asked for. */
  purpose: string
  form: (req: Request) => Confirmation | Promise<Confirmation>
  /** Does what the page is for, with the code that was posted; what it refuses is shown on the form. */
  act: (req: Request, res: Response) => Promise<void>
  /** What a refusal is about, where it is not the code. */
  aboutOf?: (req: Request, refusal: Refusal) => Promise<About>
}

export function confirmPage(routes: Router, stepUp: StepUp, { path, purpose, form, act, aboutOf }: ConfirmPage): void {
  routes.get(path, async (req, res) => {
    show(res, 'confirm', { ...(await form(req)), ...(await stepUp.form(req, purpose, req.query['method'])) })
  })

  // Answers with a redirect, whatever comes of it: a refresh of a page that a POST has answered would send again.
  routes.post(`${path}/send`, async (req, res) => {
    const method = methodOf(req.body.method)
    const back = `${(await form(req)).action}?method=${method}`
    try {
      await stepUp.send(req, purpose)
      goTo(res, back)
    } catch (error) {
      if (!isAnswerable(error)) throw error
      goTo(res, back, inWords(error, method), 'alarming')
    }
  })

  routes.post(path, async (req, res) => {
    try {
      await act(req, res)
    } catch (error) {
      if (!isAnswerable(error)) throw error
      const { method } = req.body
      const about = (await aboutOf?.(req, error)) ?? methodOf(method)
      const shown = await stepUp.form(req, purpose, method)
      const switched = shown.method !== methodOf(method)
      showRefused(res, error, 'confirm', { ...(await form(req)), ...shown, switched }, about)
    }
  })
}

/** Whether a code would help: not where there is no second factor, or a reset waits for its permit. */
function isAnswerable(error: unknown): error is Refusal {
  return isRefusal(error) && error.code !== 'not_enrolled' && error.code !== 'permit_required'
}

/** A part of the demonstration: what the application has mailed, for whoever looks. It is there only where the demo's own server mails. */
import { Router } from 'express'
import type { Inbox } from '../demo-mail-server.js'
import { show } from '../pages.js'

export function inboxRoutes(inbox: Inbox): Router {
  const routes = Router()
  routes.get('/inbox', (_req, res) => show(res, 'inbox', { messages: inbox }))
  return routes
}

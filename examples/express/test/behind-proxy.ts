/**
 * What tests of addresses stand on: an application behind an honest proxy, an admin, and people whose clients make up what they like. To
 * import it is enough: its hook is one of the file.
 */
import { type APIRequestContext, type APIResponse, request } from 'playwright-core'
import { afterEach } from 'vitest'
import { behindProxy, type Place, startPlace } from './place.js'
import { type ProxySettings, type Proxy as ReverseProxy, startProxy } from './proxy.js'
import { type RunningApp, type Settings, startApp } from './running-app.js'
import { password, Visitor } from './visitor.js'

export let app: RunningApp
/** Where everybody is. */
export let place: Place
/** The first account: an admin. */
export let olga: Visitor

let clients: APIRequestContext[] = []
let proxies: ReverseProxy[] = []

/** Starts the application, once in each test. */
export async function start(settings: Settings = {}): Promise<void> {
  app = await startApp({ ...behindProxy, ...settings })
  place = await startPlace(app)
  olga = await signedUp('olga@example.com')
}

afterEach(async () => {
  await Promise.all(clients.map(client => client.dispose()))
  await Promise.all([place, ...proxies].map(one => one.stop()))
  clients = []
  proxies = []
  await app.stop()
})

/** Another proxy, and where it is reached. */
export async function proxy(settings: Omit<ProxySettings, 'origin'>): Promise<string> {
  const started = await startProxy({ origin: app.origin, ...settings })
  proxies.push(started)
  return started.origin
}

/** @param headers what the client makes up and sends along */
export async function arrive(email = 'ada@example.com', origin = place.origin, headers = {}): Promise<Visitor> {
  const client = await request.newContext({ baseURL: origin, extraHTTPHeaders: headers })
  clients.push(client)
  return new Visitor(app, client, email)
}

export async function signedUp(email?: string): Promise<Visitor> {
  const visitor = await arrive(email)
  await visitor.send('/signup', '/signup', { email: visitor.email, password })
  return visitor
}

/** The same person in a new browser. */
export async function again(person: Visitor, origin?: string, headers?: Record<string, string>): Promise<Visitor> {
  const visitor = await arrive(person.email, origin, headers)
  return Object.assign(visitor, { phone: person.phone, recoveryCodes: person.recoveryCodes })
}

export const denied =
  'You cannot log in from this network. Try again from one that you may log in from, or ask an admin.'
export const asked = 'One more step'

/** What comes of the password in a new browser: `in`, the words of a refusal, or the heading of the next page. */
export async function outcome(person: Visitor, origin?: string, headers?: Record<string, string>): Promise<string> {
  const visitor = await again(person, origin, headers)
  const page = await visitor.sendPassword()
  return (await visitor.isSignedIn()) ? 'in' : (/role="alert">([^<]+)</.exec(page)?.[1] ?? headingOf(page))
}

export function headingOf(page: string): string {
  return /<h1>([^<]+)</.exec(page)?.[1] ?? ''
}

/** As `send`, with the status. */
export async function post(
  person: Visitor,
  from: string,
  to: string,
  fields: Record<string, string>,
): Promise<APIResponse> {
  return person.request.post(to, { form: { _csrf: await person.formToken(from), ...fields } })
}

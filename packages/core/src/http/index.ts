/** `@sallyport/core/http`: what HTTP asks for around the flows, and the only room that knows of HTTP. No framework. */
import { type FaultCode, type RefusalCode, usageError } from '../errors.js'

/** The body of an `application/problem+json` answer (RFC 9457). */
export interface Problem {
  /** `urn:sallyport:` and the code. */
  type: string
  /** One sentence for people, the same for every occurrence; translate by `code`. */
  title: string
  status: number
  code: string
  /** Whole seconds until it is worth trying again, where time helps. */
  retryAfter?: number
}

const refusals: Record<RefusalCode, [status: number, title: string]> = {
  invalid_code: [422, 'This code is not right, or was used before.'],
  invalid_input: [422, 'This input does not have the form that is asked for.'],
  locked: [429, 'Too many wrong codes. Try again later, or use another method.'],
  suspended: [403, 'Too many wrong codes. Use another method, or ask support.'],
  challenge_expired: [410, 'This took too long, was used before, or was replaced. Start again.'],
  enrollment_expired: [410, 'This setup took too long or was replaced. Start again.'],
  method_unavailable: [403, 'This method cannot be used here and now.'],
  address_not_allowed: [403, 'Signing in from this network is not allowed.'],
  send_too_soon: [429, 'A code was sent a moment ago. Wait before asking for another.'],
  send_limit: [429, 'No more codes can be sent for now.'],
  delivery_failed: [502, 'The code could not be delivered.'],
  proof_required: [403, 'Confirm with your second factor first.'],
  permit_required: [403, 'The second factor was reset. Use the link or code that support gave you.'],
  not_enrolled: [403, 'Two-factor authentication is not set up.'],
  not_found: [404, 'There is no such thing on this account.'],
  would_lock_out: [409, 'This would shut you out.'],
  limit_reached: [409, 'There can be no more of these.'],
  busy: [503, 'Too much happened at once. Try again.'],
  outcome_unknown: [503, 'It is not known whether this was done. Check, then try again with a new code.'],
}

const faultTitles: Record<FaultCode, string> = {
  invalid_argument: 'Something is wrong on our side.',
  callback_timeout: 'Something on our side took too long.',
  store_failed: 'Two-factor authentication is out of reach for now. Try again.',
  record_missing: 'Something is wrong on our side. Ask support.',
  record_stale: 'Something is wrong on our side. Ask support.',
  record_unreadable: 'Something is wrong on our side. Ask support.',
}

const faultStatus: Record<string, number> = { usage: 500, store: 503, corrupt: 500 }

/**
 * Turns an error of Sallyport's into an HTTP answer: status, headers and an RFC 9457 body. Nothing of the error but its code
 * and `retryAfter` is told, so faults tell a browser nothing about the server; log the error itself.
 *
 * @param error anything that was caught; told by `kind` and `code`, whichever copy of the package threw it
 * @returns the answer, with `Cache-Control: no-store` and, where time helps, `Retry-After` in seconds; null where the error
 *   is not one of Sallyport's: pass it on
 *
 * @example
 * ```ts
 * import { problem } from '@sallyport/core/http'
 *
 * function respond(error: unknown): Response {
 *   const answer = problem(error)
 *   if (!answer) throw error
 *   return new Response(JSON.stringify(answer.body), { status: answer.status, headers: answer.headers })
 * }
 * ```
 */
export function problem(error: unknown): { status: number; headers: Record<string, string>; body: Problem } | null {
  if (typeof error !== 'object' || error === null) return null
  const { kind, code, retryAfter } = error as { kind?: unknown; code?: unknown; retryAfter?: unknown }
  if (typeof kind !== 'string' || typeof code !== 'string') return null
  const known = kind === 'refusal' ? refusalOf(code) : faultOf(kind, code)
  if (!known) return null

  const [status, title] = known
  const headers: Record<string, string> = { 'Content-Type': 'application/problem+json', 'Cache-Control': 'no-store' }
  const body: Problem = { type: `urn:sallyport:${code}`, title, status, code }
  if (typeof retryAfter === 'number' && retryAfter >= 0 && Number.isFinite(retryAfter)) {
    body.retryAfter = Math.ceil(retryAfter)
    headers['Retry-After'] = String(body.retryAfter)
  }
  return { status, headers, body }
}

function refusalOf(code: string) {
  return Object.hasOwn(refusals, code) ? refusals[code as RefusalCode] : null
}

function faultOf(kind: string, code: string): [status: number, title: string] | null {
  const status = Object.hasOwn(faultStatus, kind) ? faultStatus[kind] : undefined
  if (status === undefined || !Object.hasOwn(faultTitles, code)) return null
  return [status, faultTitles[code as FaultCode]]
}

/**
 * The attributes of a cookie that carries a token of Sallyport's, in the spelling of Express, Fastify, Hono and Next.js:
 * out of reach for scripts, over TLS only, not sent along with forms of other sites. Name the cookie with the `__Host-` prefix.
 *
 * @param expiresAt when the token ends: the `expiresAt` that came with it
 * @returns the attributes; to delete the cookie pass `new Date(0)`
 * @throws SallyportError of kind `usage` where `expiresAt` is no valid `Date`
 *
 * @example
 * ```ts
 * import type { Challenge } from '@sallyport/core'
 * import { cookieAttributes } from '@sallyport/core/http'
 *
 * function keep(response: { cookie(name: string, value: string, options: object): void }, challenge: Challenge) {
 *   response.cookie('__Host-challenge', challenge.challenge, cookieAttributes(challenge.expiresAt))
 * }
 * ```
 */
export function cookieAttributes(expiresAt: Date): {
  httpOnly: true
  secure: true
  sameSite: 'lax'
  path: '/'
  expires: Date
} {
  if (!(expiresAt instanceof Date) || Number.isNaN(expiresAt.getTime()))
    throw usageError('expiresAt', 'must be a valid Date')
  return { httpOnly: true, secure: true, sameSite: 'lax', path: '/', expires: new Date(expiresAt) }
}

import * as z from 'zod/mini'
import { isChannelId } from '../delivery/channel.js'
import { usageError } from '../errors.js'
import { checked, illFormed, isWellFormed, plainObject } from '../usage.js'

/**
 * What the server knows of this request; one function of the application makes it, never from the request's body.
 * `permit` and `trustedDevice` alone come from the browser.
 */
export interface Context {
  /**
   * The client's address: the socket's, or what `clientIp` of `@sallyport/core/ip` makes of a proxy's headers; null where it is unknown.
   * What does not parse strictly is on no list (R42, R43).
   */
  ip?: string | null | undefined
  /** The application's session or device id: what begins under one binding ends under the same. */
  binding?: string | undefined
  /** The version of the password (a counter, or the date of its last change): a change ends challenges and grants (R55). */
  credential?: string | undefined
  /** The last generation that the application saw: an absent or older record then throws (R46). */
  generation?: number | undefined
  /** The id of the channel that stood in for the password, where one did (a link or a code by mail): no code is sent by it (R29). */
  signedInBy?: string | undefined
  /** When the account was made: grace never begins earlier. */
  createdAt?: Date | undefined
  /** The permit of `operator.reset`, as the person brought it. */
  permit?: unknown
  /** The token of a trusted device, as the browser brought it: the cookie, verbatim. */
  trustedDevice?: unknown
  /** False where the policy does not concern this subject; exempts only who has no factor. Default true. */
  eligible?: boolean | undefined
  /** Over the policy's `required`, for this subject. */
  required?: boolean | Date | undefined
  /** Handed back to the application's own callbacks, otherwise untouched. */
  request?: unknown
}

/**
 * A context, or, where the subject is sealed in a token, a function of it that is called once after the token opens.
 * What the function throws reaches the caller unchanged, and nothing passes.
 */
export type ContextOf = Context | ((subject: string) => Context | Promise<Context>)

const text = z.string().check(z.minLength(1), z.maxLength(4096), z.refine(isWellFormed, illFormed))
const moment = z.date()

const contextSchema = plainObject({
  ip: z.optional(z.nullable(z.string())),
  binding: z.optional(text),
  credential: z.optional(text),
  generation: z.optional(z.int().check(z.gte(0))),
  signedInBy: z.optional(z.custom<string>(isChannelId, 'must be the id of a channel')),
  createdAt: z.optional(moment),
  permit: z.optional(z.unknown()),
  trustedDevice: z.optional(z.unknown()),
  eligible: z.optional(z.boolean()),
  required: z.optional(z.union([z.boolean(), moment], 'must be a boolean or a valid Date')),
  request: z.optional(z.unknown()),
})

/** A context without faults; a usage error names the property that is wrong. */
export function checkContext(context: unknown): Context {
  return checked(contextSchema, context, 'context')
}

/** The binding, where the flow cannot do without one. */
export function requireBinding(context: Context): string {
  if (context.binding === undefined) {
    throw usageError('context.binding', "is required where an enrolment may begin: pass the session's id")
  }
  return context.binding
}

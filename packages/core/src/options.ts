/** What `createTwoFactor` takes, checked once. */
import * as z from 'zod/mini'
import { type Channel, isChannelId } from './delivery/channel.js'
import { usageError } from './errors.js'
import type { TwoFactorEvent } from './events.js'
import { type Allowlist, compileAllowlist } from './policy/allowlist.js'
import { firstChannel, type Policy, policySchema } from './policy/policy.js'
import type { Store } from './store/contract.js'
import { algorithm } from './subject/state.js'
import { checked, illFormed, isWellFormed, plainObject } from './usage.js'

/**
 * The options of {@link createTwoFactor}.
 *
 * @example
 * ```ts
 * import { createTwoFactor, type TwoFactorOptions } from '@sallyport/core'
 * import { memoryStore } from '@sallyport/memory'
 *
 * const options: TwoFactorOptions = {
 *   issuer: 'Acme',
 *   keys: [process.env['SALLYPORT_KEY'], process.env['SALLYPORT_OLD_KEY']].filter(key => key !== undefined),
 *   store: memoryStore(),
 *   policy: { required: new Date('2027-03-01T00:00:00Z'), firstEnrollment: 'password' },
 *   onEvent: event => console.info(event.type, event.subject),
 * }
 * const twoFactor = createTwoFactor(options)
 * ```
 */
export interface TwoFactorOptions {
  /** The name that authenticator apps show, without `:`. */
  issuer: string
  /** The keys that seal records and tokens, newest first: each 32 random bytes in base64. */
  keys: readonly (string | undefined)[]
  store: Store
  /** What codes can be sent by; none by default, and at most 4. */
  channels?: readonly Channel[] | undefined
  policy?: Policy | undefined
  /** Of new authenticators. Default SHA1, 6 digits, 30 s; `window`: steps before and after that are taken too, default 1, at most 10. */
  totp?:
    | {
        algorithm?: 'SHA1' | 'SHA256' | 'SHA512' | undefined
        digits?: 6 | 7 | 8 | undefined
        period?: number | undefined
        window?: number | undefined
      }
    | undefined
  /**
   * Told what happened, after the commit, and awaited; the events of one verb are told at once. A throw changes nothing.
   * `request` is the context's.
   */
  onEvent?: ((event: TwoFactorEvent, request: unknown) => void | Promise<void>) | undefined
  /** Told where `onEvent` threw or hung. */
  onEventError?: ((error: unknown, event: TwoFactorEvent) => void | Promise<void>) | undefined
  /** Separates applications that share keys and tables. */
  namespace?: string | undefined
  /** Ends the subject's sessions, the one of `request` apart; awaited after every change of factors (R33). */
  endOtherSessions?: ((subject: string, request: unknown) => void | Promise<void>) | undefined
  /** The server's clock, in ms since 1970. Default `Date.now`. */
  clock?: (() => number) | undefined
  /** ms for one call: `store` of the store (5,000), `channel` of a delivery (10,000), `callback` of the application's functions (10,000). */
  deadline?: { store?: number | undefined; channel?: number | undefined; callback?: number | undefined } | undefined
}

/** The options with their defaults. */
export interface Settings {
  issuer: string
  keys: readonly unknown[]
  store: Store
  channels: readonly Channel[]
  policy: Policy
  /** The policy's allowlist, compiled; null where it has none. */
  allowlist: Allowlist | null
  totp: { algorithm: 'SHA1' | 'SHA256' | 'SHA512'; digits: number; period: number; window: number }
  onEvent: TwoFactorOptions['onEvent']
  onEventError: TwoFactorOptions['onEventError']
  namespace: string
  endOtherSessions: TwoFactorOptions['endOtherSessions']
  clock: () => number
  deadline: { store: number; channel: number; callback: number }
}

const callback = z.optional(z.custom<never>(value => typeof value === 'function', 'must be a function'))
const milliseconds = z.optional(z.number().check(z.gt(0), z.lte(2 ** 31 - 1)))

const optionsSchema = plainObject({
  issuer: z
    .string()
    .check(z.regex(/^(?=.*\S)[^:\p{Cc}\p{Cs}]{1,64}$/u, 'must be 1 to 64 characters, none of them ":"')),
  keys: z.array(z.unknown()),
  store: z.custom<Store>(isStore, 'must have the functions get, put and delete'),
  channels: z.optional(
    z.array(z.custom<Channel>(isChannel, 'must be a channel: an id and a function send')).check(z.maxLength(4)),
  ),
  policy: z.optional(policySchema),
  totp: z.optional(
    plainObject({
      algorithm: z.optional(algorithm),
      digits: z.optional(z.literal([6, 7, 8])),
      period: z.optional(z.int().check(z.gte(15), z.lte(300))),
      window: z.optional(z.int().check(z.gte(0), z.lte(10))),
    }),
  ),
  onEvent: callback,
  onEventError: callback,
  namespace: z.optional(z.string().check(z.maxLength(64), z.refine(isWellFormed, illFormed))),
  endOtherSessions: callback,
  clock: callback,
  deadline: z.optional(plainObject({ store: milliseconds, channel: milliseconds, callback: milliseconds })),
})

/** @throws SallyportError `usage`, naming the option */
export function checkOptions(options: unknown): Settings {
  const given = checked(optionsSchema, options, 'options') as TwoFactorOptions
  const policy = given.policy ?? {}
  if (policy.required !== undefined && policy.required !== false) requireFirstEnrollment(policy)
  const channels = given.channels ?? []
  checkChannels(channels, firstChannel(policy))
  return {
    issuer: given.issuer.trim(),
    keys: given.keys,
    store: given.store,
    channels,
    policy,
    allowlist: compileAllowlist(policy),
    totp: {
      algorithm: given.totp?.algorithm ?? 'SHA1',
      digits: given.totp?.digits ?? 6,
      period: given.totp?.period ?? 30,
      window: given.totp?.window ?? 1,
    },
    onEvent: given.onEvent,
    onEventError: given.onEventError,
    namespace: given.namespace ?? '',
    endOtherSessions: given.endOtherSessions,
    clock: given.clock ?? Date.now,
    deadline: {
      store: given.deadline?.store ?? 5_000,
      channel: given.deadline?.channel ?? 10_000,
      callback: given.deadline?.callback ?? 10_000,
    },
  }
}

/** A thief of a dormant account's password could enrol first: that must be a decision, not an oversight. */
export function requireFirstEnrollment(policy: Policy): void {
  if (policy.firstEnrollment !== undefined) return
  throw usageError('options.policy.firstEnrollment', 'must be stated where a second factor is required')
}

/** @param first the channel of which a first enrolment asks a code */
function checkChannels(channels: readonly Channel[], first: string | null): void {
  channels.forEach(({ id }, position) => {
    if (channels.findIndex(other => other.id === id) !== position) {
      throw usageError(`options.channels[${position}].id`, 'is that of another channel, too')
    }
  })
  if (first !== null && channels.find(({ id }) => id === first)?.addressOf === undefined) {
    throw usageError('options.policy.firstEnrollment.channel', 'must be the id of a channel that has addressOf')
  }
}

function isChannel(value: unknown): boolean {
  const { id, send, addressOf, normalize } = (value ?? {}) as Partial<Record<keyof Channel, unknown>>
  const optional = [addressOf, normalize].every(one => one === undefined || typeof one === 'function')
  return isChannelId(id) && typeof send === 'function' && optional
}

function isStore(value: unknown): boolean {
  const store = value as Partial<Record<keyof Store, unknown>> | null
  return (
    typeof store === 'object' &&
    store !== null &&
    typeof store.get === 'function' &&
    typeof store.put === 'function' &&
    typeof store.delete === 'function'
  )
}

import { randomBytes } from 'node:crypto'
import {
  createTwoFactor,
  isRefusal,
  type Refusal,
  SallyportError,
  type Store,
  type TwoFactorEvent,
  type TwoFactorOptions,
} from '@sallyport/core'
import { testClock, virtualAuthenticator } from '@sallyport/core/testing'
import { expect } from 'vitest'
import { newStore, storeIsRemote } from './new-store.js'

export const minute = 60_000
export const hour = 60 * minute
export const day = 24 * hour
/** Ahead of the clocks of the servers: what expires by this one must not be dropped by theirs. */
export const start = new Date('2100-03-01T12:00:00Z')

/** A key as an operator would make it. */
export const newKey = () => randomBytes(32).toString('base64')

/** A store that counts its calls. */
export function countingStore(inner: Store = newStore()) {
  const calls = { get: 0, put: 0, delete: 0 }
  const store: Store = {
    get(key) {
      calls.get++
      return inner.get(key)
    },
    put(key, record, ifVersion) {
      calls.put++
      return inner.put(key, record, ifVersion)
    },
    delete(key) {
      calls.delete++
      return inner.delete(key)
    },
  }
  const reset = () => Object.assign(calls, { get: 0, put: 0, delete: 0 })
  return { store, calls, reset }
}

/** An application with an injected clock: what the tests of the flows talk to. */
export function makeApplication(options: Partial<TwoFactorOptions> = {}) {
  const clock = testClock(start)
  const counting = countingStore(options.store)
  const events: TwoFactorEvent[] = []
  const endedSessions: string[] = []
  const settings: TwoFactorOptions = {
    issuer: 'Acme',
    keys: [newKey()],
    clock,
    onEvent: event => {
      events.push(event)
    },
    endOtherSessions: subject => {
      endedSessions.push(subject)
    },
    ...options,
    // Where the server has other tests to serve, fifty calls at once may wait for long.
    deadline: { ...(storeIsRemote && { store: 30_000 }), ...options.deadline },
    store: counting.store,
  }
  const twoFactor = createTwoFactor(settings)
  const context = { binding: 'session-1' }

  /** Enrols a first authenticator, and lets a period pass so that its next code is fresh. */
  async function enroll(subject: string) {
    const pending = await twoFactor.totp.enroll(subject, { account: `${subject}@example.com` }, context)
    const authenticator = virtualAuthenticator(pending.uri, clock)
    const confirmed = await twoFactor.totp.confirm(subject, pending.token, { code: authenticator.code() }, context)
    clock.advance(minute)
    events.length = 0
    counting.reset()
    return {
      subject,
      uri: pending.uri,
      setupKey: pending.setupKey,
      id: confirmed.authenticator,
      recoveryCodes: confirmed.recoveryCodes ?? [],
      generation: confirmed.generation,
      code: () => authenticator.code(),
      /** A code that is wrong now and will be for the next hour. */
      wrongCode: () => wrongCodeFor(pending.uri, clock()),
    }
  }

  /** A login challenge of an enrolled subject. */
  async function challenge(subject: string, given: object = context) {
    const gate = await twoFactor.login.begin(subject, given)
    if (gate.outcome !== 'challenge') throw new Error(`no challenge but ${gate.outcome}`)
    return gate.challenge
  }

  return { twoFactor, clock, events, endedSessions, settings, context, enroll, challenge, ...counting }
}

export type Application = ReturnType<typeof makeApplication>

/** The refusal that the promise ends in; anything else fails the test. */
export async function refusalOf(promise: Promise<unknown>): Promise<Refusal> {
  const error = await promise.then(
    () => new Error('it was not refused'),
    (thrown: unknown) => thrown,
  )
  if (!isRefusal(error)) throw error
  return error
}

/** Expects a refusal of that code. */
export async function expectRefusal(promise: Promise<unknown>, code: Refusal['code']): Promise<Refusal> {
  const refused = await refusalOf(promise)
  expect(refused.code).toBe(code)
  return refused
}

/** The error of Sallyport's that the promise ends in. */
export async function errorOf(promise: Promise<unknown>): Promise<SallyportError> {
  const error = await promise.then(
    () => new Error('it did not throw'),
    (thrown: unknown) => thrown,
  )
  if (!(error instanceof SallyportError)) throw error
  return error
}

/** What each of many ended in: the refusal's code, or `ok`. */
export async function tally(promises: readonly Promise<unknown>[]): Promise<Record<string, number>> {
  const counts: Record<string, number> = {}
  for (const settled of await Promise.allSettled(promises)) {
    if (settled.status === 'rejected' && !isRefusal(settled.reason)) throw settled.reason
    const outcome = settled.status === 'fulfilled' ? 'ok' : (settled.reason as Refusal).code
    counts[outcome] = (counts[outcome] ?? 0) + 1
  }
  return counts
}

/** Six digits that the authenticator shows at no step from an hour before to an hour after, by any of the clocks. */
export function wrongCodeFor(uri: string, ...clocks: readonly number[]): string {
  const taken = new Set<string>()
  for (const at of clocks) {
    for (let step = -120; step <= 120; step++) taken.add(virtualAuthenticator(uri, () => at + step * 30_000).code())
  }
  for (let guess = 0; ; guess++) {
    const code = String(guess).padStart(6, '0')
    if (!taken.has(code)) return code
  }
}

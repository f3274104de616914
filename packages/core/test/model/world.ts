/** Two applications on one store, the reference for each of their subjects, and the comparison of the two after every verb. */
import {
  createTwoFactor,
  SallyportError,
  type Status,
  type Store,
  type TwoFactor,
  type TwoFactorOptions,
} from '@sallyport/core'
import { expect } from 'vitest'
import { makeApplication, newKey } from '../support/harness.js'
import { Ledger, type Use } from './ledger.js'
import { Account } from './reference.js'
import type { Moment, Rules, Token, Verdict } from './words.js'

/** A subject of one of the applications; they share store, keys and clock, and differ in their namespace. */
export interface Place {
  name: string
  application: 'acme' | 'other'
  subject: string
}

export const places: readonly Place[] = [
  { name: 'acme/alice', application: 'acme', subject: 'alice' },
  { name: 'acme/bob', application: 'acme', subject: 'bob' },
  { name: 'other/alice', application: 'other', subject: 'alice' },
]

/** What a verb was given, for the ledger. */
export type Given = Partial<Pick<Use, 'answer' | 'tokens'>> & { secrets?: readonly string[] }

export class World {
  readonly clock
  readonly ledger = new Ledger()
  /** Every token ever handed out, newest first. */
  readonly wallet: Token[] = []
  /** Every secret and every recovery code that a place ever had, newest first. */
  readonly secrets = new Map<string, string[]>(places.map(({ name }) => [name, []]))
  readonly recoveryCodes = new Map<string, string[]>(places.map(({ name }) => [name, []]))
  private readonly accounts: Map<string, Account>
  private readonly settings: Record<Place['application'], TwoFactorOptions>
  private readonly calls
  private readonly events
  readonly endedSessions: string[] = []
  private applications: Record<Place['application'], TwoFactor>

  constructor(
    readonly rules: Rules,
    /** How often each verb ended how. */
    private readonly tally = new Map<string, number>(),
    store?: Store,
  ) {
    const { required, unenrolled } = rules
    const application = makeApplication({
      policy: { required, unenrolled, firstEnrollment: 'password' },
      totp: { window: rules.window },
      ...(store === undefined ? {} : { store }),
    })
    this.clock = application.clock
    this.calls = application.calls
    this.events = application.events
    const ending = (name: string) => ({
      endOtherSessions: (subject: string) => void this.endedSessions.push(`${name}/${subject}`),
    })
    this.settings = {
      acme: { ...application.settings, ...ending('acme') },
      other: { ...application.settings, ...ending('other'), namespace: 'other' },
    }
    this.applications = this.made()
    this.accounts = new Map(places.map(({ name }) => [name, new Account(rules)]))
  }

  /** New processes on the same store, perhaps with a new key in front. */
  restart(rotate: boolean): void {
    const front = rotate && this.settings.acme.keys.length < 4 ? [newKey()] : []
    for (const settings of Object.values(this.settings)) settings.keys = [...front, ...settings.keys]
    this.applications = this.made()
  }

  private made(): Record<Place['application'], TwoFactor> {
    return { acme: createTwoFactor(this.settings.acme), other: createTwoFactor(this.settings.other) }
  }

  application(place: Place): TwoFactor {
    return this.applications[place.application]
  }

  account({ name }: { name: string }): Account {
    const account = this.accounts.get(name)
    if (account === undefined) throw new Error(`no account at ${name}`)
    return account
  }

  /** The record is deleted, and all that was known with it. */
  forget({ name }: Place): void {
    this.ledger.forgot(name, this.secrets.get(name) ?? [])
    this.accounts.set(name, new Account(this.rules))
  }

  /** The place that a token names, where it is one of the same application; otherwise the one that was meant. */
  sealedPlace(place: Place, token: Token | null): Place {
    return places.find(({ name, application }) => name === token?.place && application === place.application) ?? place
  }

  /** Puts a token into the wallet. */
  keep(token: Token): Token {
    this.wallet.unshift(token)
    this.ledger.made(token)
    return token
  }

  /** Runs a verb on both, and compares what came of it. What the verb gave is returned where it was accepted. */
  async attempt<T>(
    place: Place,
    name: string,
    given: Given,
    judge: (account: Account) => Verdict,
    verb: (application: TwoFactor) => Promise<T>,
  ): Promise<T | null> {
    const account = this.account(place)
    const before = await this.status(place)
    const secrets = given.secrets ?? account.held.map(one => one.secret)
    const verdict = judge(account)
    const ending = `${name} ${verdict.is}`
    this.tally.set(ending, (this.tally.get(ending) ?? 0) + 1)
    this.events.length = 0
    const [puts, ended] = [this.calls.put, this.endedSessions.length]
    const result = await verb(this.application(place)).then(
      value => ({ value, error: null }),
      (error: unknown) => ({ value: null, error: asSallyportError(error) }),
    )
    const wrote = this.calls.put - puts
    const locked = this.events.some(({ type }) => type === 'locked' || type === 'suspended')
    const endedNow = this.endedSessions.slice(ended)
    switch (verdict.is) {
      case 'refused':
        expect(verdict.codes).toContain(result.error?.code)
        if (verdict.brings !== null && result.error?.code === 'locked') {
          verdict.brings()
          expect([wrote, endedNow]).toEqual([1, []])
        } else {
          expect([wrote, endedNow]).toEqual([0, []])
          expect(await this.status(place)).toEqual(before)
        }
        break
      case 'wrong': {
        expect(result.error?.code).toBe('invalid_code')
        expect(retryAfterOf(result.error)).toBe(verdict.retryAfter)
        expect([wrote, endedNow]).toEqual([verdict.counted ? 1 : 0, []])
        const after = await this.status(place)
        expect(after).toEqual({ ...before, methods: after.methods, locks: after.locks })
        if (verdict.counted) this.ledger.failed(place.name, name.endsWith('confirm') ? 'enrollment' : 'totp', locked)
        else expect(after).toEqual(before)
        break
      }
      case 'accepted': {
        if (result.error !== null) throw result.error
        expect(wrote).toBe(verdict.writes ? 1 : 0)
        expect(endedNow).toEqual(verdict.changes ? [place.name] : [])
        const { tokens = [], answer } = given
        this.ledger.used({ place: place.name, now: this.clock(), window: this.rules.window, answer, secrets, tokens })
        const after = await this.status(place)
        if (verdict.changes) {
          this.ledger.changed(place.name)
          expect(after.generation).toBeGreaterThan(before.generation)
        } else expect(after.generation).toBe(before.generation)
        learnIds(account, after)
      }
    }
    return result.value
  }

  /** The status of every subject is what the reference says it is. */
  async compareAll(): Promise<void> {
    for (const place of places) expect(await this.status(place)).toEqual(statusOf(this.account(place), this.clock()))
  }

  moment(place: Place, binding: string, credential: string | undefined): Moment {
    return { now: this.clock(), place: place.name, binding, credential }
  }

  status(place: Place): Promise<Status> {
    return this.application(place).status(place.subject)
  }
}

/** What the profile page has to show of an account. */
export function statusOf(account: Account, now: number): Status {
  const from = account.requiredFrom()
  const shut = account.totp.shut(now)
  const until = account.totp.shutUntil(now)
  return {
    enabled: account.held.length > 0,
    permitRequired: account.permit !== null,
    generation: account.generation,
    required: from !== null && now >= from,
    enrollBy: account.held.length === 0 && from !== null && now < from ? new Date(from) : null,
    methods: account
      .methods(now)
      .filter(method => method !== 'totp' || shut === null)
      .map(method => ({ method, hint: null })),
    locks: shut === null ? [] : [{ method: 'totp', until: until === null ? null : new Date(until) }],
    authenticators: account.held.map(({ id, createdAt, lastUsedAt }) => ({
      id: id ?? '',
      name: 'Authenticator',
      createdAt: new Date(createdAt),
      lastUsedAt: lastUsedAt === null ? null : new Date(lastUsedAt),
    })),
    recoveryCodes:
      account.recovery === null ? null : { left: account.recoveryLeft(), createdAt: new Date(account.recoveryAt) },
    destinations: [],
    trustedDevices: [],
    allowlist: [],
  }
}

/** The ids of authenticators are core's to choose: the reference learns them from the profile page. */
export function learnIds(account: Account, { authenticators }: Status): void {
  const known = new Set(account.held.map(one => one.id))
  const fresh = authenticators.filter(({ id }) => !known.has(id))
  for (const one of account.held) one.id ??= fresh.shift()?.id ?? null
}

function asSallyportError(error: unknown): SallyportError {
  if (error instanceof SallyportError && error.kind !== 'usage') return error
  throw error
}

function retryAfterOf(error: SallyportError | null): unknown {
  return (error as { retryAfter?: unknown } | null)?.retryAfter
}

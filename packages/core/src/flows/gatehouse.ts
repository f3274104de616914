/** What every flow stands on: records, tokens, the clock, and the application's callbacks. The thin shell around the pure core. */
import { bytesToHex, randomBytes } from '@noble/hashes/utils.js'
import { base64urlnopad } from '@scure/base'
import { corruptError, SallyportError, usageError } from '../errors.js'
import type { EventDetails, TwoFactorEvent } from '../events.js'
import type { Settings } from '../options.js'
import { late, within } from '../store/deadline.js'
import { type Loaded, makeRecords, type Records, type Shelf } from '../store/records.js'
import { deviceTokenBytes } from '../subject/devices.js'
import {
  type RecoveryMaterial,
  recoveryCodeBytes,
  recoveryCodeCount,
  recoveryKeyBytes,
} from '../subject/recovery-codes.js'
import { codeKeyBytes } from '../subject/sent-codes.js'
import type { Facts, SubjectState, Transition } from '../subject/state.js'
import { makeKeyring } from '../vault/keyring.js'
import { makeTokens, type Tokens } from '../vault/tokens.js'
import { type Context, type ContextOf, checkContext } from './context.js'

/** What came of a verb. */
export interface Performed<T> {
  outcome: T
  state: SubjectState
  /** Null where the factors did not change. */
  otherSessions: 'ended' | 'to_be_ended' | null
}

export interface Gatehouse {
  readonly settings: Settings
  readonly records: Records
  /** What records of other kinds lie on. */
  readonly shelf: Shelf
  readonly tokens: Tokens
  /** ms since 1970, from the application's clock. */
  now(): number
  /** 128 random bits in hex. */
  newId(): string
  /** What a new code that is sent is made under. */
  newCodeKey(): Uint8Array
  /** 256 random bits in base64url (R36). */
  newDeviceToken(): string
  /** A function of the application, called under its deadline. `name` is how an error speaks of it. */
  inTime<T>(call: () => T | Promise<T>, name: string): Promise<T>
  /** What a new set of recovery codes is made of. */
  newRecoveryMaterial(): RecoveryMaterial
  /** The context of a flow whose subject was sealed in a token. */
  contextFor(context: ContextOf | undefined, subject: string): Promise<Context>
  /** One read. @throws SallyportError `record_missing`, `record_stale` where the application has seen more (R46) */
  read(subject: string, context: Context): Promise<SubjectState>
  /**
   * One read, and one write where the verb changes the state. After the commit, and only then, other sessions are ended where the
   * factors changed, and the events are told; then a refusal is thrown, if that is what came of it.
   */
  perform<T>(
    subject: string,
    context: Context,
    verb: (state: SubjectState, facts: Facts) => Transition<T>,
  ): Promise<Performed<T>>
  /** As {@link Gatehouse.perform}, for an operator: an older or unreadable record is mended, not believed. */
  mend<T>(subject: string, verb: (state: SubjectState, facts: Facts) => Transition<T>): Promise<Performed<T>>
  /** Tells the application what happened; nothing that its handler does changes the outcome. */
  emit(subject: string, events: readonly EventDetails[], at: number, request?: unknown): Promise<void>
}

export function makeGatehouse(settings: Settings): Gatehouse {
  const keyring = makeKeyring(settings.keys)
  const { store, namespace, deadline } = settings
  const shelf: Shelf = { store, keyring, namespace, deadline: deadline.store }
  const records = makeRecords(shelf)
  const newId = () => bytesToHex(randomBytes(16))

  function now(): number {
    const time = settings.clock()
    if (!Number.isFinite(time)) throw usageError('options.clock', 'must give a number of milliseconds')
    // Some clocks give fractions: a record has no room for them.
    return Math.floor(time)
  }

  async function emit(subject: string, events: readonly EventDetails[], at: number, request?: unknown): Promise<void> {
    const { onEvent } = settings
    if (onEvent === undefined) return
    // All at once: told one after another, two events would take longer than one, and so tell a replayed code from a wrong one.
    await Promise.all(events.map(details => tell(onEvent, { subject, at: new Date(at), ...details }, request)))
  }

  async function tell(
    onEvent: NonNullable<Settings['onEvent']>,
    event: TwoFactorEvent,
    request: unknown,
  ): Promise<void> {
    try {
      await inTime(() => onEvent(event, request), 'options.onEvent')
    } catch (error) {
      try {
        await inTime(() => settings.onEventError?.(error, event), 'options.onEventError')
      } catch {
        // The change is committed; a handler of errors that throws cannot undo it.
      }
    }
  }

  async function endOtherSessions(subject: string, request: unknown): Promise<'ended' | 'to_be_ended'> {
    const end = settings.endOtherSessions
    if (end === undefined) return 'to_be_ended'
    try {
      await inTime(() => end(subject, request), 'options.endOtherSessions')
      return 'ended'
    } catch {
      return 'to_be_ended'
    }
  }

  async function inTime<T>(call: () => T | Promise<T>, name: string): Promise<T> {
    const result = await within(call, settings.deadline.callback)
    if (result === late) {
      throw new SallyportError(
        'usage',
        'callback_timeout',
        `${name} did not settle in ${settings.deadline.callback} ms`,
      )
    }
    return result
  }

  async function run<T>(
    subject: string,
    request: unknown,
    verb: (loaded: Loaded, facts: Facts) => Transition<T>,
    mend: boolean,
  ): Promise<Performed<T>> {
    const weakProofs = settings.policy.weakProofs ?? false
    const facts: Facts = { now: now(), window: settings.totp.window, nextEpoch: newId(), weakProofs }
    const { before, transition } = await records.update(subject, loaded => verb(loaded, facts), mend)
    const { state } = transition
    const otherSessions = state.epoch === before.epoch ? null : await endOtherSessions(subject, request)
    await emit(subject, transition.events, facts.now, request)
    if (transition.refused) throw transition.refused
    return { outcome: transition.outcome, state, otherSessions }
  }

  return {
    settings,
    records,
    shelf,
    tokens: makeTokens(keyring, settings.namespace),
    now,
    newId,
    newCodeKey: () => randomBytes(codeKeyBytes),
    newDeviceToken: () => base64urlnopad.encode(randomBytes(deviceTokenBytes)),
    inTime,
    newRecoveryMaterial: () => ({
      key: randomBytes(recoveryKeyBytes),
      codes: Array.from({ length: recoveryCodeCount }, () => randomBytes(recoveryCodeBytes)),
    }),
    async contextFor(context = {}, subject) {
      if (typeof context !== 'function') return checkContext(context)
      return checkContext(await inTime(() => context(subject), 'context'))
    },
    async read(subject, context) {
      const loaded = await records.read(subject)
      believe(loaded, context)
      return loaded.state
    },
    perform: (subject, context, verb) =>
      run(
        subject,
        context.request,
        (loaded, facts) => {
          believe(loaded, context)
          return verb(loaded.state, facts)
        },
        false,
      ),
    mend: (subject, verb) => run(subject, undefined, (loaded, facts) => verb(loaded.state, facts), true),
    emit,
  }
}

/** A record that is absent, or older than the application has seen, is not believed (R46). */
function believe(loaded: Loaded, context: Context): void {
  if (context.generation === undefined || loaded.state.generation >= context.generation) return
  throw corruptError(loaded.version === null ? 'record_missing' : 'record_stale')
}

/**
 * The record shell: load, open, apply, seal, put; on a conflict again. It decides what a lost or refused write means: the only
 * place that does (R41, R47).
 */
import { bytesToHex, randomBytes } from '@noble/hashes/utils.js'
import { corruptError, refusal, storeError } from '../errors.js'
import type { SubjectState, Transition } from '../subject/state.js'
import type { Keyring } from '../vault/keyring.js'
import type { Store, Stored, Summary } from './contract.js'
import { late, within } from './deadline.js'
import {
  historyAfter,
  isComplete,
  type Kind,
  largestBody,
  openRecord,
  recordKey,
  sealRecord,
  subjectKind,
  summarize,
  unknownHistory,
} from './record.js'

const mostTries = 8
/** A store that failed to write is asked once more: a second failure is no accident. */
const mostFailures = 2
/** It may land yet: a driver that gave up need not have stopped the server. Nothing was accepted all the same. */
const failedToWrite = 'the store failed to write, and may have written all the same'
const shortestWait = 4
const longestWait = 250

/** A record as it was found. `version` is null where there is none, `state` then empty. */
export interface Loaded<State = SubjectState> {
  version: string | null
  state: State
  before: readonly string[]
  newestKey: boolean
  /** False where a record is there and does not open: only an operator's reset goes on from that. */
  readable: boolean
}

/** What a pure function makes of a loaded record. */
export type Apply<T, State = SubjectState> = (loaded: Loaded<State>) => Transition<T, State>

/** What `apply` made of the record that was then written, and what it was made of. */
export interface Updated<T, State = SubjectState> {
  before: State
  transition: Transition<T, State>
}

/** Where a record lies, and what is plain of it. */
export interface Place<State> {
  key: string
  summarize(state: State): Summary | null
}

/** What all records of one store, keyring and namespace share. */
export interface Shelf {
  store: Store
  keyring: Keyring
  namespace: string
  /** ms for one call of the store. */
  deadline: number
}

/** Reads and writes the records of one kind. */
export interface Shell<State> {
  /** One `get`. @throws SallyportError `store_failed`, `record_unreadable` */
  read(key: string, now: number): Promise<Loaded<State>>
  /**
   * One `get`, and one `put` where `apply` changes the state; more only on conflict.
   *
   * @param now ms since 1970: a record that has expired by then is as good as absent
   * @param mend whether to go on from an unreadable record as from an empty one
   * @throws Refusal `busy`, `outcome_unknown`; SallyportError `store_failed`, `record_unreadable`; whatever `apply` throws
   */
  update<T>(place: Place<State>, now: number, apply: Apply<T, State>, mend?: boolean): Promise<Updated<T, State>>
}

interface Attempt<T, State> extends Updated<T, State> {
  version: string
  /** The version that it would go over: as long as that is the present one, a write that was lost may land yet. */
  base: string | null
  lost: 'late' | 'failed' | null
}

export function makeShell<State>(shelf: Shelf, kind: Kind<State>): Shell<State> {
  const { store, keyring, namespace, deadline } = shelf

  async function load(key: string, now: number): Promise<Loaded<State>> {
    const stored = await get(key)
    if (stored === null) return { version: null, state: kind.empty, before: [], newestKey: true, readable: true }
    const { version } = stored
    const record = openRecord(keyring, kind, { namespace, key }, stored)
    if (record === null)
      return { version, state: kind.empty, before: unknownHistory, newestKey: false, readable: false }
    const { state, expiresAt, before, newestKey } = record
    const expired = expiresAt !== null && expiresAt <= now
    return { version, state: expired ? kind.empty : state, before, newestKey, readable: true }
  }

  async function get(key: string): Promise<Stored | null> {
    const stored = await settled(() => store.get(key), deadline, 'read')
    if (stored === null) return null
    if (typeof stored?.version !== 'string' || !ArrayBuffer.isView(stored.body)) {
      throw storeError('the store gave something that is no record')
    }
    // Whatever view it is (a Buffer, one of another realm): the bytes are what counts.
    const { buffer, byteOffset, byteLength } = stored.body
    return { version: stored.version, body: new Uint8Array(buffer, byteOffset, byteLength) }
  }

  async function put(
    { key, summarize }: Place<State>,
    loaded: Loaded<State>,
    state: State,
    version: string,
  ): Promise<PutResult> {
    const before = historyAfter(loaded.version, loaded.before)
    const expiresAt = kind.expiresAt(state)
    const body = sealRecord(keyring, { namespace, key, version }, { state, expiresAt, before })
    // The caps of its lists keep it below; what came past them all the same would never open again (R53).
    if (body.length > largestBody) throw refusal('limit_reached')
    const write = { version, body, expiresAt, summary: summarize(state) }
    try {
      const landed = await within(() => store.put(key, write, loaded.version), deadline)
      if (landed === late) return { result: 'late' }
      if (landed === true) return { result: 'landed' }
      if (landed === false) return { result: 'conflict' }
      return { result: 'failed', cause: new TypeError('put must resolve to true or false') }
    } catch (cause) {
      return { result: 'failed', cause }
    }
  }

  /** Looks again after a write that was refused or lost; a store that cannot tell leaves the outcome unknown. */
  async function look(key: string, now: number, cause: unknown): Promise<Loaded<State>> {
    try {
      return await load(key, now)
    } catch (failure) {
      throw refusal('outcome_unknown', { cause: cause ?? failure })
    }
  }

  return {
    async read(key, now) {
      const loaded = await load(key, now)
      if (!loaded.readable) throw corruptError('record_unreadable')
      return loaded
    },

    async update<T>(place: Place<State>, now: number, apply: Apply<T, State>, mend = false) {
      const { key } = place
      const attempts: Attempt<T, State>[] = []
      let failures = 0
      let loaded = await load(key, now)
      const landed = () => attempts.find(({ version }) => isInHistory(version, loaded))
      for (let tries = 1; ; tries++) {
        if (!loaded.readable && !mend) throw corruptError('record_unreadable')
        const transition = apply(loaded)
        const before = loaded.state
        if (transition.state === before) return { before, transition }
        const base = loaded.version
        const version = bytesToHex(randomBytes(16))
        const attempt: Attempt<T, State> = { version, base, lost: null, before, transition }
        attempts.push(attempt)
        const written = await put(place, loaded, transition.state, version)
        if (written.result === 'landed') return attempt
        if (written.result !== 'conflict') {
          attempt.lost = written.result
          failures++
        }
        loaded = await look(key, now, written.cause)
        const recognised = landed()
        if (recognised !== undefined) return recognised
        if (!isInHistory(base, loaded)) throw refusal('outcome_unknown', { cause: written.cause })
        if (failures >= mostFailures || tries >= mostTries) throw givenUp(attempts, loaded.version, written)
        if (written.result === 'conflict') {
          // Looked first, waited then: after a wait so much may have been written that nothing could be told.
          await pause(tries)
          loaded = await load(key, now)
          const meanwhile = landed()
          if (meanwhile !== undefined) return meanwhile
        }
      }
    },
  }
}

/** Reads and writes the records of subjects. */
export interface Records {
  /** One `get`. @throws SallyportError `store_failed`, `record_unreadable` */
  read(subject: string): Promise<Loaded>
  /** As {@link Shell.update}, for the record of a subject. */
  update<T>(subject: string, apply: Apply<T>, mend?: boolean): Promise<Updated<T>>
  /** Seals the record afresh under the newest key, if it is not. */
  reseal(subject: string): Promise<'resealed' | 'current' | 'absent'>
  /** One `delete`. */
  remove(subject: string): Promise<void>
}

export function makeRecords(shelf: Shelf): Records {
  const shell = makeShell(shelf, subjectKind)
  const keyOf = (subject: string) => recordKey(shelf.namespace, subject)
  // Nothing of a subject's expires, whatever the time is.
  const never = Number.NEGATIVE_INFINITY
  const read = (subject: string) => shell.read(keyOf(subject), never)
  const update = <T>(subject: string, apply: Apply<T>, mend?: boolean) => {
    const place = { key: keyOf(subject), summarize: (state: SubjectState) => summarize(subject, state) }
    return shell.update(place, never, apply, mend)
  }
  return {
    read,
    update,
    async reseal(subject) {
      const { version, newestKey } = await read(subject)
      if (version === null) return 'absent'
      if (newestKey) return 'current'
      // The same content under a new version: a copy, since the same object means nothing to write.
      await update(subject, loaded => ({
        state: loaded.newestKey ? loaded.state : { ...loaded.state },
        events: [],
        outcome: undefined,
      }))
      return 'resealed'
    },
    async remove(subject) {
      await settled(() => shelf.store.delete(keyOf(subject)), shelf.deadline, 'delete')
    },
  }
}

/** Why no more is tried: what was lost and may land yet leaves the outcome unknown. */
function givenUp(
  attempts: readonly Pick<Attempt<unknown, unknown>, 'base' | 'lost'>[],
  version: string | null,
  last: PutResult,
): Error {
  const mayLandYet = attempts.filter(({ lost, base }) => lost !== null && base === version)
  if (mayLandYet.some(({ lost }) => lost === 'late')) return refusal('outcome_unknown')
  if (last.result === 'failed') return storeError(failedToWrite, last.cause)
  return mayLandYet.length > 0 ? refusal('outcome_unknown') : refusal('busy', { retryAfter: 1 })
}

type PutResult = { result: 'landed' | 'conflict' | 'late'; cause?: undefined } | { result: 'failed'; cause: unknown }

/** Whether the record that was found is that version, or has come from it. */
function isInHistory(version: string | null, found: Loaded<unknown>): boolean {
  if (version === null) return found.version === null || (found.readable && isComplete(found.before))
  return found.version === version || found.before.includes(version)
}

async function settled<T>(call: () => Promise<T>, deadline: number, verb: string): Promise<T> {
  let result: T | typeof late
  try {
    result = await within(call, deadline)
  } catch (cause) {
    throw storeError(`the store failed to ${verb}`, cause)
  }
  if (result === late) throw storeError(`the store did not ${verb} within ${deadline} ms`)
  return result
}

/** Full jitter: contenders that met once are unlikely to meet again. */
function pause(tries: number): Promise<void> {
  const ceiling = Math.min(longestWait, shortestWait * 2 ** tries)
  return new Promise(resolve => setTimeout(resolve, Math.random() * ceiling))
}

/**
 * The record shell: load, open, apply, seal, put; on a conflict again. It decides what a lost or refused write means: the only
 * place that does (R41, R47).
 */
import { bytesToHex, randomBytes } from '@noble/hashes/utils.js'
import { corruptError, refusal, storeError } from '../errors.js'
import { emptyState, type SubjectState, type Transition } from '../subject/state.js'
import type { Keyring } from '../vault/keyring.js'
import type { Store, Stored } from './contract.js'
import { late, within } from './deadline.js'
import { historyAfter, isComplete, openRecord, recordKey, sealRecord, summarize, unknownHistory } from './record.js'

const mostTries = 8
/** A store that failed to write is asked once more: a second failure is no accident. */
const mostFailures = 2
/** It may land yet: a driver that gave up need not have stopped the server. Nothing was accepted all the same. */
const failedToWrite = 'the store failed to write, and may have written all the same'
const shortestWait = 4
const longestWait = 250

/** A subject's record as it was found. `version` is null where there is none, `state` then empty. */
export interface Loaded {
  version: string | null
  state: SubjectState
  before: readonly string[]
  newestKey: boolean
  /** False where a record is there and does not open: only an operator's reset goes on from that. */
  readable: boolean
}

/** What a pure function makes of a loaded record. */
export type Apply<T> = (loaded: Loaded) => Transition<T>

/** Reads and writes the records of one namespace. */
export interface Records {
  /** One `get`. @throws SallyportError `store_failed`, `record_unreadable` */
  read(subject: string): Promise<Loaded>
  /**
   * One `get`, and one `put` where `apply` changes the state; more only on conflict.
   *
   * @param mend whether to go on from an unreadable record as from an empty one
   * @returns what `apply` made of the record that was then written
   * @throws Refusal `busy`, `outcome_unknown`; SallyportError `store_failed`, `record_unreadable`; whatever `apply` throws
   */
  update<T>(
    subject: string,
    apply: Apply<T>,
    mend?: boolean,
  ): Promise<{ before: SubjectState; transition: Transition<T> }>
  /** Seals the record afresh under the newest key, if it is not. */
  reseal(subject: string): Promise<'resealed' | 'current' | 'absent'>
  /** One `delete`. */
  remove(subject: string): Promise<void>
}

interface Attempt<T> {
  version: string
  /** The version that it would go over: as long as that is the present one, a write that was lost may land yet. */
  base: string | null
  lost: 'late' | 'failed' | null
  before: SubjectState
  transition: Transition<T>
}

/** @param deadline ms for one call of the store */
export function makeRecords(store: Store, keyring: Keyring, namespace: string, deadline: number): Records {
  async function load(subject: string): Promise<Loaded> {
    const key = recordKey(namespace, subject)
    const stored = await get(key)
    if (stored === null) return { version: null, state: emptyState, before: [], newestKey: true, readable: true }
    const record = openRecord(keyring, { namespace, key }, stored)
    if (record === null) {
      return { version: stored.version, state: emptyState, before: unknownHistory, newestKey: false, readable: false }
    }
    return { version: stored.version, ...record, readable: true }
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

  async function loadReadable(subject: string): Promise<Loaded> {
    const loaded = await load(subject)
    if (!loaded.readable) throw corruptError('record_unreadable')
    return loaded
  }

  async function put(subject: string, loaded: Loaded, state: SubjectState, version: string): Promise<PutResult> {
    const key = recordKey(namespace, subject)
    const before = historyAfter(loaded.version, loaded.before)
    const body = sealRecord(keyring, { namespace, key, version }, { state, before })
    const write = { version, body, expiresAt: null, summary: summarize(subject, state) }
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
  async function look(subject: string, cause: unknown): Promise<Loaded> {
    try {
      return await load(subject)
    } catch (failure) {
      throw refusal('outcome_unknown', { cause: cause ?? failure })
    }
  }

  async function update<T>(
    subject: string,
    apply: Apply<T>,
    mend = false,
  ): Promise<{ before: SubjectState; transition: Transition<T> }> {
    const attempts: Attempt<T>[] = []
    let failures = 0
    let loaded = await load(subject)
    const landed = () => attempts.find(({ version }) => isInHistory(version, loaded))
    for (let tries = 1; ; tries++) {
      if (!loaded.readable && !mend) throw corruptError('record_unreadable')
      const transition = apply(loaded)
      const before = loaded.state
      if (transition.state === before) return { before, transition }
      const base = loaded.version
      const attempt: Attempt<T> = { version: bytesToHex(randomBytes(16)), base, lost: null, before, transition }
      attempts.push(attempt)
      const written = await put(subject, loaded, transition.state, attempt.version)
      if (written.result === 'landed') return attempt
      if (written.result !== 'conflict') {
        attempt.lost = written.result
        failures++
      }
      loaded = await look(subject, written.cause)
      const recognised = landed()
      if (recognised !== undefined) return recognised
      if (!isInHistory(base, loaded)) throw refusal('outcome_unknown', { cause: written.cause })
      if (failures >= mostFailures || tries >= mostTries) throw givenUp(attempts, loaded.version, written)
      if (written.result === 'conflict') {
        // Looked first, waited then: after a wait so much may have been written that nothing could be told.
        await pause(tries)
        loaded = await load(subject)
        const meanwhile = landed()
        if (meanwhile !== undefined) return meanwhile
      }
    }
  }

  return {
    read: loadReadable,
    update,
    async reseal(subject) {
      const { version, newestKey } = await loadReadable(subject)
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
      await settled(() => store.delete(recordKey(namespace, subject)), deadline, 'delete')
    },
  }
}

/** Why no more is tried: what was lost and may land yet leaves the outcome unknown. */
function givenUp(attempts: readonly Attempt<unknown>[], version: string | null, last: PutResult): Error {
  const mayLandYet = attempts.filter(({ lost, base }) => lost !== null && base === version)
  if (mayLandYet.some(({ lost }) => lost === 'late')) return refusal('outcome_unknown')
  if (last.result === 'failed') return storeError(failedToWrite, last.cause)
  return mayLandYet.length > 0 ? refusal('outcome_unknown') : refusal('busy', { retryAfter: 1 })
}

type PutResult = { result: 'landed' | 'conflict' | 'late'; cause?: undefined } | { result: 'failed'; cause: unknown }

/** Whether the record that was found is that version, or has come from it. */
function isInHistory(version: string | null, found: Loaded): boolean {
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

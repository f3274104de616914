import type { Store, Write } from '@sallyport/core'
import { late, pause, within } from '../../deadline.js'
import { describe } from '../../describe.js'
import { accepts, differenceOf, holds, isAbsent, look, versionName } from '../expect.js'
import type { StoreCase, Trial } from '../trial.js'
import { bodyOf, largestBody, newVersion, newWrite } from '../writes.js'

const contenders = 50
const clients = 5
const rounds = 4
const timeout = 60_000

/** How often a store may try that is slow, and ms in which nothing but the store itself makes an update fail. */
const mostTries = 3
const quick = 1_000

/** What became of one put. A store may fail under load; then the write may have landed, or not. */
interface Attempt {
  write: Write
  result: 'landed' | 'refused' | 'unknown'
  error?: unknown
}

async function attempt(store: Store, key: string, write: Write, ifVersion: string | null): Promise<Attempt> {
  try {
    const answer: unknown = await store.put(key, write, ifVersion)
    if (typeof answer !== 'boolean')
      return { write, result: 'unknown', error: new Error(`put gave ${describe(answer)}`) }
    return { write, result: answer ? 'landed' : 'refused' }
  } catch (error) {
    return { write, result: 'unknown', error }
  }
}

/** Fifty at once over one version: every client has ten of them under way. */
function contend({ stores }: Trial, key: string, ifVersion: string | null, length?: number): Promise<Attempt[]> {
  const attempts = Array.from({ length: contenders }, (_, index) => {
    const version = newVersion()
    const write = newWrite({ version, body: bodyOf(version, length) })
    return attempt(stores[index % stores.length] as Store, key, write, ifVersion)
  })
  return Promise.all(attempts)
}

/** Of all attempts one has landed, and every client reads it whole. */
async function haveOneWinner({ stores }: Trial, key: string, attempts: readonly Attempt[]): Promise<void> {
  const landed = attempts.filter(({ result }) => result === 'landed')
  if (landed.length > 1) throw new Error(`${landed.length} of ${attempts.length} puts over one version gave true`)
  const unknown = attempts.filter(({ result }) => result === 'unknown')
  if (landed.length === 0 && unknown.length === 0)
    throw new Error(`all ${attempts.length} puts over one version gave false`)
  const stored = await look(stores[0] as Store, key)
  const candidates = landed.length === 1 ? landed : unknown
  const winner = candidates.find(({ write }) => write.version === stored?.version)
  if (winner === undefined && landed.length === 0) throw new Error('no put got an answer', { cause: unknown[0]?.error })
  if (winner === undefined) throw new Error('put gave true to one, and what is on record is not what it wrote')
  await Promise.all(stores.map(store => holds(store, key, winner.write, ' after a race')))
}

/** Many at once. All attempts are begun before the first is awaited. */
export const races: readonly StoreCase[] = [
  {
    id: 'race/insert',
    title: 'of 50 inserts at once exactly one lands',
    why: 'Two enrolments at once: one of the two people who hold the password wins, and is told so; the other must not.',
    clients,
    timeout,
    async run(trial) {
      for (let round = 0; round < rounds; round++) {
        const key = trial.key()
        await haveOneWinner(trial, key, await contend(trial, key, null))
      }
    },
  },
  {
    id: 'race/update',
    title: 'of 50 updates of one version exactly one lands',
    why: 'The same code in many logins at once is the attack on every one-time password. Exactly one may get in.',
    clients,
    timeout,
    async run(trial) {
      const key = trial.key()
      let version: string | null = newVersion()
      await accepts(trial.store, key, newWrite({ version }), null)
      for (let round = 0; round < rounds; round++) {
        const length = round === rounds - 1 ? largestBody : undefined
        await haveOneWinner(trial, key, await contend(trial, key, version, length))
        version = (await look(trial.store, key))?.version ?? null
      }
    },
  },
  {
    id: 'race/delete',
    title: 'updates at once with deletes bring nothing back',
    why: 'An account is deleted while its owner signs in. Whichever comes first, in the end the record must be gone.',
    clients,
    timeout,
    async run(trial) {
      for (let round = 0; round < rounds; round++) {
        const [key, base] = [trial.key(), newWrite()]
        await accepts(trial.store, key, base, null)
        const calls = Array.from({ length: contenders }, async (_, index) => {
          const store = trial.stores[index % clients] as Store
          if (index % 10 !== 5) return attempt(store, key, newWrite(), base.version)
          await store.delete(key)
          return null
        })
        const landed = (await Promise.all(calls)).filter(outcome => outcome?.result === 'landed')
        if (landed.length > 1) throw new Error(`${landed.length} updates of one version gave true`)
        await Promise.all(trial.stores.map(store => isAbsent(store, key, ' after updates and deletes at once')))
      }
    },
  },
  {
    id: 'race/counter',
    title: 'a counter that many raise at once, each trying again on conflict, loses nothing',
    why: 'Wrong guesses are counted like this. Every count that is lost is one more guess at somebody’s code.',
    clients,
    timeout,
    async run({ stores, key }) {
      const where = key()
      let landed = 0
      let unknown = 0
      const counting = async (store: Store) => {
        for (let raised = 0, tries = 0; raised < 10; tries++) {
          const stored = await look(store, where)
          const count = new DataView(new Uint8Array([...(stored?.body.subarray(0, 4) ?? [0, 0, 0, 0])]).buffer)
          count.setUint32(0, count.getUint32(0) + 1)
          const write = newWrite({ body: new Uint8Array(count.buffer.slice(0)) })
          const { result } = await attempt(store, where, write, stored?.version ?? null)
          if (result === 'landed') landed++
          if (result === 'unknown') unknown++
          if (result === 'refused') await pause(Math.random() * Math.min(tries, 10))
          else raised++
        }
      }
      await Promise.all(stores.map(counting))
      const body = (await look(stores[0] as Store, where))?.body ?? new Uint8Array(4)
      const counted = new DataView(body.buffer, body.byteOffset, body.byteLength).getUint32(0)
      if (counted < landed || counted > landed + unknown) {
        throw new Error(`${landed} puts gave true and ${unknown} failed, and the counter is at ${counted}`)
      }
    },
  },
  {
    id: 'race/keys',
    title: 'writes of many keys at once do not disturb each other',
    why: 'Many people sign in at once. Each must find their own record, and be refused only for what concerns them.',
    clients,
    timeout,
    async run({ stores, key }) {
      const accounts = Array.from({ length: contenders }, () => ({ where: key(), last: null as Write | null }))
      for (let round = 0; round < rounds; round++) {
        const changes = accounts.map(async (account, index) => {
          const { where, last } = account
          const store = stores[(index + round) % clients] as Store
          const { write, result, error } = await attempt(store, where, newWrite(), last?.version ?? null)
          if (result === 'unknown') throw error
          if (result === 'refused') throw new Error('put was refused, and nobody else wrote that key')
          account.last = write
        })
        await Promise.all(changes)
        const reads = accounts.map(async ({ where, last }, index) => {
          if (last !== null) await holds(stores[index % clients] as Store, where, last, ' after writes of many keys')
        })
        await Promise.all(reads)
      }
    },
  },
  {
    id: 'race/readers',
    title: 'readers find version and body of one write, whatever is written meanwhile',
    why: 'The body is sealed for its version. A reader who gets the version of one write and the body of another finds a record that does not open.',
    clients,
    timeout,
    async run({ stores, key }) {
      const where = key()
      const [writer, ...readers] = stores as [Store, ...Store[]]
      const bodies = new Map<string, Write['body']>()
      const next = (length: number) => {
        const version = newVersion()
        const body = bodyOf(version, length)
        bodies.set(version, body)
        return newWrite({ version, body: body.slice() })
      }
      let last = next(largestBody)
      await accepts(writer, where, last, null)
      let writing = true
      const write = async () => {
        for (let count = 0; count < 40; count++) {
          // Some storage keeps what is large apart from the rest.
          const write = next(count % 2 === 0 ? 8192 : largestBody)
          await accepts(writer, where, write, last.version)
          last = write
        }
      }
      const read = async (reader: Store) => {
        while (writing) {
          const stored = await look(reader, where)
          if (stored === null) throw new Error('get gave null while the record was updated')
          const body = bodies.get(stored.version)
          if (body === undefined) throw new Error(`get gave ${versionName(stored.version)}, which nobody wrote`)
          const difference = differenceOf(stored.body, body)
          if (difference !== null) {
            throw new Error(`get gave ${versionName(stored.version)} with a body that is not its own: ${difference}`)
          }
          // A store that answers without waiting would never let the writer on.
          await pause(0)
        }
      }
      const written = write().finally(() => {
        writing = false
      })
      await Promise.all([written, ...readers.map(read)])
    },
  },
  {
    id: 'race/answers',
    level: 'SHOULD',
    title: 'of 50 updates at once none fails, and none takes five seconds',
    why: 'Core calls a store that throws, or takes longer, a failed one. The login is refused, and the person has to try again.',
    clients,
    timeout,
    async run(trial) {
      for (let tries = 1; ; tries++) {
        const [key, base] = [trial.key(), newWrite()]
        await accepts(trial.store, key, base, null)
        const began = performance.now()
        const attempts = await within(() => contend(trial, key, base.version), 5_000)
        const failed = attempts === late ? [] : attempts.filter(({ result }) => result === 'unknown')
        if (attempts !== late && failed.length === 0) return
        // Twice more where it was slow, or gave up after a while: something else may have been in the way.
        if (tries < mostTries && performance.now() - began > quick) continue
        if (attempts === late) throw new Error('50 updates at once took more than five seconds')
        throw new Error(`${failed.length} of 50 updates at once failed`, { cause: failed[0]?.error })
      }
    },
  },
]

import type { Store } from '@sallyport/core'
import { pause } from '../../deadline.js'
import { accepts, holds, isAbsent, look, refuses } from '../expect.js'
import type { StoreCase } from '../trial.js'
import { newVersion, newWrite } from '../writes.js'

const second = 1_000
const day = 24 * 60 * 60 * second

/**
 * An expired record may be there or gone, but `put` must see it as `get` does. It may go between the two, so they have several
 * tries.
 */
async function agrees(store: Store, key: string): Promise<void> {
  for (let tries = 1; ; tries++) {
    const stored = await look(store, key)
    const version = stored?.version ?? null
    if ((await store.put(key, newWrite({ expiresAt: Date.now() + day }), version)) === true) return
    const call =
      version === null ? 'null, and put over null is refused' : 'a record, and put over its version is refused'
    if (tries === 5) throw new Error(`of an expired record get gives ${call}`)
    await pause(50)
  }
}

/** Storage may drop a record after `expiresAt`, in ms since 1970. It must not do so before, nor hide what it keeps. */
export const expiry: readonly StoreCase[] = [
  {
    id: 'expiry/past',
    title:
      'a record that has expired is there for get and put, or for neither, and put over another version is refused',
    why: 'Where get hides what put still sees, nobody can ever write that key again. Where put forgets its condition, two who send a code at once are counted as one.',
    async run({ store, other, key }) {
      const [inserted, updated, passing] = [key(), key(), key()]
      const first = newWrite()
      await accepts(store, inserted, newWrite({ expiresAt: Date.now() - 60 * second }), null)
      await accepts(store, updated, first, null)
      await accepts(store, updated, newWrite({ expiresAt: Date.now() - 60 * second }), first.version)
      await accepts(store, passing, newWrite({ expiresAt: Date.now() + 200 }), null)
      // Whether the records are still there or not.
      const another = () => newWrite({ expiresAt: Date.now() + day })
      for (const where of [inserted, updated]) await refuses(store, where, another(), newVersion())
      await refuses(store, updated, another(), first.version)
      await agrees(store, inserted)
      await agrees(other, updated)
      await pause(500)
      await refuses(store, passing, another(), newVersion())
      await agrees(store, passing)
    },
  },
  {
    id: 'expiry/ahead',
    title: 'a record that expires in a minute is still there after a second',
    why: 'Expiry is in milliseconds since 1970. Taken for seconds, or for a span, records vanish at once, and the counts of sent messages with them.',
    async run({ store, other, key }) {
      const [inserted, updated] = [key(), key()]
      const first = newWrite()
      const one = newWrite({ expiresAt: Date.now() + 60 * second })
      const two = newWrite({ expiresAt: Date.now() + 90 * second })
      await accepts(store, inserted, one, null)
      await accepts(store, updated, first, null)
      await accepts(store, updated, two, first.version)
      await holds(store, inserted, one)
      await pause(1.2 * second)
      await holds(other, inserted, one, ' a minute before it expires')
      await holds(other, updated, two, ' a minute before it expires')
    },
  },
  {
    id: 'expiry/far',
    title: 'a record that expires in months or years is kept',
    why: 'A span over 24 days does not fit 31 bits of milliseconds: timers then fire at once, and the record is gone.',
    async run({ store, other, key }) {
      const writes = [25, 30, 50, 400].map(days => ({
        where: key(),
        write: newWrite({ expiresAt: Date.now() + days * day }),
      }))
      for (const { where, write } of writes) await accepts(store, where, write, null)
      await pause(second / 2)
      for (const { where, write } of writes) await holds(other, where, write, ' long before it expires')
    },
  },
  {
    id: 'expiry/replaced',
    title:
      'a write replaces the expiry, also after a delete: without one, or with a later one, the record outlives the first',
    why: 'An expiry that stays from the write before deletes the record of somebody who has a second factor.',
    timeout: 60_000,
    async run({ store, other, key }) {
      // A server that is slow, or whose clock is ahead, may have dropped the record before it is updated: then with more time.
      for (let span = 1.5 * second; ; span *= 2) {
        const lives = [null, Date.now() + 60 * second].flatMap(expiresAt =>
          (['an update', 'a delete and an insert'] as const).map(by => ({
            by,
            where: key(),
            write: newWrite({ expiresAt }),
          })),
        )
        let expired = false
        for (const { by, where, write } of lives) {
          const soon = newWrite({ expiresAt: Date.now() + span })
          await accepts(store, where, soon, null)
          if (by !== 'an update') {
            await store.delete(where)
            await accepts(store, where, write, null)
            continue
          }
          const landed = await store.put(where, write, soon.version)
          expired ||= landed === false && (await look(store, where)) === null
          if (!landed && !expired) throw new Error('put over the version on record was refused before it expired')
        }
        if (expired && span < 6 * second) continue
        if (expired) throw new Error(`a record was gone before its time, which was ${span} ms ahead`)
        await pause(span + second / 2)
        for (const { by, where, write } of lives) {
          const when = write.expiresAt === null ? 'never' : 'later'
          await holds(other, where, write, ` past its first expiry, after ${by} that expires ${when}`)
        }
        return
      }
    },
  },
  {
    id: 'expiry/renewed',
    title: 'a record that is renewed stays, though others find the expired one meanwhile',
    why: 'What get finds expired, and deletes, may have been written again since: a count of guesses or of messages begins anew.',
    clients: 4,
    async run({ stores, key }) {
      const [writer, ...readers] = stores as [Store, ...Store[]]
      const renew = async (where: string, delay: number) => {
        const last = newWrite({ expiresAt: Date.now() - 60 * second })
        const renewed = newWrite({ expiresAt: Date.now() + day })
        await accepts(writer, where, last, null)
        let reading = true
        const read = async (reader: Store) => {
          while (reading) {
            await look(reader, where)
            await pause(0)
          }
        }
        const write = async () => {
          await pause(delay)
          // Where somebody has dropped the record, it is written anew.
          for (let tries = 0; tries < 5; tries++) {
            const version = tries % 2 === 0 ? last.version : null
            if ((await writer.put(where, renewed, version)) === true) return
          }
          throw new Error('an expired record can be neither updated nor inserted')
        }
        const written = write().finally(() => {
          reading = false
        })
        await Promise.all([written, ...readers.map(read)])
        return { where, renewed }
      }
      for (let round = 0; round < 3; round++) {
        const records = Array.from({ length: 8 }, (_, index) => renew(key(), index % 4))
        const all = await Promise.all(records)
        await pause(50)
        for (const { where, renewed } of all) await holds(writer, where, renewed, ' after it was renewed')
      }
    },
  },
  {
    id: 'expiry/dropped',
    level: 'SHOULD',
    title: 'a record is gone within five seconds of its expiry',
    why: 'Counters of destinations are short-lived and many. Storage that keeps them grows without end, unless something purges it.',
    excuse: ({ capabilities }) =>
      capabilities?.ttl === 'exact' ? null : `ttl is ${capabilities?.ttl === 'late' ? "'late'" : 'not declared'}`,
    async run({ store, key }) {
      const [inserted, updated] = [key(), key()]
      const expiresAt = Date.now() + second / 2
      const first = newWrite()
      await accepts(store, inserted, newWrite({ expiresAt }), null)
      await accepts(store, updated, first, null)
      await accepts(store, updated, newWrite({ expiresAt }), first.version)
      for (const where of [inserted, updated]) {
        while (Date.now() < expiresAt + 5 * second && (await look(store, where)) !== null) await pause(50)
        await isAbsent(store, where, ' five seconds after it expired')
      }
    },
  },
]

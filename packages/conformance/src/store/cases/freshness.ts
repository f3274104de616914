import type { Store, Write } from '@sallyport/core'
import { pause } from '../../deadline.js'
import { accepts, holds, isAbsent, refuses } from '../expect.js'
import type { StoreCase } from '../trial.js'
import { newWrite } from '../writes.js'

/** ms after which a write that was to come later would have come. */
const later = 300

const everybody = (stores: readonly Store[], check: (store: Store) => Promise<void>) => Promise.all(stores.map(check))

/** What one client was told is so for all of them, at once and for good. */
export const freshness: readonly StoreCase[] = [
  {
    id: 'fresh/read',
    title: 'every client reads a write as soon as it was acknowledged',
    why: 'The next request of the same person may meet another process. A read from a replica or a cache shows a code that was used as unused.',
    clients: 4,
    timeout: 60_000,
    async run({ stores, key }) {
      const where = key()
      let last: Write | null = null
      for (let round = 0; round < 6; round++) {
        for (const writer of stores) {
          const next = newWrite()
          await accepts(writer, where, next, last?.version ?? null)
          await everybody(stores, reader => holds(reader, where, next, ' right after put'))
          last = next
        }
      }
    },
  },
  {
    id: 'fresh/delete',
    title: 'every client sees a delete as soon as it was acknowledged',
    why: 'An account that was forgotten must be so everywhere, also in a process that read it a moment ago.',
    clients: 4,
    async run({ stores, key }) {
      const where = key()
      for (const writer of stores) {
        const write = newWrite()
        await accepts(writer, where, write, null)
        await everybody(stores, reader => holds(reader, where, write))
        await writer.delete(where)
        await everybody(stores, reader => isAbsent(reader, where, ' right after delete'))
      }
    },
  },
  {
    id: 'fresh/condition',
    title: 'put compares with what is on record, not with what its client read last',
    why: 'A process that remembers a record would let a used code in again, and refuse one that is right.',
    async run({ store, other, key }) {
      const where = key()
      const [first, second, third] = [newWrite(), newWrite(), newWrite()]
      await accepts(store, where, first, null)
      await holds(other, where, first)
      await accepts(store, where, second, first.version)
      await refuses(other, where, newWrite(), first.version)
      await accepts(other, where, third, second.version)
      await refuses(store, where, newWrite(), second.version)
      await holds(store, where, third)
    },
  },
  {
    id: 'late/refused',
    title: 'a write that was refused never appears',
    why: 'Core applies a refused change again to what is on record. If the refused one lands as well, one of the two is lost.',
    async run({ store, other, key }) {
      const [where, elsewhere] = [key(), key()]
      const first = newWrite()
      await accepts(store, where, first, null)
      await refuses(store, where, newWrite(), null)
      await refuses(store, where, newWrite(), newWrite().version)
      await accepts(store, elsewhere, newWrite(), null)
      await pause(later)
      await everybody([store, other], reader => holds(reader, where, first, ' some time after refused writes'))
      await store.delete(where)
      await refuses(store, where, newWrite(), first.version)
      await pause(later)
      await everybody([store, other], reader => isAbsent(reader, where, ' some time after delete and a refused write'))
    },
  },
  {
    id: 'late/accepted',
    title: 'a write that was acknowledged is over: it comes neither later nor twice',
    why: 'A write that is repeated later undoes what came between: a used code is unused, a deleted account is back.',
    async run({ store, other, key }) {
      const [updated, deleted] = [key(), key()]
      const [first, second, third] = [newWrite(), newWrite(), newWrite()]
      for (const where of [updated, deleted]) {
        await accepts(store, where, first, null)
        await accepts(store, where, second, first.version)
      }
      await accepts(other, updated, third, second.version)
      await other.delete(deleted)
      await pause(later)
      await everybody([store, other], reader => holds(reader, updated, third, ' some time after it was put'))
      await everybody([store, other], reader => isAbsent(reader, deleted, ' some time after delete'))
    },
  },
]

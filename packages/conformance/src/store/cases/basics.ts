import { describe } from '../../describe.js'
import { accepts, holds, isAbsent, refuses } from '../expect.js'
import type { StoreCase } from '../trial.js'
import { newKey, newVersion, newWrite } from '../writes.js'

/** UTF-16 units: what core takes for a subject. */
const longestSubject = 256

/** Get, put and delete, one after the other. */
export const basics: readonly StoreCase[] = [
  {
    id: 'get/absent',
    title: 'get of a key that was never written gives null',
    why: 'Null alone means that a person has no second factor yet. Anything else is an error at every first login.',
    async run({ store, key }) {
      await isAbsent(store, key())
    },
  },
  {
    id: 'put/insert',
    title: 'put over null writes where there is no record, and get gives its version and body',
    why: 'The first record is the enrolment. Lost or altered, the account has no second factor, or one that opens for nobody.',
    async run({ store, key }) {
      const [where, write] = [key(), newWrite()]
      await accepts(store, where, write, null)
      await holds(store, where, write)
    },
  },
  {
    id: 'put/update',
    title: 'put over the version on record writes version and body',
    why: 'Every code that was used is remembered in an update. A body that stays as it was lets the code in again.',
    async run({ store, other, key }) {
      const where = key()
      let last = newWrite()
      await accepts(store, where, last, null)
      for (const client of [store, other, store]) {
        const next = newWrite()
        await accepts(client, where, next, last.version)
        await holds(client, where, next)
        last = next
      }
    },
  },
  {
    id: 'put/answer',
    title: 'put gives exactly true or false',
    why: 'Core takes nothing else for an answer. A 1 or "OK" ends as a store that failed, and nobody can sign in.',
    async run({ store, key }) {
      const [where, write] = [key(), newWrite()]
      for (const ifVersion of [null, null, write.version, write.version]) {
        const answer: unknown = await store.put(where, ifVersion === null ? write : newWrite(), ifVersion)
        if (typeof answer !== 'boolean')
          throw new Error(`put gave ${describe(answer)}, which is neither true nor false`)
      }
    },
  },
  {
    id: 'put/occupied',
    title: 'put over null is refused where there is a record, and changes nothing',
    why: 'An insert that overwrites replaces the factors of an account by those of whoever enrolled last.',
    async run({ store, other, key }) {
      const [where, first] = [key(), newWrite()]
      await accepts(store, where, first, null)
      await refuses(store, where, newWrite(), null)
      await refuses(other, where, newWrite(), null)
      await holds(store, where, first, ' after a refused insert')
    },
  },
  {
    id: 'put/stale',
    title: 'put over another version than the one on record is refused, and changes nothing',
    why: 'Two logins with the same code read the same version. The second must be refused, or the code works twice.',
    async run({ store, other, key }) {
      const [where, first, second] = [key(), newWrite(), newWrite()]
      await accepts(store, where, first, null)
      await accepts(store, where, second, first.version)
      for (const version of [first.version, newVersion()]) {
        await refuses(store, where, newWrite(), version)
        await refuses(other, where, newWrite(), version)
      }
      await holds(store, where, second, ' after refused updates')
    },
  },
  {
    id: 'put/absent',
    title: 'put over a version is refused where there is no record, and makes none',
    why: 'A record that is gone stays gone: an update that inserts would bring back the factors of a deleted account.',
    async run({ store, key }) {
      const where = key()
      await refuses(store, where, newWrite(), newVersion())
      await isAbsent(store, where, ' after a refused update')
    },
  },
  {
    id: 'delete/present',
    title: 'delete removes the record, for every client',
    why: 'Deleting is how an account is forgotten. What stays is the second factor of whoever gets that user id next.',
    async run({ store, other, key }) {
      const [where, write] = [key(), newWrite()]
      await accepts(store, where, write, null)
      await holds(other, where, write)
      await store.delete(where)
      await isAbsent(store, where, ' after delete')
      await isAbsent(other, where, ' to another client after delete')
    },
  },
  {
    id: 'delete/absent',
    title: 'delete of a key that is not there does nothing',
    why: 'Accounts without a second factor are deleted, too, and a deletion that was interrupted is tried again.',
    async run({ store, key }) {
      const where = key()
      await store.delete(where)
      await store.delete(where)
      await isAbsent(store, where)
    },
  },
  {
    id: 'delete/stale-put',
    title: 'put over the version that was deleted is refused, and brings nothing back',
    why: 'A login that is under way while an account is deleted must not write the account back.',
    async run({ store, other, key }) {
      const [where, first, second] = [key(), newWrite(), newWrite()]
      await accepts(store, where, first, null)
      await accepts(store, where, second, first.version)
      await other.delete(where)
      for (const version of [second.version, first.version]) await refuses(store, where, newWrite(), version)
      await isAbsent(store, where, ' after refused updates of a deleted record')
      await isAbsent(other, where, ' after refused updates of a deleted record')
    },
  },
  {
    id: 'delete/insert-again',
    title: 'put over null writes again after a delete',
    why: 'Somebody who comes back enrols again. A tombstone that refuses the insert locks them out for ever.',
    async run({ store, other, key }) {
      const where = key()
      for (const client of [store, other, store]) {
        const write = newWrite()
        await accepts(client, where, write, null)
        await holds(client, where, write)
        await client.delete(where)
      }
    },
  },
  {
    id: 'delete/neighbours',
    title: 'delete leaves every other key alone',
    why: 'Deleting one account must not turn the second factor off for another.',
    async run({ store, keys, key }) {
      const near = keys('', 'a', 'ab', 'b')
      const whole = key()
      const twin = newKey().slice(0, 32) + whole.slice(32)
      const all = [...near, whole, twin]
      const writes = new Map(all.map(where => [where, newWrite()]))
      for (const [where, write] of writes) await accepts(store, where, write, null)
      for (const gone of all) {
        await store.delete(gone)
        writes.delete(gone)
        for (const [where, write] of writes) await holds(store, where, write, ' after another key was deleted')
      }
    },
  },
  {
    id: 'summary/any',
    title: 'put takes any summary and takes none, in any order, and takes the same for two keys',
    why: 'Core gives a summary with the records of people and none with counters. A subject has up to 256 characters, and a record in every namespace; what refuses one cannot be enrolled.',
    async run({ store, other, key }) {
      const where = key()
      const longest = newKey().padEnd(longestSubject, 'ü')
      const subject = `conformance ${newKey().slice(0, 12)} Ünïcode 𝟘 ' " \\ %`
      const summaries = [
        { subject, enabled: true, methods: ['totp', 'recovery_code'], recoveryCodesLeft: 10 },
        null,
        { subject, enabled: false, methods: [], recoveryCodesLeft: 0 },
        { subject: longest, enabled: true, methods: ['totp'], recoveryCodesLeft: 0 },
      ]
      for (const orders of [summaries, [null, ...summaries]]) {
        let last: string | null = null
        for (const summary of orders) {
          const write = newWrite({ summary })
          await accepts(store, where, write, last)
          await holds(other, where, write)
          last = write.version
        }
        await store.delete(where)
      }
      for (const namespace of [key(), key()]) {
        const write = newWrite({ summary: { subject, enabled: true, methods: ['totp'], recoveryCodesLeft: 10 } })
        await accepts(store, namespace, write, null)
        await holds(other, namespace, write)
      }
    },
  },
]

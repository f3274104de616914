import { accepts, holds, refuses } from '../expect.js'
import type { StoreCase } from '../trial.js'
import { newWrite } from '../writes.js'

/** What a version is compared by. */
export const versions: readonly StoreCase[] = [
  {
    id: 'version/aba',
    title: 'put over the version that was read is refused after others deleted and wrote the same body again',
    why: 'What was read is another record by now, with another history: a store that compares bodies, or counts versions from 1, takes one for the other.',
    async run({ store, other, key }) {
      const [where, read] = [key(), newWrite()]
      await accepts(store, where, read, null)
      const again = newWrite({ body: read.body.slice() })
      await other.delete(where)
      await accepts(other, where, again, null)
      await refuses(store, where, newWrite(), read.version)

      const detour = newWrite()
      const back = newWrite({ body: read.body.slice() })
      await accepts(other, where, detour, again.version)
      await accepts(other, where, back, detour.version)
      await refuses(store, where, newWrite(), again.version)
      await holds(store, where, back, ' after refused updates')
    },
  },
  {
    id: 'version/digits',
    title: 'versions that differ in one digit are two',
    why: 'A version that is cut or folded lets a stale write through, and with it a used code.',
    async run({ store, key }) {
      const where = key()
      const write = newWrite()
      await accepts(store, where, write, null)
      for (let index = 0; index < write.version.length; index++) {
        const digit = write.version[index] === '0' ? '1' : '0'
        const near = write.version.slice(0, index) + digit + write.version.slice(index + 1)
        await refuses(store, where, newWrite(), near)
      }
      await holds(store, where, write, ' after refused updates')
    },
  },
  {
    id: 'version/numbers',
    title: 'versions are compared as text, also where they read as equal numbers',
    why: 'Hexadecimal digits may look like a decimal number or an exponent; compared as numbers, versions that differ are equal.',
    async run({ store, key }) {
      const alike: [string, string][] = [
        ['00000000000000000000000000000010', '000000000000000000000000000001e1'],
        ['10000000000000000000000000000001', '10000000000000000000000000000002'],
        ['00000000000000000000000000000000', '000000000000000000000000000000e5'],
      ]
      for (const [version, near] of alike) {
        const where = key()
        const write = newWrite({ version })
        await accepts(store, where, write, null)
        await refuses(store, where, newWrite(), near)
        await holds(store, where, write, ' after a refused update')
        await accepts(store, where, newWrite({ version: near }), version)
      }
    },
  },
  {
    id: 'version/other-key',
    title: 'the version of one key says nothing of another',
    why: 'Records are apart: what was read of one account must not open the way to write another.',
    async run({ store, key }) {
      const [one, two] = [key(), key()]
      const [first, second] = [newWrite(), newWrite()]
      await accepts(store, one, first, null)
      await accepts(store, two, second, null)
      await refuses(store, one, newWrite(), second.version)
      await refuses(store, two, newWrite(), first.version)
      await holds(store, one, first)
      await holds(store, two, second)
    },
  },
]

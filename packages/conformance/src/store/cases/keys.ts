import { accepts, holds, isAbsent } from '../expect.js'
import type { StoreCase, Trial } from '../trial.js'
import { newWrite } from '../writes.js'

/** Keys that look alike are each absent until written, each have their own record, and each go alone. */
async function keepsApart({ store, other }: Trial, keys: readonly string[]): Promise<void> {
  const names = keys.map(key => JSON.stringify(key))
  const writes = keys.map(() => newWrite())
  for (const [index, key] of keys.entries()) {
    const write = writes[index] ?? newWrite()
    await isAbsent(store, key, ` for ${names[index]} while only ${names.slice(0, index).join(', ')} was written`)
    await accepts(store, key, write, null)
  }
  const hold = (from: number, when: string) =>
    Promise.all(
      keys.slice(from).map((key, offset) => {
        const index = from + offset
        return holds(other, key, writes[index] ?? newWrite(), ` for ${names[index]}${when}`)
      }),
    )
  await hold(0, '')
  for (const [index, key] of keys.entries()) {
    const write = newWrite()
    await accepts(store, key, write, writes[index]?.version ?? null)
    writes[index] = write
  }
  await hold(0, ' after all were updated')
  for (const [index, key] of keys.entries()) {
    await store.delete(key)
    await hold(index + 1, ` after ${names[index]} was deleted`)
  }
}

const merged = 'Two people whose keys are merged share a second factor: one signs in with the codes of the other.'

/** Keys are opaque and compared to the byte. Core passes 64 hexadecimal digits; a store must not count on it. */
export const keys: readonly StoreCase[] = [
  {
    id: 'keys/case',
    title: 'keys that differ in case are two',
    why: `${merged} Many databases ignore case by default.`,
    run: trial => keepsApart(trial, trial.keys('a', 'A', 'ab', 'aB', 'ÿ', 'Ÿ')),
  },
  {
    id: 'keys/accents',
    title: 'keys that differ in an accent are two, and so are letters that sort alike',
    why: `${merged} Collations made for names put é beside e and ß beside ss.`,
    run: trial => keepsApart(trial, trial.keys('e', 'é', 'ss', 'ß', 'i', 'ı', 'o', 'ø')),
  },
  {
    id: 'keys/normalization',
    title: 'keys that differ in their Unicode form are two',
    why: `${merged} What normalizes text on its way merges them.`,
    run: trial => keepsApart(trial, trial.keys('\u00e9', 'e\u0301', 'a', '\uff41', 'fi', '\ufb01', '\u212b', '\u00c5')),
  },
  {
    id: 'keys/astral',
    title: 'keys that differ in a character beyond the 16-bit plane are two',
    why: `${merged} Columns of three-byte UTF-8 drop such characters or replace them.`,
    run: trial => keepsApart(trial, trial.keys('', '?', '\ufffd', '\u{1d7d8}', '\u{1f511}', '\u{1f512}')),
  },
  {
    id: 'keys/spaces',
    title: 'keys that differ in a space at the end are two',
    why: `${merged} SQL compares padded text without its trailing spaces.`,
    run: trial => keepsApart(trial, trial.keys('', ' ', '  ', '\t', '\u00a0')),
  },
  {
    id: 'keys/digits',
    title: 'keys of 64 digits that differ in one of them are two',
    why: `${merged} A key that is cut off loses the digits that tell people apart.`,
    run: trial => {
      const key = trial.key()
      const flipped = [0, 15, 16, 31, 32, 47, 62, 63].map(index => {
        const digit = key[index] === '0' ? '1' : '0'
        return key.slice(0, index) + digit + key.slice(index + 1)
      })
      return keepsApart(trial, [key, ...flipped])
    },
  },
  {
    id: 'keys/prefix',
    title: 'a key that begins with another is a key of its own',
    why: `${merged} What looks up by prefix finds the wrong person.`,
    run: trial => keepsApart(trial, trial.keys('', '0', '00', '000')),
  },
  {
    id: 'keys/patterns',
    title: 'a key that reads as a pattern finds and deletes only itself',
    why: `${merged} In LIKE and KEYS some characters stand for others.`,
    run: trial => keepsApart(trial, trial.keys('ab', 'a_', '__', 'a%', '%', 'a*', '*', '?', '[a]', '.')),
  },
  {
    id: 'keys/marks',
    title: 'keys that differ in a punctuation mark are two',
    why: `${merged} Marks that are escaped, replaced, or read as a path or a hash tag make one key of two.`,
    run: trial =>
      keepsApart(
        trial,
        trial.keys('_', '-', ':', '/', '\\', '//', '/.', "'", "''", '"', '{a}', '{b}', '+', '%20', '#'),
      ),
  },
  {
    id: 'keys/objects',
    title: 'keys that are names of every object are absent like any other',
    why: 'A plain object as a map has a "constructor" that nobody wrote: a record out of nothing.',
    async run({ store }) {
      for (const key of ['__proto__', 'constructor', 'toString', 'hasOwnProperty', 'length']) {
        await isAbsent(store, key, ` for ${JSON.stringify(key)}`)
      }
    },
  },
]

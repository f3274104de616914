import type { Write } from '@sallyport/core'
import { describe } from '../../describe.js'
import { accepts, differenceOf, holds, look } from '../expect.js'
import type { StoreCase, Trial } from '../trial.js'
import { bodyOf, largestBody, newVersion, newWrite } from '../writes.js'

const bytes = (...values: number[]): Write['body'] => Uint8Array.from(values)
const text = (value: string): Write['body'] => new TextEncoder().encode(value).slice()
const range = (length: number) => Array.from({ length }, (_, index) => index)

/** Puts each of these and gets it back, inserted and as an update. */
async function keepsEach({ store, other, key }: Trial, bodies: Readonly<Record<string, Write['body']>>): Promise<void> {
  for (const [name, body] of Object.entries(bodies)) {
    const where = key()
    const inserted = newWrite({ body })
    await accepts(store, where, inserted, null)
    await holds(other, where, inserted, ` of ${name}`)
    const updated = newWrite({ body })
    await accepts(store, where, updated, inserted.version)
    await holds(store, where, updated, ` of ${name}`)
  }
}

const ciphertext =
  'A body is ciphertext: one bit that changes, and the record does not open. The account is locked until an operator resets it.'

/** Bodies come back to the byte, and are nobody else's. */
export const bodies: readonly StoreCase[] = [
  {
    id: 'body/bytes',
    title: 'a body of any bytes comes back as it was',
    why: ciphertext,
    run: trial =>
      keepsEach(trial, {
        'all 256 bytes': bytes(...range(256)),
        'all 256 bytes, backwards': bytes(...range(256).reverse()),
        'bytes that are no UTF-8': bytes(0xc3, 0x28, 0xff, 0xfe, 0x80, 0xed, 0xa0, 0x80, 0xf5, 0xc0, 0x80),
        'byte order marks': bytes(0xef, 0xbb, 0xbf, 0xff, 0xfe, 0xfe, 0xff),
      }),
  },
  {
    id: 'body/ends',
    title: 'zeros, spaces and line breaks at the ends of a body stay',
    why: `${ciphertext} Columns of fixed length pad and trim.`,
    run: trial =>
      keepsEach(trial, {
        'one zero': bytes(0),
        'zeros alone': new Uint8Array(64),
        'zeros at the end': bytes(7, 0, 0, 0),
        'zeros at the beginning': bytes(0, 0, 0, 7),
        'spaces at the ends': text('  a  '),
        'a line break at the end': text('a\n'),
        '0xff alone': bytes(...Array<number>(64).fill(0xff)),
      }),
  },
  {
    id: 'body/text',
    title: 'a body that reads as text of some form is not taken for it',
    why: `${ciphertext} A body may look like anything, also like what a driver would unescape.`,
    run: trial =>
      keepsEach(trial, {
        'line breaks of three kinds': text('a\r\nb\nc\rd'),
        'quotes and backslashes': text(`'"\\\`\\x41\\u0041%s$1{}`),
        'hexadecimal digits': text('\\xdeadbeef'),
        base64: text('AAECAwQ='),
        'a number': text('1e3'),
        JSON: text('{"type":"Buffer","data":[1]}'),
      }),
  },
  {
    id: 'body/largest',
    title: 'a body of 32 KiB comes back whole',
    why: 'A record grows with authenticators, devices and allowlists. One that is cut off does not open.',
    run: trial => {
      const large = crypto.getRandomValues(new Uint8Array(largestBody))
      return keepsEach(trial, {
        '255 bytes': large.slice(0, 255),
        '4097 bytes': large.slice(0, 4097),
        '32 KiB less one': large.slice(1),
        '32 KiB': large,
      })
    },
  },
  {
    id: 'body/shorter',
    title: 'a shorter body leaves nothing of the longer one before it',
    why: 'With the old tail behind it the record does not open; and what was deleted from it must be gone.',
    async run({ store, key }) {
      const where = key()
      let last: string | null = null
      for (const length of [5000, 300, 1, 300]) {
        const version = newVersion()
        const write = newWrite({ version, body: bodyOf(version, length) })
        await accepts(store, where, write, last)
        await holds(store, where, write, ` after an update to ${length} bytes`)
        last = version
      }
    },
  },
  {
    id: 'body/view',
    title: 'a body that is a view into a larger buffer is written alone',
    why: 'What lies beside it in memory may be another record, or a key. Writing the buffer in place of the view stores it.',
    run: trial => {
      const around = crypto.getRandomValues(new Uint8Array(300))
      return keepsEach(trial, { 'the middle of a buffer': around.subarray(100, 164) })
    },
  },
  {
    id: 'body/kept',
    title: 'a body that the caller changes after put stays as it was put',
    why: 'A buffer that store and caller share changes the record without a version: no writer notices, and it no longer opens.',
    async run({ store, other, key }) {
      const where = key()
      let last: string | null = null
      for (let round = 0; round < 2; round++) {
        const write = newWrite()
        const original = { ...write, body: write.body.slice() }
        await accepts(store, where, write, last)
        write.body.fill(0)
        await holds(store, where, original, ' after the caller changed the buffer given to put')
        await holds(other, where, original, ' after the caller changed the buffer given to put')
        last = write.version
      }
    },
  },
  {
    id: 'body/given',
    title: 'a body that get gave is the reader’s own',
    why: 'Two logins at once read the same record. What one does to its copy must reach neither the other nor the record.',
    async run({ store, key }) {
      const [where, write] = [key(), newWrite()]
      await accepts(store, where, write, null)
      const [first, second] = await Promise.all([look(store, where), look(store, where)])
      if (first === null || second === null) throw new Error(`get gave ${describe(null)} after an insert`)
      first.body.fill(0)
      const difference = differenceOf(second.body, write.body)
      if (difference !== null) throw new Error(`two calls of get gave one buffer: ${difference}`)
      await holds(store, where, write, ' after a reader changed the buffer that get gave')
    },
  },
]

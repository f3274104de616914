import type { Store, Stored, Write } from '@sallyport/core'
import { newStore } from './new-store.js'

/** What happens to one call of `put`. */
export type PutFault =
  | 'fine'
  | 'throw before' // nothing was written
  | 'throw after' // it was written, and the reply was lost
  | 'resend' // it was written, the reply was lost, the driver resent it, and that met itself
  | 'hang before' // nothing was written, and no reply ever comes
  | 'hang after' // it was written, and no reply ever comes
  | 'land later' // no reply ever comes; it is written at the next call of put
  | 'land at second look' // no reply ever comes; it is written before the second next call of get
  | 'conflict' // refused, though nobody else wrote
  | 'overtaken' // somebody else wrote first
  | 'nonsense' // a value that is no boolean

/** What happens to one call of `get`. */
export type GetFault = 'fine' | 'throw' | 'hang' | 'stale' | 'nothing' | 'nonsense'

/**
 * A store whose next calls fail as they are told to; afterwards it is fine.
 *
 * @param hangs told of each call that no reply will ever come to
 */
export function faultyStore(hangs: () => void = () => {}) {
  const inner = newStore()
  const puts: PutFault[] = []
  const gets: GetFault[] = []
  const earlier = new Map<string, Stored>()
  let later: (() => Promise<unknown>) | undefined
  let looks = 0
  let atLook: (() => Promise<unknown>) | undefined
  const writes: Write[] = []
  /** Writes as another process would: set by a test that needs `overtaken`. */
  const other: { write: (() => Promise<unknown>) | undefined } = { write: undefined }

  const hang = <T>(): Promise<T> => {
    hangs()
    return new Promise(() => {})
  }
  const store: Store = {
    async get(key) {
      if (atLook !== undefined && ++looks > 2) {
        await atLook()
        atLook = undefined
      }
      switch (gets.shift() ?? 'fine') {
        case 'throw':
          throw new Error('connection refused')
        case 'hang':
          return hang()
        case 'stale':
          return earlier.get(key) ?? null
        case 'nothing':
          return null
        case 'nonsense':
          return { body: 'text' } as unknown as Stored
        default:
          return inner.get(key)
      }
    },
    async put(key, record, ifVersion) {
      const fault = puts.shift() ?? 'fine'
      writes.push(record)
      await later?.()
      later = undefined
      const write = async () => {
        const before = await inner.get(key)
        const landed = await inner.put(key, record, ifVersion)
        if (landed && before !== null) earlier.set(key, before)
        return landed
      }
      switch (fault) {
        case 'throw before':
          throw new Error('connection reset')
        case 'throw after':
          await write()
          throw new Error('connection reset')
        case 'resend':
          await write()
          return write()
        case 'hang before':
          return hang()
        case 'hang after':
          await write()
          return hang()
        case 'land later':
          later = write
          return hang()
        case 'land at second look':
          looks = 0
          atLook = write
          return hang()
        case 'conflict':
          return false
        case 'overtaken':
          await other.write?.()
          return write()
        case 'nonsense':
          return 'yes' as unknown as boolean
        default:
          return write()
      }
    },
    delete: key => inner.delete(key),
  }
  return { store, inner, puts, gets, writes, other }
}

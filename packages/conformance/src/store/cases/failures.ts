import { describe } from '../../describe.js'
import type { StoreCase } from '../trial.js'
import { newKey, newVersion, newWrite } from '../writes.js'

/** A backend that is down says so. */
export const failures: readonly StoreCase[] = [
  {
    id: 'failure/thrown',
    title: 'get, put and delete of a client that cannot reach its backend reject',
    why: 'Null means that somebody has no second factor, and true that a code is used up. A database that is down must not say either.',
    excuse: ({ broken }) => (broken === undefined ? 'broken is not given' : null),
    async run({ broken }) {
      const store = await broken()
      const calls: Record<string, () => Promise<unknown>> = {
        get: () => store.get(newKey()),
        'put over no record': () => store.put(newKey(), newWrite(), null),
        'put over a version': () => store.put(newKey(), newWrite(), newVersion()),
        delete: () => store.delete(newKey()),
      }
      const outcomes = Object.entries(calls).map(async ([name, call]) => {
        const answer = await call().then(
          value => ({ value }),
          () => null,
        )
        if (answer === null) return
        throw new Error(
          `${name} of a client that cannot reach its backend gave ${describe(answer.value)}; an error was due`,
        )
      })
      await Promise.all(outcomes)
    },
  },
]

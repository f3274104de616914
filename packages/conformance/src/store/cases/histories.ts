import { record, violationOf } from '../history.js'
import { largestSeed } from '../random.js'
import type { StoreCase } from '../trial.js'

const rounds = 12

/** Calls that may fail in a round, of about a hundred: with more, nothing can be said of the others, and a search for an order may not end. */
const mostFailures = 8

/** What the other cases did not think of. */
export const histories: readonly StoreCase[] = [
  {
    id: 'history/linearizable',
    title: 'random calls of six clients at once have an order in which every answer is right',
    why: 'Every rule of a login, that a code works once and a guess is counted, rests on reads and writes that have one order for all processes.',
    clients: 6,
    timeout: 120_000,
    async run({ stores, seed, key }) {
      for (let round = 0; round < rounds; round++) {
        // Each round has a seed of its own: the one of a failure makes the same plan in the first round.
        const ofRound = (seed + round) % (largestSeed + 1)
        const keys = Array.from({ length: 1 + (ofRound % 3) }, key)
        const recording = await record(stores, keys, ofRound)
        const again = `\nTo make the same plan again: seed ${ofRound}`
        if (recording.failures.length > mostFailures) {
          throw new Error(`${recording.failures.length} calls failed${again}`, { cause: recording.failures[0] })
        }
        const violation = violationOf(recording)
        if (violation !== null) throw new Error(violation + again)
      }
    },
  },
]

/**
 * Random sequences of everything that people, thieves, operators and machines may do, held against the reference after every
 * step. A failure prints the seed and the shortest sequence that was found.
 */
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { commands } from './commands.js'
import * as verbs from './verbs.js'
import type { Rules } from './words.js'
import { places, World } from './world.js'

const rules: fc.Arbitrary<Rules> = fc.record({
  window: fc.constantFrom(1, 1, 1, 0, 2, 10),
  required: fc.constantFrom<Rules['required'][]>(false, true, new Date('2100-03-02T12:00:00Z')),
  unenrolled: fc.constantFrom('enroll', 'enroll', 'enroll', 'deny'),
})

const here = { follow: true, binding: 'session-1', credential: undefined } as const
const fresh = { kind: 'fresh', nth: 0, offset: 0, spelling: 'as written' } as const
/** More of them for a night: `MODEL_RUNS=20000`. */
const runs = Number(process.env['MODEL_RUNS'] ?? 240)

const reached = [
  ...['login.begin', 'login.verify', 'login.enroll', 'login.confirm'],
  ...['stepUp.begin', 'stepUp.verify', 'stepUp.redeem'],
  ...['totp.enroll', 'totp.confirm', 'remove', 'regenerate', 'disable'],
  ...['operator.import', 'operator.reset', 'operator.unlock'],
]

/** Gives the first subject so many authenticators. */
async function enroll(world: World, authenticators: number): Promise<void> {
  const alice = places[0]
  if (alice === undefined) return
  for (let count = 0; count < authenticators; count++) {
    const proof = count === 0 ? ({ none: true } as const) : { answer: fresh }
    const token = await verbs.enroll(world, alice, { context: here, resume: null, replaces: null, proof })
    await verbs.confirm(world, alice, token, fresh, here)
    world.clock.advance(60_000)
  }
}

describe('whatever happens, in whatever order', () => {
  it('R4, R10, R18, R31, R33, R34: what comes of it is what the rules say, and nothing is taken twice', {
    timeout: 60_000 + runs * 500,
  }, async () => {
    const tally = new Map<string, number>()
    await fc.assert(
      fc.asyncProperty(rules, fc.nat({ max: 2 }), commands(40), async (given, authenticators, sequence) => {
        const world = new World(given, tally)
        await enroll(world, authenticators)
        await fc.asyncModelRun(() => ({ model: {}, real: world }), sequence)
      }),
      { numRuns: runs },
    )
    // Not one run in which the interesting never came about: of each verb many were accepted, and many refused.
    for (const verb of reached) {
      expect(tally.get(`${verb} accepted`) ?? 0, verb).toBeGreaterThanOrEqual(3)
      if (verb !== 'operator.reset' && verb !== 'operator.unlock') {
        expect(tally.get(`${verb} refused`) ?? 0, verb).toBeGreaterThanOrEqual(3)
      }
    }
    for (const verb of ['login.verify', 'stepUp.verify', 'totp.enroll', 'totp.confirm', 'regenerate']) {
      expect(tally.get(`${verb} wrong`) ?? 0, verb).toBeGreaterThanOrEqual(1)
    }
  })
})

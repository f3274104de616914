/** Random verbs at once on one record: what came of them is what some order of them, one after another, would have given. */
import { isRefusal } from '@sallyport/core'
import { memoryStore } from '@sallyport/memory'
import fc from 'fast-check'
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { tally } from '../support/harness.js'
import { anOperation, layTable, type Operation } from './operations.js'
import type { Account } from './reference.js'
import type { Verdict } from './words.js'
import { learnIds, statusOf, World } from './world.js'

type Result = { value: unknown; code: null } | { value: null; code: string; retryAfter: number | null }

function agrees(verdict: Verdict, result: Result): boolean {
  if (verdict.is === 'accepted') return result.code === null
  if (result.code === null) return false
  if (verdict.is === 'refused') return verdict.codes.includes(result.code)
  return result.code === 'invalid_code' && result.retryAfter === verdict.retryAfter
}

/** Whether the rest can be put in an order that gives every one of its results and ends as `fits` wants it. */
function hasOrder(
  account: Account,
  rest: readonly { operation: Operation; result: Result }[],
  fits: (end: Account) => boolean,
): boolean {
  if (rest.length === 0) return fits(account)
  return rest.some(({ operation, result }, at) => {
    const next = account.clone()
    return agrees(operation.judge(next, result.value), result) && hasOrder(next, rest.toSpliced(at, 1), fits)
  })
}

async function settle(promise: Promise<unknown>): Promise<Result> {
  try {
    return { value: await promise, code: null }
  } catch (error) {
    if (!isRefusal(error)) throw error
    return { value: null, code: error.code, retryAfter: error.retryAfter }
  }
}

/** A store whose calls are taken in the order that a scheduler draws, once it is on. */
function shuffledStore() {
  const inner = memoryStore()
  let scheduler: fc.Scheduler | null = null
  const drawn = <T>(label: string, call: () => Promise<T>): Promise<T> =>
    scheduler === null ? call() : scheduler.schedule(Promise.resolve(), label).then(call)
  return {
    store: {
      get: (key: string) => drawn('get', () => inner.get(key)),
      put: (...write: Parameters<typeof inner.put>) => drawn('put', () => inner.put(...write)),
      delete: (key: string) => inner.delete(key),
    },
    shuffle(by: fc.Scheduler | null) {
      scheduler = by
    },
  }
}

beforeEach(() => {
  // The scheduler alone decides who comes first: contenders do not wait for each other as well.
  vi.spyOn(Math, 'random').mockReturnValue(0)
})

afterEach(() => {
  vi.restoreAllMocks()
})

const rules = { window: 1, required: false, unenrolled: 'enroll' } as const

describe('verbs at once', () => {
  it('R4, R10, R18, R34, R41: come out as in some order one after another, and nothing is taken twice', {
    timeout: 120_000,
  }, async () => {
    const endings = new Map<string, number>()
    const many = fc.array(anOperation, { minLength: 2, maxLength: 8, size: 'max' })
    await fc.assert(
      fc.asyncProperty(many, fc.scheduler(), async (makers, scheduler) => {
        const { store, shuffle } = shuffledStore()
        const world = new World(rules, undefined, store)
        const table = await layTable(world)
        const { alice, moment } = table
        const operations = makers.map(make => make(table))
        const ended = world.endedSessions.length
        shuffle(scheduler)
        const results = await scheduler.waitFor(
          Promise.all(operations.map(operation => settle(operation.run(world.application(alice))))),
        )
        shuffle(null)
        const all = operations.map((operation, at) => ({ operation, result: results[at] as Result }))
        for (const { result } of all) endings.set(result.code ?? 'ok', (endings.get(result.code ?? 'ok') ?? 0) + 1)

        const succeeded = all.filter(({ result }) => result.code === null)
        const used = succeeded.flatMap(({ operation }) => operation.uses)
        expect(new Set(used).size, 'nothing was taken twice').toBe(used.length)
        const changes = succeeded.filter(({ operation }) => operation.changes).length
        expect(world.endedSessions.length - ended).toBe(changes)
        expect(results.filter(({ code }) => code === 'outcome_unknown')).toEqual([])

        const status = await world.status(alice)
        const counted = all.filter(({ result }) => result.code !== 'busy')
        const ordered = hasOrder(world.account(alice), counted, end => {
          learnIds(end, status)
          return JSON.stringify(statusOf(end, moment.now)) === JSON.stringify(status)
        })
        const report = all.map(({ operation, result }) => `${operation.name}: ${result.code ?? 'ok'}`)
        expect(ordered, `no order of these gives ${JSON.stringify(status)}:\n${report.join('\n')}`).toBe(true)
      }),
      { numRuns: 150 },
    )
    for (const ending of ['ok', 'invalid_code', 'challenge_expired', 'proof_required']) {
      expect(endings.get(ending) ?? 0, ending).toBeGreaterThan(10)
    }
  })

  it('R10: give parallel guesses five answers together, under one challenge or under many', async () => {
    for (const challenges of [1, 3]) {
      const world = new World(rules)
      const { logins, alice } = await layTable(world)
      const guesses = Array.from({ length: 24 }, (_, at) =>
        world.application(alice).login.verify(
          logins[at % challenges]?.text,
          // One digit too many: wrong whatever the authenticator shows.
          { method: 'totp', code: '0000000' },
          { binding: 'session-1' },
        ),
      )
      const { invalid_code = 0, locked = 0, busy = 0, ...others } = await tally(guesses)
      expect(others).toEqual({})
      expect(invalid_code).toBe(5)
      expect(invalid_code + locked + busy).toBe(24)
    }
  })
})

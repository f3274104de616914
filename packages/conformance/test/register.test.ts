import { type ConformanceCase, register, storeSuite, type TestFunction } from '@sallyport/conformance'
import { memoryStore } from '@sallyport/memory'
import { describe, expect, it, test } from 'vitest'
import { node } from './support/spawn.js'

const store = memoryStore()
// Under this very runner. What is excused would be a test skipped.
describe.concurrent('R47: memoryStore keeps the contract', () => {
  register(
    test,
    storeSuite({ open: () => store }).filter(({ excused }) => excused === null),
  )
})

const sample = (changes: Partial<ConformanceCase> = {}): ConformanceCase => ({
  id: 'group/name',
  level: 'MUST',
  title: 'it holds',
  why: 'It matters.',
  timeout: 1_000,
  excused: null,
  run: async () => {},
  ...changes,
})

/** A runner that notes down what it is given. */
function runner() {
  const tests: { name: string; run: () => Promise<void>; timeout: number | undefined }[] = []
  const skipped: string[] = []
  const register = (name: string, run: () => Promise<void>, timeout?: number): unknown =>
    tests.push({ name, run, timeout })
  return { tests, skipped, register, skip: (name: string) => skipped.push(name) }
}

describe('register', () => {
  it('gives each test a name, and more time than the case takes', () => {
    const { tests, register: take, skip } = runner()
    register(Object.assign(take, { skip }), [sample(), sample({ level: 'SHOULD', timeout: 60_000 })])
    expect(tests).toMatchObject([
      { name: 'group/name (MUST): it holds', timeout: 6_000 },
      { name: 'group/name (SHOULD): it holds', timeout: 65_000 },
    ])
    // Runners take a function with a parameter for one that calls back.
    expect(tests.map(({ run }) => run.length)).toEqual([0, 0])
  })

  it('tells why it matters where a case fails', async () => {
    const { tests, register: take, skip } = runner()
    const cause = new Error('get gave null')
    register(Object.assign(take, { skip }), [sample({ run: () => Promise.reject(cause) })])
    await expect(tests[0]?.run()).rejects.toThrow(
      expect.objectContaining({ message: 'get gave null\n\nWhy it matters: It matters.', cause }),
    )
  })

  it('skips what is excused, by whichever name the runner has for it', () => {
    for (const name of ['skip', 'ignore'] as const) {
      const { tests, skipped, register: take, skip } = runner()
      register(Object.assign(take, { [name]: skip }) as unknown as TestFunction, [sample({ excused: "ttl is 'late'" })])
      expect({ tests, skipped }).toEqual({
        tests: [],
        skipped: ["group/name (MUST): it holds [excused: ttl is 'late']"],
      })
    }
    const { register: take } = runner()
    const neither = take as unknown as TestFunction
    expect(() => register(neither, [sample({ excused: 'so' })])).toThrow('test must have a function skip or ignore')
    expect(() => register(neither, [sample()])).not.toThrow()
  })

  it('sets the time of a mocha test by its method', () => {
    const times: number[] = []
    const it = Object.assign(() => ({ timeout: (ms: number) => times.push(ms) }), { skip: () => {} })
    register(it, [sample()])
    expect(times).toEqual([6_000])
  })
})

describe('node:test', { timeout: 180_000 }, () => {
  const run = (file: string) => node([`packages/conformance/test/runners/${file}`], ['--test', '--test-reporter=tap'])
  const cases = storeSuite({ open: memoryStore })

  it('R47: runs the kit, passes a store that keeps the contract, and skips what is excused', async () => {
    const { code, out } = await run('node-good.ts')
    expect({ code, out }).toEqual({ code: 0, out: expect.stringMatching(/^# fail 0$/m) })
    expect(out).toMatch(new RegExp(`^# pass ${cases.length - 2}$`, 'm'))
    expect(out).toMatch(/^# skipped 2$/m)
  })

  it('R47: fails a store that breaks the contract, and says why it matters', async () => {
    const { code, out } = await run('node-broken.ts')
    expect(code).toBe(1)
    expect(out).toMatch(/^ *not ok \d+ - put\/occupied \(MUST\)/m)
    expect(out).toContain('Why it matters: An insert that overwrites')
  })
})

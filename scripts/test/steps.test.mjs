import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { closure, difference } from '../lib/npm-packages.mjs'
import { Report, StepFailed } from '../lib/steps.mjs'
import { count } from '../lib/vitest.mjs'

describe('the summary', () => {
  /** @type {string[]} */
  let said
  const exitCode = process.exitCode

  beforeEach(() => {
    said = []
    vi.spyOn(console, 'log').mockImplementation(line => void said.push(String(line)))
    vi.stubEnv('CI', '')
  })
  afterEach(() => {
    vi.restoreAllMocks()
    vi.unstubAllEnvs()
    process.exitCode = exitCode
  })

  it('ends with the line that counts every test, and every other step as one', async () => {
    const report = new Report()
    expect(await report.step('build', () => {})).toBe(true)
    await report.step('tests', () => ({ passed: 7, failed: 0, skipped: ['slow'] }))
    report.finish()
    expect(said.at(-1)).toBe('8 passed, 0 failed, 1 skipped')
    expect(said).toContain('  slow')
    expect(process.exitCode).toBe(0)
  })

  it('names what failed, and why, where the log of a long run may be cut', async () => {
    const report = new Report()
    await report.step('tests', () => ({ passed: 7, failed: 1, skipped: [], failures: ['a.test.ts › a race: no'] }))
    report.finish()
    expect(said).toContain('  a.test.ts › a race: no')
    expect(said.at(-1)).toBe('7 passed, 1 failed, 0 skipped')
  })

  it('runs what does not need a step that failed, and fails', async () => {
    const report = new Report()
    const ran = vi.fn()
    await report.step('build', () => Promise.reject(new StepFailed('no')))
    await report.step('packages', ran, { needs: ['build'] })
    expect(ran).not.toHaveBeenCalled()
    await report.step('types', ran)
    expect(ran).toHaveBeenCalledOnce()
    report.finish()
    expect(said.at(-1)).toBe('1 passed, 2 failed, 0 skipped')
    expect(process.exitCode).toBe(1)
  })

  it('counts a skipped test as failed where CI is set', async () => {
    vi.stubEnv('CI', 'true')
    const report = new Report()
    await report.step('tests', () => ({ passed: 7, failed: 0, skipped: ['slow'] }))
    report.finish()
    expect(said.at(-1)).toBe('7 passed, 1 failed, 0 skipped')
    expect(process.exitCode).toBe(1)
  })

  it('says for want of what a step did not run', () => {
    new Report().step('nothing', () => {}, { needs: ['something'] })
    expect(said.join('\n')).toContain('not run, for want of: something')
  })
})

describe('the count of a test run', () => {
  const result = (/** @type {string} */ status) => ({ status, fullName: `a ${status} test` })

  it('takes every status', () => {
    const assertionResults = ['passed', 'failed', 'skipped', 'pending', 'todo'].map(result)
    const counted = count([{ name: '/x/a.test.ts', status: 'failed', assertionResults }], 1)
    expect(counted).toMatchObject({ passed: 1, failed: 1 })
    expect(counted.skipped).toHaveLength(3)
  })

  it('says of each failure which test it was, and the first line of why', () => {
    const failed = { ...result('failed'), failureMessages: ['Error: 3 is not 4\n    at a.test.ts:1'] }
    const counted = count([{ name: '/x/a.test.ts', status: 'failed', assertionResults: [failed] }], 1)
    expect(counted.failures).toEqual([expect.stringMatching(/a\.test\.ts › a failed test: Error: 3 is not 4$/)])
  })

  it('fails where nothing was found, a file fails outside its tests, or the run fails after them', () => {
    const assertionResults = [result('passed')]
    expect(count([], 0).failed).toBe(1)
    expect(count([{ name: '/x/a.test.ts', status: 'failed', assertionResults: [] }], 1).failed).toBe(1)
    expect(count([{ name: '/x/a.test.ts', status: 'failed', assertionResults }], 1)).toMatchObject({
      passed: 1,
      failed: 1,
    })
    expect(count([{ name: '/x/a.test.ts', status: 'passed', assertionResults }], 1)).toMatchObject({
      passed: 1,
      failed: 1,
    })
    expect(count([{ name: '/x/a.test.ts', status: 'passed', assertionResults }], 0)).toMatchObject({
      passed: 1,
      failed: 0,
    })
  })
})

describe('what is installed', () => {
  const lock = {
    '': { dependencies: { tool: '1' } },
    app: { dependencies: { lib: '1', inner: '1' }, devDependencies: { tool: '1' } },
    'node_modules/lib': { link: true, resolved: 'lib' },
    lib: {
      dependencies: { deep: '1' },
      peerDependencies: { peer: '1', other: '1' },
      peerDependenciesMeta: { other: { optional: true } },
    },
    'node_modules/deep': { version: '1', integrity: 'a' },
    'app/node_modules/inner': { version: '2', dependencies: { deep: '2' } },
    'app/node_modules/inner/node_modules/deep': { version: '2' },
    'node_modules/peer': { version: '1', optionalDependencies: { native: '1' } },
    'node_modules/native': { version: '1', optional: true },
    'node_modules/other': { version: '1' },
    'node_modules/tool': { version: '1' },
  }

  it('is what a workspace needs at run time, by the way of Node.js', () => {
    expect([...closure(lock, 'app')].sort()).toEqual([
      'app',
      'app/node_modules/inner',
      'app/node_modules/inner/node_modules/deep',
      'lib',
      'node_modules/deep',
      'node_modules/lib',
      'node_modules/native',
      'node_modules/peer',
    ])
  })

  it('may lack what is optional, and nothing else', () => {
    const { 'node_modules/native': _, ...withoutOptional } = lock
    const { 'node_modules/deep': __, ...withoutDeep } = lock
    const changed = { ...lock, 'node_modules/deep': { version: '1', integrity: 'b' } }
    expect(difference(lock, withoutOptional, Object.keys(lock))).toBeNull()
    expect(difference(lock, withoutDeep, Object.keys(lock))).toBe('node_modules/deep is missing')
    expect(difference(lock, changed, Object.keys(lock))).toBe('node_modules/deep is another version')
  })
})

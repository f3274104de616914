import { storeSuite } from '@sallyport/conformance'
import { memoryStore } from '@sallyport/memory'
import { describe, expect, it } from 'vitest'
import { brokenStores } from '../support/broken-stores/index.js'
import { caseOf, failures } from '../support/suite.js'

/** Some cases wait for records to expire, and again where they did too early. */
const timeout = 90_000

/** What these cases ask for, all others need. */
const groundwork = ['get/absent', 'put/insert', 'put/answer']

describe.concurrent('the kit, against stores that break the contract', () => {
  it.each(brokenStores)('R47: $caughtBy catches a store that $does', { timeout }, async ({ caughtBy, backend }) => {
    if (!groundwork.includes(caughtBy)) await caseOf('put/insert', backend()).run()
    await expect(caseOf(caughtBy, backend()).run()).rejects.toThrow(/^(?!not done)/)
  })
})

describe('the kit', () => {
  it('R47: passes a store that keeps the contract', { timeout }, async () => {
    const store = memoryStore()
    expect(await failures({ open: () => store }, 'MUST')).toEqual([])
    expect(await failures({ open: () => store }, 'SHOULD')).toEqual([])
  })

  it('has no MUST case that no broken store shows to be able to fail', () => {
    const must = storeSuite({ open: memoryStore }).filter(({ level }) => level === 'MUST')
    expect([...new Set(brokenStores.map(({ caughtBy }) => caughtBy))].sort()).toEqual(must.map(({ id }) => id).sort())
  })
})

/** Every store of the house under the conformance kit, its cases beside each other, `CONFORMANCE_RUNS` times (once by default). */
import { register, storeSuite } from '@sallyport/conformance'
import { afterAll, describe, expect, it, test } from 'vitest'
import { backendNames, openBackend } from '../backends/index.js'

const runs = Number(process.env['CONFORMANCE_RUNS'] ?? 1)
if (!Number.isInteger(runs) || runs < 1) throw new Error('CONFORMANCE_RUNS must be an integer of at least 1')

for (const name of backendNames) {
  const { backend, close } = await openBackend(name)
  afterAll(close)

  describe.concurrent.each(Array.from({ length: runs }, (_, run) => run + 1))(
    `R47: the store on ${name} keeps the contract, run %i`,
    () => {
      const cases = storeSuite(backend)
      // What is excused would be a test skipped.
      register(
        test,
        cases.filter(({ excused }) => excused === null),
      )
    },
  )

  it(`the store on ${name} is excused from nothing but the precision of expiry, and in memory from errors`, () => {
    const excused = storeSuite(backend).filter(each => each.excused !== null)
    const may = name === 'memory' ? ['expiry/dropped', 'failure/thrown'] : ['expiry/dropped']
    expect(may).toEqual(expect.arrayContaining(excused.map(({ id }) => id)))
  })
}

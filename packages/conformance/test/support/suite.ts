import { type ConformanceCase, type StoreBackend, storeSuite } from '@sallyport/conformance'

/** The ids of the cases of a level that a backend fails, all run at once. */
export async function failures(backend: StoreBackend, level: ConformanceCase['level'] = 'MUST'): Promise<string[]> {
  const cases = storeSuite(backend).filter(each => each.level === level && each.excused === null)
  const outcomes = await Promise.allSettled(cases.map(each => each.run()))
  return cases.filter((_, index) => outcomes[index]?.status === 'rejected').map(({ id }) => id)
}

/** One case of a backend's suite. */
export function caseOf(id: string, backend: StoreBackend, seed?: number): ConformanceCase {
  const found = storeSuite(backend, { seed }).find(each => each.id === id)
  if (found === undefined) throw new Error(`no case ${id}`)
  return found
}

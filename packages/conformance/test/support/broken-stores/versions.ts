import { type BrokenStore, breaking, shared } from './breaking.js'

/** The version that is named is compared with the one on record by a rule. */
const compareVersions = (alike: (is: string, should: string) => boolean) =>
  shared(store => ({
    async put(key, write, ifVersion) {
      const is = (await store.get(key))?.version ?? null
      return store.put(key, write, is !== null && ifVersion !== null && alike(is, ifVersion) ? is : ifVersion)
    },
  }))

export const versions: readonly BrokenStore[] = [
  breaking('compares bodies', 'version/aba', () => {
    const bodies = new Map<string, string>()
    return store => ({
      async put(key, write, ifVersion) {
        bodies.set(write.version, write.body.join())
        const stored = await store.get(key)
        const alike = stored !== null && ifVersion !== null && stored.body.join() === bodies.get(ifVersion)
        return store.put(key, write, alike ? stored.version : ifVersion)
      },
    })
  }),
  breaking(
    'compares versions by their beginning',
    'version/digits',
    compareVersions((is, should) => is.slice(0, 16) === should.slice(0, 16)),
  ),
  breaking(
    'compares versions as numbers',
    'version/numbers',
    compareVersions((is, should) => Number(is) === Number(should)),
  ),
  breaking('takes the version of any record', 'version/other-key', () => {
    const present = new Map<string, string>()
    return store => ({
      async put(key, write, ifVersion) {
        const is = (await store.get(key))?.version ?? null
        const known = is !== null && ifVersion !== null && [...present.values()].includes(ifVersion)
        const landed = await store.put(key, write, known ? is : ifVersion)
        if (landed) present.set(key, write.version)
        return landed
      },
      async delete(key) {
        present.delete(key)
        await store.delete(key)
      },
    })
  }),
]

/** Random concurrent calls of several clients on a few keys: planned from a seed, performed, and written down. */
import type { Store } from '@sallyport/core'
import { pause } from '../deadline.js'
import { describe } from '../describe.js'
import { differenceOf, look, versionName } from './expect.js'
import { isLinearizable, type Operation, shortestViolation } from './linearizability.js'
import { type Random, seeded } from './random.js'
import { bodyOf, type Choice, newVersion, newWrite } from './writes.js'

const callsOfClient = 14
const mostShown = 40

/** ms until a record expires, or since: most never do, some have, and some do while they are read. */
const lives = [null, null, null, null, null, null, -60_000, 4] as const

/** Histories by key. */
export interface Recording {
  readonly histories: ReadonlyMap<string, readonly Operation[]>
  /** The first answer that is wrong whatever the order, in words; null where there is none. */
  readonly wrong: string | null
  /** What calls threw. */
  readonly failures: readonly unknown[]
}

/**
 * Every client makes its calls one after the other, all clients at once; at the end each reads every key. The same seed makes
 * the same plan: what calls, on what, over which of the versions that the client saw. How they meet is the store's affair.
 */
export async function record(stores: readonly Store[], keys: readonly string[], seed: number): Promise<Recording> {
  const histories = new Map<string, Operation[]>(keys.map(key => [key, []]))
  const failures: unknown[] = []
  let wrong: string | null = null
  let order = 0

  /** Writes a call down with its answer; where it throws, as `lost`. */
  async function note(key: string, client: number, lost: Answer | null, call: () => Promise<Answer>): Promise<void> {
    const began = ++order
    const operations = histories.get(key)
    try {
      const answer = await call()
      operations?.push({ client, began, ended: ++order, ...answer })
    } catch (error) {
      if (error instanceof WrongAnswer) wrong ??= error.message
      else failures.push(error)
      if (lost !== null) operations?.push({ client, began, ended: Number.POSITIVE_INFINITY, ...lost })
    }
  }

  async function perform(store: Store, client: number, random: Random): Promise<void> {
    const seen = new Map<string, (string | null)[]>(keys.map(key => [key, [null]]))
    const sees = (key: string, version: string | null) => seen.get(key)?.push(version)
    const get = (key: string) =>
      note(key, client, null, async () => {
        const found = await read(store, key)
        sees(key, found)
        return { kind: 'get', found }
      })
    /** Mostly over the newest version that this client knows of, sometimes over an older one, or over none. */
    const put = async (key: string, base: number, life: number | null, reread: boolean) => {
      const ifVersion = (base === 0 ? null : seen.get(key)?.at(base === 1 ? -2 : -1)) ?? null
      const version = newVersion()
      const expires = life !== null
      const lost = { kind: 'put', version, ifVersion, landed: false, expires } as const
      await note(key, client, lost, async () => {
        const expiresAt = expires ? Date.now() + life : null
        const landed = await write(store, key, { version, expiresAt }, ifVersion)
        if (landed) sees(key, version)
        return { ...lost, landed }
      })
      if (reread && seen.get(key)?.at(-1) !== version) await get(key)
    }
    const remove = (key: string) =>
      note(key, client, { kind: 'delete' }, async () => {
        await store.delete(key)
        sees(key, null)
        return { kind: 'delete' }
      })
    for (let call = 0; call < callsOfClient; call++) {
      // Drawn before anything is called: the plan must not hang on the answers.
      const key = random.pick(keys as [string, ...string[]])
      const [kind, base, wait, reread] = [random.below(100), random.below(6), random.below(12), random.below(3)]
      const life = random.pick(lives)
      if (wait < 3) await pause(wait)
      if (kind < 30) await get(key)
      else if (kind < 90) await put(key, base, life, reread > 0)
      else await remove(key)
    }
  }

  await Promise.all(stores.map((store, client) => perform(store, client, seeded(seed + client * 7919))))
  for (const [client, store] of stores.entries()) {
    for (const key of keys) await note(key, client, null, async () => ({ kind: 'get', found: await read(store, key) }))
  }
  return { histories, wrong, failures }
}

/** What no order explains, to be read; null where all is explained. */
export function violationOf({ histories, wrong }: Recording): string | null {
  if (wrong !== null) return wrong
  for (const history of histories.values()) {
    if (!isLinearizable(history)) {
      return `no order of these calls gives these answers:\n${show(shortestViolation(history))}`
    }
  }
  return null
}

type Answer =
  | { kind: 'get'; found: string | null }
  | { kind: 'put'; version: string; ifVersion: string | null; landed: boolean; expires: boolean }
  | { kind: 'delete' }

/** An answer that no order makes right. */
class WrongAnswer extends Error {}

async function read(store: Store, key: string): Promise<string | null> {
  const stored = await look(store, key)
  if (stored === null) return null
  const difference = differenceOf(stored.body, bodyOf(stored.version))
  if (difference === null) return stored.version
  throw new WrongAnswer(`get gave ${versionName(stored.version)} with a body that is not its own: ${difference}`)
}

async function write(store: Store, key: string, choice: Choice, ifVersion: string | null): Promise<boolean> {
  const answer: unknown = await store.put(key, newWrite(choice), ifVersion)
  if (typeof answer !== 'boolean') throw new WrongAnswer(`put gave ${describe(answer)}`)
  return answer
}

/** One line a call, in the order of their beginnings; versions by short names. */
function show(history: readonly Operation[]): string {
  const names = new Map<string | null, string>([[null, 'nothing']])
  const sorted = [...history].sort((a, b) => a.began - b.began)
  for (const operation of sorted) {
    if (operation.kind === 'put') names.set(operation.version, `v${names.size}`)
  }
  const name = (version: string | null) => names.get(version) ?? 'a version that nobody wrote'
  const lines = sorted.map(operation => {
    const open = operation.ended === Number.POSITIVE_INFINITY
    const span = `${operation.began}–${open ? '?' : operation.ended}`
    return `  ${span.padEnd(8)} client ${operation.client}  ${sentence(operation, name)}${open ? ', no answer yet' : ''}`
  })
  const left = lines.length - mostShown
  return left > 0 ? `  … ${left} calls before\n${lines.slice(left).join('\n')}` : lines.join('\n')
}

function sentence(operation: Operation, name: (version: string | null) => string): string {
  const answered = operation.ended !== Number.POSITIVE_INFINITY
  switch (operation.kind) {
    case 'get':
      return answered ? `get gives ${name(operation.found)}` : 'get'
    case 'put': {
      const expiring = operation.expires ? ', which expires,' : ''
      const answer = answered ? ` gives ${operation.landed}` : ''
      return `put ${name(operation.version)}${expiring} over ${name(operation.ifVersion)}${answer}`
    }
    case 'delete':
      return 'delete'
  }
}

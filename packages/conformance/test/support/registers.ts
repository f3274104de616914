/** Histories: those that a true register gave, those of any answers at all, and a judge that tries every order. */
import fc from 'fast-check'
import { expiring, type Operation } from '../../src/store/linearizability.js'

const lost = Number.POSITIVE_INFINITY

/**
 * What a client is asked to do: `base` picks the version it goes over, `fate` whether the answer arrives. `expires` says whether
 * what it writes may go by itself, `drops` whether what is there does so just before.
 */
interface Plan {
  client: number
  kind: 'get' | 'put' | 'delete'
  base: number
  fate: 'answered' | 'lost before' | 'lost after'
  expires: boolean
  drops: boolean
}

const plan: fc.Arbitrary<Plan> = fc.record({
  client: fc.nat(3),
  kind: fc.constantFrom('get', 'put', 'put', 'put', 'delete'),
  base: fc.nat(3),
  fate: fc.constantFrom('answered', 'answered', 'answered', 'answered', 'lost before', 'lost after'),
  expires: fc.constantFrom(false, false, true),
  drops: fc.boolean(),
})

/**
 * Histories of one true register under four clients. Every operation begins, takes effect at one point, and ends; the turns say
 * whose next step it is.
 */
export function trueHistories(longest: number): fc.Arbitrary<Operation[]> {
  const turns = fc.array(fc.nat(3), { minLength: longest * 3, maxLength: longest * 4 })
  return fc.tuple(fc.array(plan, { maxLength: longest }), turns).map(([plans, order]) => perform(plans, order))
}

function perform(plans: readonly Plan[], turns: readonly number[]): Operation[] {
  const queues = [0, 1, 2, 3].map(client => plans.filter(each => each.client === client))
  const underWay = new Map<number, { plan: Plan; began: number; operation: Operation | null }>()
  const history: Operation[] = []
  const versions: (string | null)[] = [null]
  const passing = new Set<string | null>()
  let current: string | null = null
  let clock = 0

  const takeEffect = ({ client, kind, base, fate, expires, drops }: Plan, began: number): Operation => {
    const common = { client, began, ended: lost }
    if (drops && passing.has(current)) current = null
    if (kind === 'get') return { ...common, kind, found: current }
    const applied = fate !== 'lost before'
    if (kind === 'delete') {
      if (applied) current = null
      return { ...common, kind }
    }
    const ifVersion = base === 0 ? (versions.at(-2) ?? null) : base === 1 ? null : current
    const version = `v${versions.length}`
    const landed = applied && ifVersion === current
    versions.push(version)
    if (expires) passing.add(version)
    if (landed) current = version
    return { ...common, kind, version, ifVersion, landed, expires }
  }

  for (const client of turns) {
    const step = underWay.get(client)
    if (step === undefined) {
      const next = queues[client]?.shift()
      if (next !== undefined) underWay.set(client, { plan: next, began: ++clock, operation: null })
    } else if (step.operation === null) {
      step.operation = takeEffect(step.plan, step.began)
    } else {
      const answered = step.plan.fate === 'answered'
      history.push({ ...step.operation, ended: answered ? ++clock : lost })
      underWay.delete(client)
    }
  }
  for (const { operation } of underWay.values()) if (operation !== null) history.push(operation)
  return history
}

const version = fc.constantFrom('a', 'b', 'c')
const versionOrNone = fc.oneof(version, fc.constant(null))
const answer = fc.oneof(
  fc.record({ kind: fc.constant('get' as const), found: versionOrNone }),
  fc.record({
    kind: fc.constant('put' as const),
    version,
    ifVersion: versionOrNone,
    landed: fc.boolean(),
    expires: fc.constantFrom(false, false, false, true),
  }),
  fc.record({ kind: fc.constant('delete' as const) }),
)

/** Histories of up to so many operations, with any answers, at any times. */
export function anyHistories(longest: number): fc.Arbitrary<Operation[]> {
  const operation = fc.tuple(answer, fc.nat(20), fc.nat(12), fc.nat(4))
  return fc.array(operation, { maxLength: longest }).map(all =>
    all.map(([what, start, length, fate], client) => {
      // No two places in the order are the same.
      const began = start * 100 + client
      return { ...what, client, began, ended: fate === 0 ? lost : began + length * 100 + 50 }
    }),
  )
}

/** Tries every order of every choice of the operations without an answer: slow, and plainly right. */
export function someOrderExplains(history: readonly Operation[]): boolean {
  const answered = history.filter(({ ended }) => ended !== lost)
  const open = history.filter(({ ended }) => ended === lost)
  const passing = expiring(history)
  return subsets(open).some(happened =>
    permutations([...answered, ...happened]).some(order => explains(order, passing)),
  )
}

/** Whatever may be on record is followed at once. */
function explains(order: readonly Operation[], passing: ReadonlySet<string>): boolean {
  if (order.some((each, index) => order.slice(index + 1).some(later => later.ended < each.began))) return false
  let possible = new Set<string | null>([null])
  for (const each of order) {
    if ([...possible].some(version => version !== null && passing.has(version))) possible.add(null)
    const next = new Set<string | null>()
    for (const current of possible) {
      if (each.kind === 'get' && each.ended !== lost && each.found !== current) continue
      if (each.kind === 'put' && each.ended !== lost && each.landed !== (each.ifVersion === current)) continue
      if (each.kind === 'put' && each.ifVersion === current) next.add(each.version)
      else next.add(each.kind === 'delete' ? null : current)
    }
    possible = next
  }
  return possible.size > 0
}

function subsets<T>([first, ...rest]: readonly T[]): T[][] {
  if (first === undefined) return [[]]
  const without = subsets(rest)
  return [...without, ...without.map(each => [first, ...each])]
}

function permutations<T>(values: readonly T[]): T[][] {
  if (values.length === 0) return [[]]
  return values.flatMap((value, index) =>
    permutations(values.filter((_, other) => other !== index)).map(each => [value, ...each]),
  )
}

import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { type Decision, decide, type GateFacts } from '../../src/policy/decide.js'

const now = Date.parse('2026-03-01T12:00:00Z')
const later = now + 1

const domain = {
  allowlist: ['off', 'restrict', 'bypass'],
  listed: [false, true],
  listedSatisfies: [false, true],
  enrolled: [false, true],
  trustedDevice: [false, true],
  permit: ['none', 'outstanding', 'brought'],
  eligible: [true, false],
  /** Never, ever since, a millisecond ago, at this very moment, in a millisecond. */
  requiredFrom: [null, Number.NEGATIVE_INFINITY, now - 1, now, later],
  unenrolled: ['enroll', 'deny'],
  firstChannel: [null, 'email'],
} as const satisfies { [K in Exclude<keyof GateFacts, 'now'>]: readonly GateFacts[K][] }

type Key = keyof typeof domain

/** Every combination of the values of the domain. */
function combine(keys: readonly Key[]): Partial<GateFacts>[] {
  const [key, ...rest] = keys
  if (key === undefined) return [{}]
  return domain[key].flatMap(value => combine(rest).map(facts => ({ [key]: value, ...facts })))
}
const combinations = combine(Object.keys(domain) as Key[]).map(facts => ({ ...facts, now })) as GateFacts[]

/** What a row says of a fact; one that it does not name may be anything. */
type Row = { [K in Key]?: readonly GateFacts[K][] }
const due = [Number.NEGATIVE_INFINITY, now - 1, now]

/** Admitted, and not listed in any way that counts. */
const elsewhere: Row[] = [{ allowlist: ['off'] }, { allowlist: ['bypass'], listed: [false] }]
const listed: Row[] = [{ allowlist: ['restrict', 'bypass'], listed: [true] }]
const admitted = [...elsewhere, ...listed]
/** Where a list changes nothing for who has no factor. */
const unsatisfied = [...elsewhere, ...listed.map(row => ({ ...row, listedSatisfies: [false] }))]

/** The table of the policy. Each combination is told by exactly one row; of a row with several standings, by one of them. */
const table: readonly (readonly [string, Row[], Row, Decision | ((facts: GateFacts) => Decision)])[] = [
  [
    'a denied address, whatever else is so',
    [{ allowlist: ['restrict'], listed: [false] }],
    {},
    { gate: 'refuse', reason: 'address_not_allowed' },
  ],
  [
    'a permit that is outstanding and was not brought',
    admitted,
    { permit: ['outstanding'] },
    { gate: 'refuse', reason: 'permit_required' },
  ],
  [
    'an enrolled subject on a trusted device',
    admitted,
    { permit: ['none', 'brought'], enrolled: [true], trustedDevice: [true] },
    { gate: 'pass', reason: 'trusted_device' },
  ],
  [
    'an enrolled subject at an address that skips the prompt',
    [{ allowlist: ['bypass'], listed: [true] }],
    { permit: ['none', 'brought'], enrolled: [true], trustedDevice: [false] },
    { gate: 'pass', reason: 'allowlisted_address' },
  ],
  [
    'any other enrolled subject',
    [...elsewhere, { allowlist: ['restrict'], listed: [true] }],
    { permit: ['none', 'brought'], enrolled: [true], trustedDevice: [false] },
    { gate: 'challenge', reason: 'enrolled' },
  ],
  [
    'a permit that was brought',
    admitted,
    { permit: ['brought'], enrolled: [false] },
    ({ firstChannel }) => ({ gate: 'enroll', reason: 'permit', asks: firstChannel }),
  ],
  [
    'who is not eligible',
    admitted,
    { permit: ['none'], enrolled: [false], eligible: [false] },
    { gate: 'pass', reason: 'not_eligible' },
  ],
  [
    'a listed address where that is enough',
    listed.map(row => ({ ...row, listedSatisfies: [true] })),
    { permit: ['none'], enrolled: [false], eligible: [true] },
    { gate: 'pass', reason: 'allowlisted_address' },
  ],
  [
    'who is not required',
    unsatisfied,
    { permit: ['none'], enrolled: [false], eligible: [true], requiredFrom: [null] },
    { gate: 'pass', reason: 'not_required' },
  ],
  [
    'who is not required yet',
    unsatisfied,
    { permit: ['none'], enrolled: [false], eligible: [true], requiredFrom: [later] },
    { gate: 'pass', reason: 'not_required_yet', enrollBy: later },
  ],
  [
    'who is required, where enrolment is the way',
    unsatisfied,
    { permit: ['none'], enrolled: [false], eligible: [true], requiredFrom: due, unenrolled: ['enroll'] },
    ({ firstChannel }) => ({ gate: 'enroll', reason: 'required', asks: firstChannel }),
  ],
  [
    'who is required, where there is no way',
    unsatisfied,
    { permit: ['none'], enrolled: [false], eligible: [true], requiredFrom: due, unenrolled: ['deny'] },
    { gate: 'refuse', reason: 'not_enrolled' },
  ],
]

function fits(row: Row, facts: GateFacts): boolean {
  return (Object.keys(row) as Key[]).every(key => (row[key] as readonly unknown[]).includes(facts[key]))
}

const isTold = (standings: readonly Row[], row: Row) => (facts: GateFacts) =>
  standings.some(standing => fits(standing, facts)) && fits(row, facts)

const anyFacts: fc.Arbitrary<GateFacts> = fc.record({
  allowlist: fc.constantFrom(...domain.allowlist),
  listed: fc.boolean(),
  listedSatisfies: fc.boolean(),
  enrolled: fc.boolean(),
  trustedDevice: fc.boolean(),
  permit: fc.constantFrom(...domain.permit),
  eligible: fc.boolean(),
  requiredFrom: fc.option(fc.integer({ min: now - 2000, max: now + 2000 })),
  unenrolled: fc.constantFrom(...domain.unenrolled),
  firstChannel: fc.constantFrom(...domain.firstChannel),
  now: fc.integer({ min: now - 1000, max: now + 1000 }),
})

/** How far a gate lets somebody who knows the password alone; a code on the account's own address makes enrolling harder. */
function openness(decision: Decision): number {
  if (decision.gate === 'enroll') return decision.asks === null ? 3 : 2
  return { refuse: 0, challenge: 1, pass: 4 }[decision.gate]
}

describe('the decision at the gate', () => {
  it('is told by exactly one row of the table for each of the 5,760 combinations', () => {
    expect(combinations).toHaveLength(5_760)
    for (const facts of combinations) {
      expect(table.filter(([, standings, row]) => isTold(standings, row)(facts))).toHaveLength(1)
    }
  })

  it.each(table)('R51: for %s', (_, standings, row, decision) => {
    const told = combinations.filter(isTold(standings, row))
    expect(told.length).toBeGreaterThan(0)
    for (const facts of told) expect(decide(facts)).toEqual(typeof decision === 'function' ? decision(facts) : decision)
  })

  it('R44: never lets anybody do anything from a denied address, and so never an enrolled subject', () => {
    fc.assert(
      fc.property(anyFacts, facts => {
        const decision = decide({ ...facts, allowlist: 'restrict', listed: false })
        expect(decision).toEqual({ gate: 'refuse', reason: 'address_not_allowed' })
      }),
    )
  })

  it('R51: lets an enrolled subject in by nothing but a trusted device or a listed address that bypasses', () => {
    fc.assert(
      fc.property(anyFacts, facts => {
        const decision = decide({ ...facts, enrolled: true })
        expect(decision.gate).not.toBe('enroll')
        if (decision.gate !== 'pass') return
        const bypassed = facts.allowlist === 'bypass' && facts.listed
        expect(facts.trustedDevice || bypassed).toBe(true)
        expect(decision.reason).toBe(facts.trustedDevice ? 'trusted_device' : 'allowlisted_address')
      }),
      { numRuns: 1000 },
    )
  })

  it('R44: is the same from a listed address as from any other where the list bypasses and there is no factor', () => {
    fc.assert(
      fc.property(anyFacts, facts => {
        const unenrolled = { ...facts, allowlist: 'bypass', enrolled: false, listedSatisfies: false } as const
        expect(decide({ ...unenrolled, listed: true })).toEqual(decide({ ...unenrolled, listed: false }))
      }),
    )
  })

  it('R50: never lets anybody pass or be challenged while a permit is outstanding and not brought', () => {
    fc.assert(
      fc.property(anyFacts, facts => {
        expect(decide({ ...facts, permit: 'outstanding' }).gate).toBe('refuse')
        expect(decide({ ...facts, enrolled: false, permit: 'brought' }).gate).not.toBe('pass')
      }),
    )
  })

  it('R51: never turns a refusal into a pass by a restriction, and opens no further by one', () => {
    const restrictions: ((facts: GateFacts) => GateFacts)[] = [
      facts => ({ ...facts, permit: 'outstanding' }),
      facts => ({ ...facts, eligible: true }),
      facts => ({ ...facts, requiredFrom: Number.NEGATIVE_INFINITY }),
      facts => ({ ...facts, requiredFrom: facts.requiredFrom === null ? null : facts.requiredFrom - 1500 }),
      facts => ({ ...facts, unenrolled: 'deny' }),
      facts => ({ ...facts, firstChannel: 'email' }),
      facts => ({ ...facts, trustedDevice: false }),
      facts => ({ ...facts, listed: false }),
      facts => ({ ...facts, listedSatisfies: false }),
      // A list that restricts, in place of none; one that bypasses is no restriction.
      facts => ({ ...facts, allowlist: 'restrict', listedSatisfies: false }),
      facts => (facts.allowlist === 'bypass' ? { ...facts, allowlist: 'off' } : facts),
    ]
    fc.assert(
      fc.property(anyFacts, fc.constantFrom(...restrictions), (facts, restrict) => {
        expect(openness(decide(restrict(facts)))).toBeLessThanOrEqual(openness(decide(facts)))
      }),
      { numRuns: 3000 },
    )
  })

  it('goes by nothing but its facts', () => {
    fc.assert(
      fc.property(anyFacts, facts => {
        const frozen = Object.freeze({ ...facts })
        expect(decide(frozen)).toEqual(decide({ ...frozen }))
      }),
    )
  })
})

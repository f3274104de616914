import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { type Decision, decide, type GateFacts } from '../../src/policy/decide.js'

const now = Date.parse('2026-03-01T12:00:00Z')
const later = now + 1

const domain = {
  enrolled: [false, true],
  permit: ['none', 'outstanding', 'brought'],
  eligible: [true, false],
  /** Never, ever since, a millisecond ago, at this very moment, in a millisecond. */
  requiredFrom: [null, Number.NEGATIVE_INFINITY, now - 1, now, later],
  unenrolled: ['enroll', 'deny'],
} as const

const combinations: GateFacts[] = domain.enrolled.flatMap(enrolled =>
  domain.permit.flatMap(permit =>
    domain.eligible.flatMap(eligible =>
      domain.requiredFrom.flatMap(requiredFrom =>
        domain.unenrolled.map(unenrolled => ({ enrolled, permit, eligible, requiredFrom, unenrolled, now })),
      ),
    ),
  ),
)

const any = 'any'
type Row = { [K in Exclude<keyof GateFacts, 'now'>]: readonly GateFacts[K][] | typeof any }
const due = [Number.NEGATIVE_INFINITY, now - 1, now]

/** The table of DESIGN §7. Each combination is told by exactly one row. */
const table: readonly (readonly [Row, Decision])[] = [
  [
    { permit: ['outstanding'], enrolled: any, eligible: any, requiredFrom: any, unenrolled: any },
    { gate: 'refuse', reason: 'permit_required' },
  ],
  [
    { permit: ['none', 'brought'], enrolled: [true], eligible: any, requiredFrom: any, unenrolled: any },
    { gate: 'challenge', reason: 'enrolled' },
  ],
  [
    { permit: ['brought'], enrolled: [false], eligible: any, requiredFrom: any, unenrolled: any },
    { gate: 'enroll', reason: 'permit' },
  ],
  [
    { permit: ['none'], enrolled: [false], eligible: [false], requiredFrom: any, unenrolled: any },
    { gate: 'pass', reason: 'not_eligible' },
  ],
  [
    { permit: ['none'], enrolled: [false], eligible: [true], requiredFrom: [null], unenrolled: any },
    { gate: 'pass', reason: 'not_required' },
  ],
  [
    { permit: ['none'], enrolled: [false], eligible: [true], requiredFrom: [later], unenrolled: any },
    { gate: 'pass', reason: 'not_required_yet', enrollBy: later },
  ],
  [
    { permit: ['none'], enrolled: [false], eligible: [true], requiredFrom: due, unenrolled: ['enroll'] },
    { gate: 'enroll', reason: 'required' },
  ],
  [
    { permit: ['none'], enrolled: [false], eligible: [true], requiredFrom: due, unenrolled: ['deny'] },
    { gate: 'refuse', reason: 'not_enrolled' },
  ],
]

function fits(row: Row, facts: GateFacts): boolean {
  const keys = Object.keys(row) as (keyof Row)[]
  return keys.every(key => {
    const allowed: readonly unknown[] | typeof any = row[key]
    return allowed === any || allowed.includes(facts[key])
  })
}

const anyFacts: fc.Arbitrary<GateFacts> = fc.record({
  enrolled: fc.boolean(),
  permit: fc.constantFrom(...domain.permit),
  eligible: fc.boolean(),
  requiredFrom: fc.option(fc.integer({ min: now - 2000, max: now + 2000 })),
  unenrolled: fc.constantFrom(...domain.unenrolled),
  now: fc.integer({ min: now - 1000, max: now + 1000 }),
})

/** How far a gate lets somebody who knows the password alone. */
const openness = { refuse: 0, challenge: 1, enroll: 2, pass: 3 }

describe('the decision at the gate', () => {
  it('is told by exactly one row of the table for each of the 120 combinations', () => {
    expect(combinations).toHaveLength(120)
    for (const facts of combinations) expect(table.filter(([row]) => fits(row, facts))).toHaveLength(1)
  })

  it.each(table)('R51: for %j is %j', (row, decision) => {
    const told = combinations.filter(facts => fits(row, facts))
    expect(told.length).toBeGreaterThan(0)
    for (const facts of told) expect(decide(facts)).toEqual(decision)
  })

  it('R51: never lets an enrolled subject pass or enrol', () => {
    fc.assert(
      fc.property(anyFacts, facts => {
        expect(['challenge', 'refuse']).toContain(decide({ ...facts, enrolled: true }).gate)
      }),
    )
  })

  it('R50: never lets anybody pass or be challenged while a permit is outstanding and not brought', () => {
    fc.assert(
      fc.property(anyFacts, facts => {
        expect(decide({ ...facts, permit: 'outstanding' })).toEqual({ gate: 'refuse', reason: 'permit_required' })
        expect(decide({ ...facts, permit: 'brought' }).gate).not.toBe('pass')
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
    ]
    fc.assert(
      fc.property(anyFacts, fc.constantFrom(...restrictions), (facts, restrict) => {
        expect(openness[decide(restrict(facts)).gate]).toBeLessThanOrEqual(openness[decide(facts).gate])
        expect(decide(restrict({ ...facts, enrolled: true })).gate).not.toBe('pass')
      }),
      { numRuns: 1000 },
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

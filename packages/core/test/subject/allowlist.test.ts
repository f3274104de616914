import { describe, expect, it } from 'vitest'
import { withNetwork, withoutNetwork } from '../../src/subject/allowlist.js'
import { emptyState } from '../../src/subject/state.js'
import { now } from './fixtures.js'

const entry = (network: string) => ({ id: network, network, name: network, proof: 'strong' as const, createdAt: now })
const listed = (count: number) => ({
  ...emptyState,
  allowlist: Array.from({ length: count }, (_, number) => entry(`10.0.0.${number}/32`)),
})

describe('the subject’s own allowlist', () => {
  it('R53: holds fifty networks and refuses one more', () => {
    const full = withNetwork(listed(49), entry('10.0.1.0/32'))
    expect(full.allowlist).toHaveLength(50)
    expect(() => withNetwork(full, entry('10.0.2.0/32'))).toThrow(expect.objectContaining({ code: 'limit_reached' }))
  })

  it('holds each network once, and may hold one within another', () => {
    const state = withNetwork(listed(1), entry('10.0.0.0/24'))
    expect(() => withNetwork(state, { ...entry('10.0.0.0/24'), id: 'another' })).toThrow(
      expect.objectContaining({ code: 'limit_reached' }),
    )
    expect(state.allowlist.map(({ network }) => network)).toEqual(['10.0.0.0/32', '10.0.0.0/24'])
  })

  it('R32: loses an entry by its id alone', () => {
    const state = listed(3)
    expect(withoutNetwork(state, '10.0.0.1/32').allowlist.map(({ id }) => id)).toEqual(['10.0.0.0/32', '10.0.0.2/32'])
    expect(() => withoutNetwork(state, 'none')).toThrow(expect.objectContaining({ code: 'not_found' }))
  })
})

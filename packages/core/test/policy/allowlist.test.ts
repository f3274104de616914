import { BlockList } from 'node:net'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { compileAllowlist, judgeOwnNetwork, standingOf } from '../../src/policy/allowlist.js'
import type { Policy } from '../../src/policy/policy.js'

const proven = (network: string) => ({ network, proven: true })
const compiled = (allowlist: NonNullable<Policy['allowlist']>) => compileAllowlist({ allowlist })
const octet = fc.nat(255)
const four = fc.tuple(octet, octet, octet, octet).map(octets => octets.join('.'))
/** Small worlds, so that addresses and networks meet. */
const near = fc.tuple(fc.constantFrom(10, 11), fc.nat(3), fc.nat(3), octet).map(octets => octets.join('.'))
const network = fc.tuple(near, fc.integer({ min: 8, max: 32 })).map(([address, prefix]) => {
  const number = address.split('.').reduce((sum, part) => sum * 256 + Number(part), 0)
  const first = prefix === 0 ? 0 : Math.floor(number / 2 ** (32 - prefix)) * 2 ** (32 - prefix)
  return `${[24, 16, 8, 0].map(shift => Math.floor(first / 2 ** shift) % 256).join('.')}/${prefix}`
})

/** Node's own list, which shares no code with ours. */
function blockList(networks: readonly string[]): BlockList {
  const list = new BlockList()
  for (const written of networks) {
    const [first = '', prefix] = written.split('/')
    list.addSubnet(first, Number(prefix))
  }
  return list
}

describe('how an address stands with the lists', () => {
  it('R43, R44: is listed where the policy’s or the subject’s own networks hold it, as Node’s list has it', () => {
    fc.assert(
      fc.property(
        fc.array(network, { maxLength: 8 }),
        fc.array(network, { maxLength: 8 }),
        near,
        fc.boolean(),
        fc.boolean(),
        (shared, own, ip, perSubject, enrolled) => {
          fc.pre(shared.length > 0 || perSubject)
          const standing = standingOf(
            compiled({ mode: 'restrict', networks: shared, perSubject }),
            own.map(proven),
            enrolled,
            ip,
          )
          const counted = [...shared, ...(perSubject ? own : [])]
          const listed = blockList(counted).check(ip)
          expect(standing).toEqual({
            allowlist: counted.length === 0 ? 'off' : 'restrict',
            listed,
            listedSatisfies: false,
          })
        },
      ),
      { numRuns: 500 },
    )
  })

  it('R44: is off without a policy, and by an empty list, so that nothing is exempt or denied', () => {
    const address = fc.option(fc.oneof(four, fc.string()))
    fc.assert(
      fc.property(address, fc.array(network), fc.constantFrom('restrict', 'bypass'), (ip, own, mode) => {
        expect(standingOf(null, own.map(proven), true, ip).allowlist).toBe('off')
        const standing = standingOf(compiled({ mode, perSubject: true, satisfiesRequirement: true }), [], true, ip)
        expect(standing).toEqual({ allowlist: 'off', listed: false, listedSatisfies: true })
      }),
    )
  })

  it('R43: is not listed where the address is unknown or not strictly one', () => {
    const all = compiled({ mode: 'bypass', networks: ['0.0.0.0/1', '128.0.0.0/1', '::/1', '8000::/1'] })
    for (const ip of [
      null,
      undefined,
      '',
      'localhost',
      '10.0.0.1:80',
      '[::1]',
      '10.0.0.1, 10.0.0.2',
      '::1%lo',
      '010.1',
    ]) {
      expect(standingOf(all, [], true, ip)).toEqual({ allowlist: 'bypass', listed: false, listedSatisfies: false })
    }
    for (const ip of ['10.0.0.1', '200.0.0.1', '::1', 'FFFF::']) expect(standingOf(all, [], true, ip).listed).toBe(true)
  })

  it('R44: skips no prompt by what was listed before the first factor, and is denied and satisfied by it all the same', () => {
    const planted = [{ network: '10.0.0.0/24', proven: false }]
    const standing = (mode: 'restrict' | 'bypass', enrolled: boolean, own = planted) =>
      standingOf(compiled({ mode, perSubject: true, satisfiesRequirement: true }), own, enrolled, '10.0.0.1')
    expect(standing('bypass', true)).toEqual({ allowlist: 'off', listed: false, listedSatisfies: true })
    expect(standing('bypass', false)).toEqual({ allowlist: 'bypass', listed: true, listedSatisfies: true })
    for (const enrolled of [false, true]) {
      expect(standing('restrict', enrolled)).toEqual({ allowlist: 'restrict', listed: true, listedSatisfies: true })
    }
    const both = [...planted, proven('192.0.2.0/24')]
    expect(standing('bypass', true, both)).toEqual({ allowlist: 'bypass', listed: false, listedSatisfies: true })
  })

  it('R44: denies everybody where what is on a subject’s list cannot be read', () => {
    const restrict = compiled({ mode: 'restrict', perSubject: true })
    expect(standingOf(restrict, [proven('nonsense')], false, '10.0.0.1')).toMatchObject({
      allowlist: 'restrict',
      listed: false,
    })
  })
})

describe('a network for a subject’s list', () => {
  it('R43: has one written form, however it was spelled', () => {
    const forms = ['203.0.113.0/24', '::ffff:203.0.113.0/120', '::FFFF:CB00:7100/120', ' 203.0.113.0/24\n']
    expect(new Set(forms.map(judgeOwnNetwork))).toEqual(new Set(['203.0.113.0/24']))
    expect(['2001:DB8:0:0::/48', '2001:db8::/48'].map(judgeOwnNetwork)).toEqual(['2001:db8::/48', '2001:db8::/48'])
    expect(judgeOwnNetwork('2001:db8::7')).toBe('2001:db8::7/128')
  })

  it('R53: is no wider than /24 or /48', () => {
    for (let prefix = 0; prefix <= 32; prefix++) {
      expect(judgeOwnNetwork(`0.0.0.0/${prefix}`)).toBe(prefix < 24 ? null : `0.0.0.0/${prefix}`)
    }
    for (let prefix = 0; prefix <= 128; prefix++) {
      expect(judgeOwnNetwork(`2000::/${prefix}`)).toBe(prefix < 48 ? null : `2000::/${prefix}`)
    }
    expect(judgeOwnNetwork('::ffff:10.0.0.0/119')).toBeNull()
  })
})

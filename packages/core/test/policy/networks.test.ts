import { BlockList } from 'node:net'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { parseAddress } from '../../src/policy/address.js'
import {
  compileNetworks,
  type Network,
  networkAround,
  normalizeNetwork,
  parseNetwork,
} from '../../src/policy/networks.js'
import { canonicalSix, dotted, four, mappedGroups, six, spelling } from './spellings.js'

const network = (text: string): Network => {
  const parsed = parseNetwork(text)
  if (parsed === null) throw new Error(`${text} is no network`)
  return parsed
}

/** Bits after the prefix cleared, by arithmetic of the test's own. */
const cleared = (value: bigint, bits: number, prefix: number) => {
  const hosts = BigInt(bits - prefix)
  return (value >> hosts) << hosts
}
const clearedFour = (address: number, prefix: number) => Number(cleared(BigInt(address), 32, prefix))
const number = (groups: readonly number[]) => groups.reduce((sum, group) => (sum << 16n) | BigInt(group), 0n)
const groups = (value: bigint) => [7n, 6n, 5n, 4n, 3n, 2n, 1n, 0n].map(at => Number((value >> (at * 16n)) & 0xffffn))
const clearedSix = (address: readonly number[], prefix: number) => groups(cleared(number(address), 128, prefix))

describe('a network', () => {
  it('R43: is the same in every spelling', () => {
    const any = fc.record({ address: four, prefix: fc.nat({ max: 32 }) }).chain(({ address, prefix }) => {
      const base = clearedFour(address, prefix)
      return fc.record({ base: fc.constant(base), prefix: fc.constant(prefix), text: spelling(mappedGroups(base)) })
    })
    fc.assert(
      fc.property(any, ({ base, prefix, text }) => {
        const written = `${dotted(base)}/${prefix}`
        expect(network(written)).toMatchObject({ written, prefix, first: parseAddress(dotted(base)) })
        expect(network(`${text}/${prefix + 96}`)).toEqual(network(written))
        expect(network(`${text}/${prefix + 96}`).last).toBe(parseAddress(dotted((base + 2 ** (32 - prefix) - 1) >>> 0)))
      }),
    )
  })

  it('R43: of IPv6 is the same in every spelling', () => {
    const any = fc.record({ address: six, prefix: fc.nat({ max: 128 }) }).chain(({ address, prefix }) => {
      const base = clearedSix(address, prefix)
      return fc.record({ base: fc.constant(base), prefix: fc.constant(prefix), text: spelling(base) })
    })
    fc.assert(
      fc.property(any, ({ base, prefix, text }) => {
        const last = number(base) + (1n << BigInt(128 - prefix)) - 1n
        expect(network(`${text}/${prefix}`)).toEqual({
          first: number(base).toString(16).padStart(32, '0'),
          last: last.toString(16).padStart(32, '0'),
          prefix,
          written: `${canonicalSix(base)}/${prefix}`,
        })
      }),
    )
  })

  it.each([
    ['203.0.113.7', '203.0.113.7/32'],
    ['::ffff:203.0.113.7', '203.0.113.7/32'],
    ['::ffff:203.0.113.0/120', '203.0.113.0/24'],
    ['::ffff:0:0/96', '0.0.0.0/0'],
    ['0.0.0.0/0', '0.0.0.0/0'],
    ['2001:DB8::', '2001:db8::/128'],
    ['2001:0db8:0:0::/32', '2001:db8::/32'],
    ['::/0', '::/0'],
    ['::/80', '::/80'],
  ])('R43: %s is written %s', (text, written) => {
    expect(network(text).written).toBe(written)
    expect(network(written)).toEqual(network(text))
  })

  it.each([
    '',
    '/',
    '/24',
    '203.0.113.0/',
    '203.0.113.0/24/',
    '203.0.113.0/24/24',
    '203.0.113.0//24',
    '203.0.113.0/024',
    '203.0.113.0/+24',
    '203.0.113.0/-1',
    '203.0.113.0/24.0',
    '203.0.113.0/2e1',
    '203.0.113.0/0x18',
    '203.0.113.0/ 24',
    '203.0.113.0 /24',
    '203.0.113.0/24 ',
    '203.0.113.0/24\n',
    '203.0.113.0/２４',
    '203.0.113.0/33',
    '0.0.0.0/33',
    '::/129',
    '203.0.113.0/128',
    '203.0.113.0/120',
    '203.0.113.0/4294967320',
    '203.0.113.0/255.255.255.0',
    '203.0.113.0/0.0.0.255',
    '203.0.113/24',
    '203.0.113.*',
    '203.0.113.0-203.0.113.255',
    '203.0.113.00/24',
    '2001:db8::/129',
    '2001:db8::%eth0/64',
    '2001:db8::/64%eth0',
    '[2001:db8::]/64',
    '::ffff:203.0.113.0/24',
    '::ffff:203.0.113.0/95',
    '::ffff:203.0.113.0/129',
    '::ffff:0:0/95',
    '::ffff:0:0/80',
    'localhost',
    // Bits after the prefix: the one address, or all of the network?
    '203.0.113.7/24',
    '203.0.113.1/31',
    '0.0.0.1/0',
    '::1/127',
    '2001:db8::1/64',
    '::ffff:203.0.113.7/120',
  ])('R43: %j is none', text => {
    expect(parseNetwork(text)).toBeNull()
  })
})

/** Few bits that differ, so that networks lie within and beside each other, and addresses at their edges. */
const closeFour = fc.tuple(fc.constantFrom(0, 10, 203, 255), fc.nat({ max: 3 }), fc.nat({ max: 255 }))
const closeAddress = closeFour.map(([a, b, c]) => ((a << 24) | (b << 8) | c) >>> 0)
const closeGroups = fc
  .tuple(fc.constantFrom(0, 0x2001, 0xffff), fc.constantFrom(0, 0xffff), fc.nat({ max: 0xffff }))
  .map(([a, b, c]) => [a, 0, 0, 0, 0, b, 0, c] as const)
const fourNetwork = fc
  .tuple(closeAddress, fc.oneof(fc.integer({ min: 20, max: 32 }), fc.nat({ max: 32 })))
  .map(([address, prefix]) => ({ base: dotted(clearedFour(address, prefix)), prefix, family: 'ipv4' as const }))
const sixNetwork = fc
  .tuple(closeGroups, fc.oneof(fc.integer({ min: 108, max: 128 }), fc.nat({ max: 128 })))
  .map(([address, prefix]) => ({ base: canonicalSix(clearedSix(address, prefix)), prefix, family: 'ipv6' as const }))
  .filter(({ base }) => !base.startsWith('::ffff:'))
/** `kind`: what Node.js is to take it for, which knows an IPv4 address also by its mapped form. */
const anyAddress = fc.oneof(
  closeAddress.map(address => ({ text: dotted(address), family: 'ipv4', kind: 'ipv4' }) as const),
  closeAddress.map(address => ({ text: `::ffff:${dotted(address)}`, family: 'ipv4', kind: 'ipv6' }) as const),
  closeGroups
    .map(address => ({ text: canonicalSix(address), family: 'ipv6', kind: 'ipv6' }) as const)
    .filter(({ text }) => !text.startsWith('::ffff:')),
)

describe('a list of networks', () => {
  it('R43: holds what Node.js finds in it', () => {
    const networks = fc.array(fc.oneof(fourNetwork, sixNetwork), { maxLength: 12 })
    fc.assert(
      fc.property(networks, fc.array(anyAddress, { minLength: 1, maxLength: 12 }), (listed, addresses) => {
        // One list for each family: Node.js finds IPv4 addresses in `::/0`, too.
        const reference = { ipv4: new BlockList(), ipv6: new BlockList() }
        for (const { base, prefix, family } of listed) reference[family].addSubnet(base, prefix, family)
        const list = compileNetworks(listed.map(({ base, prefix }) => network(`${base}/${prefix}`)))
        for (const { text, family, kind } of addresses) {
          expect([text, list.includes(parseAddress(text))]).toEqual([text, reference[family].check(text, kind)])
        }
        expect(list.isEmpty).toBe(listed.length === 0)
      }),
      { numRuns: 1000 },
    )
  })

  it('R43: holds the first and the last address of each network, and not those beside it', () => {
    const shift = (text: string, by: bigint) => {
      const address = parseAddress(text) ?? ''
      const value = BigInt(`0x${address}`) + by
      const beyond = value < 0n || value >> BigInt(address.length * 4) !== 0n
      return beyond ? null : value.toString(16).padStart(address.length, '0')
    }
    fc.assert(
      fc.property(fc.oneof(fourNetwork, sixNetwork), ({ base, prefix, family }) => {
        const list = compileNetworks([network(`${base}/${prefix}`)])
        const size = 1n << BigInt((family === 'ipv4' ? 32 : 128) - prefix)
        expect([-1n, 0n, size - 1n, size].map(by => list.includes(shift(base, by)))).toEqual([false, true, true, false])
      }),
    )
  })

  it('R43: mixes no families', () => {
    const everyFour = compileNetworks([network('0.0.0.0/0')])
    const everySix = compileNetworks([network('::/0')])
    expect(compileNetworks([network('::ffff:0:0/96')]).includes(parseAddress('203.0.113.7'))).toBe(true)
    for (const text of ['203.0.113.7', '::ffff:203.0.113.7', '0.0.0.0']) {
      expect([text, everyFour.includes(parseAddress(text)), everySix.includes(parseAddress(text))]).toEqual([
        text,
        true,
        false,
      ])
    }
    for (const text of ['::203.0.113.7', '2001:db8::1', '::', '::fffe:ffff:ffff', '::1:0:0:0']) {
      expect([text, everyFour.includes(parseAddress(text)), everySix.includes(parseAddress(text))]).toEqual([
        text,
        false,
        true,
      ])
    }
  })

  it('R43: never holds an address that is not known, and an empty list holds none', () => {
    const everything = compileNetworks([network('0.0.0.0/0'), network('::/0')])
    expect([everything.includes(null), everything.isEmpty]).toEqual([false, false])
    const nothing = compileNetworks([])
    expect([nothing.includes(null), nothing.includes(parseAddress('::')), nothing.isEmpty]).toEqual([
      false,
      false,
      true,
    ])
  })

  it('R45: of 10,000 networks answers as a look at each of them does, 300,000 times within five seconds', {
    timeout: 5_000,
  }, () => {
    let seed = 1
    const random = (below: number) => {
      seed = (Math.imul(seed, 48_271) >>> 0) % 0x7fff_ffff
      return seed % below
    }
    const networks = Array.from({ length: 10_000 }, (_, at) => {
      if (at % 2 === 0) return network(`${dotted((random(2 ** 22) << 10) >>> 0)}/${22 + random(11)}`)
      return network(`2001:db8:${random(2 ** 16).toString(16)}::/${48 + random(17)}`)
    })
    const list = compileNetworks(networks)
    const addresses = Array.from({ length: 3000 }, (_, at) => {
      const near = networks[random(networks.length)] as Network
      return at % 2 === 0 ? near.last : `${near.first.slice(0, -2)}${random(256).toString(16).padStart(2, '0')}`
    })
    for (const address of addresses.slice(0, 300)) {
      const { length } = address
      const found = networks.some(({ first, last }) => first.length === length && first <= address && address <= last)
      expect(list.includes(address)).toBe(found)
    }
    let held = 0
    for (let round = 0; round < 100; round++) for (const address of addresses) held += list.includes(address) ? 1 : 0
    expect(held).toBeGreaterThan(150_000)
  })

  it('is not changed by what becomes of the array that it was made of', () => {
    const networks = [network('203.0.113.0/24'), network('10.0.0.0/8')]
    const list = compileNetworks(Object.freeze([...networks]))
    const other = compileNetworks(networks)
    networks.length = 0
    for (const compiled of [list, other]) expect(compiled.includes(parseAddress('203.0.113.7'))).toBe(true)
  })
})

describe('the one written form of a network', () => {
  it('R43: is the same of every spelling, and null of what is none', () => {
    const forms = ['203.0.113.0/24', '::ffff:203.0.113.0/120', '::FFFF:CB00:7100/120']
    expect(new Set(forms.map(normalizeNetwork))).toEqual(new Set(['203.0.113.0/24']))
    expect(normalizeNetwork('2001:DB8:0::7')).toBe('2001:db8::7/128')
    for (const none of [
      '0.0.0.0/0',
      '::/0',
      '::ffff:0:0/96',
      '203.0.113.7/24',
      ' 203.0.113.7',
      'office',
      '',
      null,
      undefined,
      7,
      ['203.0.113.7'],
    ]) {
      expect(normalizeNetwork(none)).toBeNull()
    }
  })
})

describe('the network around an address', () => {
  it('is the address itself of IPv4, and the /64 of IPv6, as a list takes it', () => {
    fc.assert(
      fc.property(four, six, (address, other) => {
        expect(networkAround(dotted(address))).toBe(dotted(address))
        const mapped = parseAddress(canonicalSix(other))?.length === 8
        fc.pre(!mapped && !/^(fe[89ab]|::1$)/.test(canonicalSix(other)))
        const around = network(networkAround(canonicalSix(other)) ?? '')
        expect(around).toMatchObject({ prefix: 64, written: `${canonicalSix(clearedSix(other, 64))}/64` })
        const own = parseAddress(canonicalSix(other)) ?? ''
        expect(around.first <= own && own <= around.last).toBe(true)
      }),
    )
    expect(networkAround('::ffff:203.0.113.7')).toBe('203.0.113.7')
    for (const local of ['::1', 'fe80::1', 'febf::1']) expect(networkAround(local)).toBe(local)
    expect(networkAround('fec0::1')).toBe('fec0::/64')
    expect(networkAround('2001:db8:1:2:a5b3:91ff:fe01:7')).toBe('2001:db8:1:2::/64')
  })

  it('R43: is null of what is not strictly an address', () => {
    for (const ip of [null, undefined, '', 'localhost', '010.0.0.1', 'fe80::1%eth0', '203.0.113.7/32']) {
      expect(networkAround(ip)).toBeNull()
    }
  })
})

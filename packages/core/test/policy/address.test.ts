import { isIPv4, isIPv6 } from 'node:net'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { parseAddress, prefixShown, writeAddress } from '../../src/policy/address.js'
import { canonicalSix, dotted, four, groupsOf, hexOf, mappedGroups, six, spelled, spelling } from './spellings.js'

/** What Node.js takes for an address. It knows zone ids, which say nothing on another machine. */
const isStrict = (text: string) => isIPv4(text) || (isIPv6(text) && !text.includes('%'))

describe('an address', () => {
  it('R43: of IPv4 is its four bytes, however IPv6 writes it', () => {
    fc.assert(
      fc.property(
        four.chain(address => fc.tuple(fc.constant(address), spelling(mappedGroups(address)))),
        ([address, text]) => {
          const bytes = hexOf(groupsOf(address))
          expect(parseAddress(dotted(address))).toBe(bytes)
          expect(parseAddress(text)).toBe(bytes)
          expect(writeAddress(bytes)).toBe(dotted(address))
        },
      ),
      { numRuns: 1000 },
    )
  })

  it('R43: of IPv6 is its sixteen bytes, in whichever of its spellings', () => {
    fc.assert(
      fc.property(
        six.chain(groups => fc.tuple(fc.constant(groups), spelling(groups))),
        ([groups, text]) => {
          expect(parseAddress(text)).toBe(hexOf(groups))
          expect(writeAddress(hexOf(groups))).toBe(canonicalSix(groups))
        },
      ),
      { numRuns: 1000 },
    )
  })

  it.each([
    ['203.0.113.7', 'cb007107'],
    ['::ffff:203.0.113.7', 'cb007107'],
    ['::FFFF:CB00:7107', 'cb007107'],
    ['0:0:0:0:0:ffff:203.0.113.7', 'cb007107'],
    ['0000:0000:0000:0000:0000:ffff:203.000.113.7', null],
    ['::', '0'.repeat(32)],
    ['::1', `${'0'.repeat(31)}1`],
    ['2001:DB8::0:1', '20010db8000000000000000000000001'],
    // Not the mapped address, but what RFC 4291 §2.5.5.1 calls IPv4-compatible.
    ['::203.0.113.7', `${'0'.repeat(24)}cb007107`],
    ['::ffff:0:203.0.113.7', `${'0'.repeat(16)}ffff0000cb007107`],
    ['64:ff9b::203.0.113.7', '0064ff9b0000000000000000cb007107'],
    ['1:2:3:4:5:6:7::', '00010002000300040005000600070000'],
    ['::2:3:4:5:6:7:8', '00000002000300040005000600070008'],
  ])('R43: %s is %s', (text, address) => {
    expect(parseAddress(text)).toBe(address)
  })

  it.each([
    '',
    ' ',
    '1',
    '3405803783',
    '0xcb007107',
    '203.0.28935',
    '203.1',
    '203.0.113',
    '203.0.113.7.',
    '.203.0.113.7',
    '203.0.113.256',
    '203.0.113.07',
    '203.0.113.007',
    '0313.0.0161.7',
    '0xcb.0.0x71.7',
    '203.0.113.0x7',
    '203.0.113.-7',
    '203.0.113.+7',
    '203.0.113.7e0',
    '203.0.113.7 ',
    ' 203.0.113.7',
    '203.0.113.7\n',
    '203.0.113.7\0',
    '203.0.113.7:80',
    '203.0.113.7/32',
    '[203.0.113.7]',
    '２０３.0.113.7',
    '203。0。113。7',
    '٢٠٣.0.113.7',
    '::ffff:203.0.113.07',
    '::ffff:0313.0.0161.7',
    '::ffff:0xcb.0.0x71.7',
    '::ffff:203.0.28935',
    '::ffff:203.0.113.256',
    '::ffff:203.0.113.7%eth0',
    '::ffff:203.0.113.7:1',
    '::203.0.113.07',
    'fe80::1%eth0',
    'fe80::1%1',
    'fe80::1%',
    '[::1]',
    '[::1]:443',
    '::1/128',
    '::1 ',
    ' ::1',
    ':::',
    ':',
    ':1',
    '1:',
    '1::2::3',
    '1:2:3:4:5:6:7',
    '1:2:3:4:5:6:7:',
    ':1:2:3:4:5:6:7',
    '1:2:3:4:5:6:7:8:9',
    '1:2:3:4:5:6:7:8::',
    '::1:2:3:4:5:6:7:8',
    '1:2:3:4::5:6:7:8',
    '1:2:3:4:5:6:7:203.0.113.7',
    '203.0.113.7::',
    '00001::',
    '12345::',
    'g::',
    '::１',
    'localhost',
    'unknown',
    '2001-db8--1.ipv6-literal.net',
  ])('R43: %j is none', text => {
    expect(parseAddress(text)).toBeNull()
    expect(isStrict(text)).toBe(false)
  })

  it('R43: is what Node.js takes for one, and nothing else', () => {
    const junk = fc.string({ unit: fc.constantFrom(...'0123456789abcfxX.:%/[] +-'), maxLength: 46 })
    /** A letter put in, taken out or exchanged, in what was an address. */
    const nearly = fc
      .tuple(spelled, fc.nat(), fc.nat({ max: 1 }), fc.constantFrom(...'0123456789afxXzZ.:%/[] \n０', ''))
      .map(([{ text }, position, removed, put]) => {
        const at = position % (text.length + 1)
        return text.slice(0, at) + put + text.slice(at + removed)
      })
    fc.assert(
      fc.property(fc.oneof(junk, nearly), text => {
        expect(parseAddress(text) !== null).toBe(isStrict(text))
      }),
      { numRuns: 5000 },
    )
  })

  it('R45: is not looked for in what is too long to be one', () => {
    for (const piece of ['0', '1.', '1:', '::', 'f', '%', ' ']) expect(parseAddress(piece.repeat(2 ** 20))).toBeNull()
    expect(parseAddress('0000:0000:0000:0000:0000:ffff:203.100.113.107')).toBe('cb64716b')
  })
})

describe('the prefix that is shown', () => {
  it.each([
    ['203.0.113.7', '203.0.113.0/24'],
    ['::ffff:203.0.113.7', '203.0.113.0/24'],
    ['0.0.0.1', '0.0.0.0/24'],
    ['2001:db8:1:2:3:4:5:6', '2001:db8:1::/48'],
    ['::1', '::/48'],
    // Of a tunnel the next bits are somebody's IPv4 address.
    ['2002:c633:6409::1', '2002::/16'],
    ['2001:0:c633:6409::1', '2001::/32'],
    ['2001:1::1', '2001:1::/48'],
  ])('R40: of %s is %s', (text, shown) => {
    expect(prefixShown(parseAddress(text) ?? '')).toBe(shown)
  })

  it('R40: is the same for all addresses of the network', () => {
    fc.assert(
      fc.property(four, fc.nat({ max: 255 }), six, six, (address, host, groups, others) => {
        const neighbour = hexOf(groupsOf(((address & ~255) | host) >>> 0))
        expect(prefixShown(neighbour)).toBe(prefixShown(hexOf(groupsOf(address))))
        const distant = hexOf([...groups.slice(0, 3), ...others.slice(3)])
        expect(prefixShown(distant)).toBe(prefixShown(hexOf(groups)))
      }),
    )
  })
})

import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { normalizeAddress } from '../src/address.js'
import { anyText } from './support/messages.js'

describe('the one form of an address', () => {
  it.each([
    ['alice@example.org', 'alice@example.org'],
    ['  alice@example.org\t', 'alice@example.org'],
    ['Alice.B@Example.ORG', 'Alice.B@example.org'],
    ["o'brien+codes@mail.example.co.uk", "o'brien+codes@mail.example.co.uk"],
    ['!#$%&*/=?^_`{|}~-@example.org', '!#$%&*/=?^_`{|}~-@example.org'],
    ['alice@Bücher.example', 'alice@xn--bcher-kva.example'],
    ['alice@bu\u0308cher.example', 'alice@xn--bcher-kva.example'],
    ['alice@例え.テスト', 'alice@xn--r8jz45g.xn--zckzah'],
    ['alice@xn--bcher-kva.example', 'alice@xn--bcher-kva.example'],
    ['x@printer.local', 'x@printer.local'],
    [`${'a'.repeat(64)}@example.org`, `${'a'.repeat(64)}@example.org`],
  ])('of %j is %j', (typed, one) => {
    expect(normalizeAddress(typed)).toBe(one)
    expect(normalizeAddress(one)).toBe(one)
  })

  it.each([
    ['nothing', ''],
    ['no @', 'example.org'],
    ['no local part', '@example.org'],
    ['no domain', 'alice@'],
    ['a display name', 'Alice <alice@example.org>'],
    ['angle brackets', '<alice@example.org>'],
    ['a comment', 'alice(home)@example.org'],
    ['a comment in the domain', 'alice@example.org(home)'],
    ['two addresses', 'alice@example.org,mallory@example.com'],
    ['two addresses', 'alice@example.org, mallory@example.com'],
    ['two addresses', 'alice@example.org;mallory@example.com'],
    ['two addresses', 'alice@example.org mallory@example.com'],
    ['two @', 'alice@example.org@example.com'],
    ['a group', 'all:alice@example.org,mallory@example.com;'],
    ['a quoted local part', '"alice"@example.org'],
    ['a quoted address for a local part', '"alice@example.org"@example.com'],
    ['quotes that end early', '"alice@example.org, x"@example.com'],
    ['a backslash', 'alice\\@example.org'],
    ['a new line', 'alice@example.org\r\nRCPT TO:<mallory@example.com>'],
    ['a new line in the local part', 'alice\n@example.org'],
    ['a new line in the domain', 'alice@exam\nple.org'],
    ['a tab in the domain', 'alice@exam\tple.org'],
    ['a parameter of SMTP', 'alice@example.org> NOTIFY=SUCCESS'],
    ['a dot before', '.alice@example.org'],
    ['a dot after', 'alice.@example.org'],
    ['two dots', 'alice..b@example.org'],
    ['a local part that is too long', `${'a'.repeat(65)}@example.org`],
    ['an address that is too long', `a@${'a.'.repeat(125)}example.org`],
    ['a local part beyond ASCII', 'jörg@example.org'],
    ['a host without a dot', 'root@localhost'],
    ['an IPv4 address', 'root@127.0.0.1'],
    ['an IPv4 address in octal', 'root@0177.0.0.1'],
    ['an IPv4 address in fullwidth digits', 'root@\uff11\uff12\uff17.0.0.1'],
    ['an address literal', 'root@[127.0.0.1]'],
    ['an IPv6 literal', 'root@[IPv6:::1]'],
    ['a port', 'alice@example.org:25'],
    ['a path', 'alice@example.org/x'],
    ['percent-encoding', 'alice@example%2eorg'],
    ['a fullwidth solidus', 'alice@example.org\uff0fx'],
    ['a fullwidth @', 'alice\uff20example.org'],
    ['a dot at the end', 'alice@example.org.'],
    ['a label that ends in a hyphen', 'alice@example-.org'],
    ['a label of Punycode that is none', 'alice@xn--a.example'],
    ['a lone surrogate', 'alice@\ud800.example'],
  ])('is none where there is %s', (_what, typed) => {
    expect(normalizeAddress(typed)).toBeNull()
  })

  it('is its own form, and holds nothing that an address parser could stumble over', () => {
    fc.assert(
      fc.property(fc.oneof(fc.emailAddress(), anyText), typed => {
        const one = normalizeAddress(typed)
        fc.pre(one !== null)
        expect(one).toMatch(/^[!#-'*+\-./-9=?A-Z^_`a-z{|}~]+@[a-z0-9.-]+$/)
        expect(normalizeAddress(one)).toBe(one)
      }),
    )
  })
})

import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { behind, by, type Header, real, stranger } from './behind.js'

/** What a client may send: anything, and what is made to confuse. */
const confusing =
  'for=|For="|"|\\|\\"|,|, |;|=|_x|unknown|[|]|[2001:db8::66]|:80|192.0.2.66|10.0.0.2|for=192.0.2.66|for=10.0.0.2|for="[fd00::2]"|127.0.0.1|::1|\t| '
const sent = fc.oneof(
  fc.string({ unit: 'binary' }),
  fc.array(fc.constantFrom(...confusing.split('|')), { maxLength: 12 }).map(parts => parts.join('')),
)

const portIf = (port: boolean, text: string) => (port ? `${text}:50123` : text)

/** What a proxy writes of an address, in every form that it may take. */
const written: Record<Header, (text: string, port: boolean) => readonly string[]> = {
  'x-forwarded-for': (text, port) => {
    if (!text.includes(':')) return [portIf(port, text)]
    return [portIf(port, `[${text}]`), ...(port ? [] : [text])]
  },
  forwarded: (text, port) => {
    const name = portIf(port, text.includes(':') ? `[${text}]` : text)
    const quoted = [`"${name}"`, `"${name.replace(/[.:[\]]/g, '\\$&')}"`]
    const values = name.includes(':') ? quoted : [name, ...quoted]
    return values.flatMap(value => [
      `for=${value}`,
      `FOR=${value}`,
      `proto=https;for=${value};by="_a,b\\"c"`,
      `host="a,b;for=x\\\\"; For=${value}`,
    ])
  },
}

const element = (header: Header, of: fc.Arbitrary<{ text: string; canonical: string }>) =>
  fc.tuple(of, fc.boolean(), fc.nat()).map(([{ text, canonical }, port, pick]) => {
    const forms = written[header](text, port)
    return { element: forms[pick % forms.length] ?? '', canonical }
  })
const comma = fc.constantFrom(',', ', ', ' ,', '\t, \t')

describe.each<Header>(['x-forwarded-for', 'forwarded'])('the client, by %s', header => {
  const ours = element(
    header,
    fc.constantFrom('10.1.2.3', '::ffff:10.9.9.9', 'fd00::7').map(text => ({ text, canonical: text })),
  )

  it('R42: is whom the nearest trusted proxy names, whatever stands to the left', () => {
    fc.assert(
      fc.property(sent, comma, element(header, stranger), (prefix, between, { element, canonical }) => {
        expect(by(header, `${prefix}${between}${element}`)).toBe(canonical)
      }),
      { numRuns: 3000 },
    )
  })

  it('R42: is whom the last of several trusted proxies names, and nobody further left', () => {
    const chain = fc.tuple(sent, element(header, stranger), fc.array(ours, { maxLength: 5 }), comma)
    fc.assert(
      fc.property(chain, ([prefix, { element, canonical }, proxies, between]) => {
        const value = [prefix, element, ...proxies.map(ours => ours.element)].join(between)
        expect(by(header, value)).toBe(canonical)
      }),
      { numRuns: 1000 },
    )
  })

  it('R42: is never of a client’s choosing where the other header is the client’s own', () => {
    const other = header === 'forwarded' ? 'x-forwarded-for' : 'forwarded'
    fc.assert(
      fc.property(sent, sent, element(header, stranger), (prefix, untouched, { element, canonical }) => {
        const headers = { [header]: `${prefix}, ${element}`, [other]: untouched }
        expect(behind(headers, { header })).toBe(canonical)
        expect([canonical, null]).toContain(behind(headers))
      }),
      { numRuns: 1000 },
    )
  })

  it('R42: is not known where anything else stands in the client’s place', () => {
    const good = header === 'forwarded' ? `for=${real}` : real
    const ourOwn = header === 'forwarded' ? 'for=10.0.0.2' : '10.0.0.2'
    const junk = [
      '',
      ' ',
      'unknown',
      '_hidden',
      '-',
      'localhost',
      '203.0.113',
      '203.0.113.07',
      '203.0.113.7/32',
      '0x7f.1',
    ]
    for (const item of [...junk, ...junk.map(item => `for=${item}`), 'for="', '"', '\\', ';', '=']) {
      for (const rest of ['', `, ${ourOwn}`, `, ${ourOwn},${ourOwn}`]) {
        expect([item, by(header, `${good}, ${item}${rest}`)]).toEqual([item, null])
      }
    }
  })

  it('R42: is the leftmost where all are trusted, as a proxy that asks for itself', () => {
    fc.assert(
      fc.property(fc.array(ours, { minLength: 1, maxLength: 64 }), proxies => {
        const canonical = proxies[0]?.canonical.replace('::ffff:', '')
        expect(by(header, proxies.map(({ element }) => element).join(', '))).toBe(canonical)
      }),
    )
  })

  it('R42: is the same by one header or by several of its name', () => {
    const part = fc.oneof(
      sent,
      element(header, stranger).map(({ element }) => element),
      ours.map(({ element }) => element),
    )
    fc.assert(
      fc.property(fc.array(part, { minLength: 1, maxLength: 5 }), fc.nat({ max: 5 }), (values, at) => {
        const joined = by(header, values.join(', '))
        const upper = header.toUpperCase()
        expect(behind({ [header]: values }, { header })).toBe(joined)
        expect(behind({ [upper]: values.slice(0, at), [header]: values.slice(at) }, { header })).toBe(joined)
        expect(behind({ get: name => (name === header ? values.join(', ') : null) }, { header })).toBe(joined)
      }),
    )
  })

  it('R45: is looked for in so much of a header and no more, whatever its size', () => {
    const [good, ourOwn] = header === 'forwarded' ? [`for=${real}`, 'for=10.0.0.2'] : [real, '10.0.0.2']
    const chain = (proxies: number) => [good, ...Array(proxies).fill(ourOwn)].join(',')
    expect([by(header, chain(63)), by(header, chain(64))]).toEqual([real, null])
    expect(by(header, Array(64).fill(ourOwn).join(','))).toBe('10.0.0.2')
    expect(by(header, Array(65).fill(ourOwn).join(','))).toBeNull()
    expect(by(header, good.padStart(8192))).toBe(real)
    expect(by(header, good.padStart(8193))).toBeNull()
    for (const piece of [' ', ',', '"', '\\', '\\"', 'for="', ';', ':', ':_', '[', 'a', 'for=1;', '\t,', '0.', '=']) {
      const megabytes = piece.repeat(2 ** 21)
      expect([piece, by(header, `${megabytes},${good}`)]).toEqual([piece, real])
      for (const value of [megabytes, `${megabytes}x`, `${good},${megabytes}`]) {
        expect([piece, by(header, value)]).toEqual([piece, null])
      }
    }
  })
})

describe('an element', () => {
  it.each<[forwarded: string, client: string | null]>([
    // RFC 7239 §4 and §6
    ['for="_gazonk"', null],
    ['For="[2001:db8:cafe::17]:4711"', '2001:db8:cafe::17'],
    ['for=192.0.2.60;proto=http;by=203.0.113.43', '192.0.2.60'],
    ['for=192.0.2.43, for=198.51.100.17', '198.51.100.17'],
    ['for="192.0.2.43:47011"', '192.0.2.43'],
    ['for="[2001:db8:cafe::17]:_port.-1"', '2001:db8:cafe::17'],
    ['for="192.0.2.43:_p"', '192.0.2.43'],
    ['for="unknown:80"', null],
    ['for=_SEVKISEK', null],
    // By the grammar
    ['for=192.0.2.43:47011', null],
    ['for=[2001:db8::1]', null],
    ['for=2001:db8::1', null],
    ['for="2001:db8::1"', null],
    ['for="2001:db8::"', null],
    ['for="2001:db8::1:80"', null],
    ['for="[192.0.2.43]"', null],
    ['for="[2001:db8::1"', null],
    ['for="2001:db8::1]"', null],
    ['for="[2001:db8::1]80"', null],
    ['for="[2001:db8::1]:"', null],
    ['for="[2001:db8::1]:123456"', null],
    ['for="[2001:db8::1]:_"', null],
    ['for="[[2001:db8::1]]"', null],
    ['for="[fe80::1%eth0]"', null],
    ['for="192.0.2.43:80:80"', null],
    ['for=" 192.0.2.43"', null],
    ['for="192\\.0.2.4\\3"', '192.0.2.43'],
    ['for=192.0.2.43;for=192.0.2.43', null],
    ['for=192.0.2.43;FOR=192.0.2.66', null],
    ['fore=192.0.2.43', null],
    ['by=192.0.2.43', null],
    ['192.0.2.43', null],
    ['for =192.0.2.43', null],
    ['for= 192.0.2.43', null],
    ["for='192.0.2.43'", null],
    ['for="192.0.2.43', null],
    ['for=192.0.2.43"', null],
    ['for="192.0.2.43"x', null],
    ['for="192.0.2.43\\"', null],
    ['for=192.0.2.43 proto=http', null],
    [';;for=192.0.2.43;', '192.0.2.43'],
    ['proto=https; for=192.0.2.43 ; host="a,b"', '192.0.2.43'],
    ['for=192.0.2.43;host="a\u0000b"', null],
    ['for=192.0.2.43;host="ä"', '192.0.2.43'],
    ['for=192.0.2.43;host="\u20ac"', null],
    ['for=192.0.2.43,', null],
    // A client that leaves a quote open, closes one of the proxy's, or escapes its comma
    ['for="192.0.2.66, for=203.0.113.7', real],
    ['for="192.0.2.66\\, for=203.0.113.7', real],
    ['for=192.0.2.66;x=", for="[2001:db8::7]"', '2001:db8::7'],
    ['for=192.0.2.66;x="\\, for="[2001:db8::7]"', '2001:db8::7'],
    ['for="[2001:db8::66]", for="[2001:db8::7]";x="\\\\"', '2001:db8::7'],
    ['for=192.0.2.66, for=203.0.113.7;x=", for=192.0.2.66"', real],
  ])('R42: by Forwarded: %j is %s', (forwarded, client) => {
    expect(by('forwarded', forwarded)).toBe(client)
  })

  it.each<[value: string, client: string | null]>([
    ['203.0.113.7:50123', real],
    ['[2001:db8::7]:50123', '2001:db8::7'],
    ['[2001:db8::7]', '2001:db8::7'],
    ['2001:db8::7', '2001:db8::7'],
    ['\t 203.0.113.7 \t', real],
    ['[203.0.113.7]', null],
    ['203.0.113.7:', null],
    ['203.0.113.7:123456', null],
    ['203.0.113.7:_x', null],
    ['2001:db8::7]:80', null],
    ['"203.0.113.7"', null],
    ['\u00a0203.0.113.7', null],
    ['203.0.113.7\n', null],
    ['for=203.0.113.7', null],
    ['192.0.2.66;203.0.113.7', null],
    ['", 203.0.113.7', real],
    ['"192.0.2.66, 203.0.113.7"', null],
    ['203.0.113.7,', null],
    ['203.0.113.7, "10.0.0.2"', null],
    ['203.0.113.7, ", 10.0.0.2', null],
  ])('R42: by X-Forwarded-For: %j is %s', (value, client) => {
    expect(by('x-forwarded-for', value)).toBe(client)
  })
})

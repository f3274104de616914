import { randomBytes } from 'node:crypto'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { type KeyLabel, makeKeyring } from '../../src/vault/keyring.js'
import { open, seal } from '../../src/vault/seal.js'

const keyring = makeKeyring([randomBytes(32).toString('base64')])
const associated = new TextEncoder().encode('key and version')
const plaintext = new TextEncoder().encode('{"secret":"JBSWY3DPEHPK3PXP"}')
const body = seal(keyring, 'record', associated, plaintext)
const bytes = fc.uint8Array({ maxLength: 200 })
const opens = (altered: Uint8Array) => open(keyring, 'record', associated, altered)

describe('sealing', () => {
  it('opens to what was sealed, for every content and all associated data', () => {
    fc.assert(
      fc.property(bytes, bytes, (content, data) => {
        const sealed = seal(keyring, 'record', data, content)
        expect(open(keyring, 'record', data, sealed)).toEqual({ plaintext: content, newestKey: true })
        expect(sealed.length).toBe(1 + 8 + 24 + content.length + 16)
      }),
    )
  })

  it('R39: does not open after any one bit has flipped', () => {
    for (let bit = 0; bit < body.length * 8; bit++) {
      const altered = body.slice()
      altered[bit >> 3] = (altered[bit >> 3] ?? 0) ^ (1 << (bit & 7))
      expect(opens(altered)).toBeNull()
    }
  })

  it('R39: does not open when cut at any place, or with anything behind it or before', () => {
    for (let length = 0; length < body.length; length++) {
      expect(opens(body.slice(0, length))).toBeNull()
      if (length > 0) expect(opens(body.slice(length))).toBeNull()
    }
    fc.assert(
      fc.property(fc.uint8Array({ minLength: 1, maxLength: 40 }), more => {
        expect(opens(Uint8Array.of(...body, ...more))).toBeNull()
        expect(opens(Uint8Array.of(...more, ...body))).toBeNull()
      }),
    )
  })

  it('R39: does not open after parts were swapped, doubled or dropped', () => {
    const position = fc.nat({ max: body.length })
    fc.assert(
      fc.property(position, position, position, (one, two, three) => {
        const [from, to, at] = [one, two, three].sort((left, right) => left - right) as [number, number, number]
        const altered = [
          Uint8Array.of(...body.slice(0, from), ...body.slice(to, at), ...body.slice(from, to), ...body.slice(at)),
          Uint8Array.of(...body.slice(0, to), ...body.slice(from)),
          Uint8Array.of(...body.slice(0, from), ...body.slice(to)),
        ]
        for (const other of altered) if (Buffer.compare(other, body) !== 0) expect(opens(other)).toBeNull()
      }),
    )
  })

  it('R39: does not open for other associated data', () => {
    fc.assert(
      fc.property(bytes, other => {
        fc.pre(Buffer.compare(other, associated) !== 0)
        expect(open(keyring, 'record', other, body)).toBeNull()
      }),
    )
    expect(open(keyring, 'record', associated.slice(1), body)).toBeNull()
    expect(open(keyring, 'record', new Uint8Array(), body)).toBeNull()
  })

  it('R39: does not open under another key, nor under the same key for another use', () => {
    const other = makeKeyring([randomBytes(32).toString('base64')])
    expect(open(other, 'record', associated, body)).toBeNull()
    const renamed = body.slice()
    renamed.set(other.newest.id, 1)
    expect(open(other, 'record', associated, renamed)).toBeNull()
    for (const label of ['token challenge', 'token grant'] satisfies KeyLabel[]) {
      expect(open(keyring, label, associated, body)).toBeNull()
    }
  })

  it('R39: is null for bytes that it never made', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 300 }), other => {
        expect(opens(other)).toBeNull()
        expect(opens(Uint8Array.of(1, ...keyring.newest.id, ...other))).toBeNull()
      }),
    )
  })

  it('R39: never seals twice alike, and shows nothing of the content', () => {
    const sealed = Array.from({ length: 100 }, () => Buffer.from(seal(keyring, 'record', associated, plaintext)))
    expect(new Set(sealed.map(one => one.subarray(9, 33).toString('hex'))).size).toBe(100)
    for (const one of sealed) expect(one.includes('JBSWY3DP')).toBe(false)
  })

  it('leaves the body that it opens as it was', () => {
    const before = body.slice()
    opens(body)
    open(keyring, 'record', new Uint8Array(), body)
    expect(body).toEqual(before)
  })
})

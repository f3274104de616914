import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { frame } from '../src/framing.js'

const part = fc.string({ unit: 'grapheme', maxLength: 8 })
const parts = fc.array(part, { maxLength: 6 })

/** Reads the parts back: only what is injective can be. */
function unframe(bytes: Uint8Array): string[] {
  const found: string[] = []
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength)
  for (let at = 0; at < bytes.length; ) {
    const length = view.getUint32(at)
    found.push(
      new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes.subarray(at + 4, at + 4 + length)),
    )
    at += 4 + length
  }
  return found
}

describe('framing', () => {
  it('R52: gives two different lists of parts different bytes: they read back', () => {
    fc.assert(
      fc.property(parts, list => {
        expect(unframe(frame(list))).toEqual(list)
      }),
    )
  })

  it('R52: tells lists apart that read the same when run together', () => {
    fc.assert(
      fc.property(part, part, part, (one, two, three) => {
        const variants = [[one, two, three], [one + two, three], [one, two + three], [one + two + three]]
        const frames = variants.map(list => Buffer.from(frame(list)).toString('hex'))
        expect(new Set(frames).size).toBe(new Set(variants.map(list => JSON.stringify(list))).size)
      }),
    )
    expect(frame([])).not.toEqual(frame(['']))
    expect(frame(['', ''])).not.toEqual(frame(['']))
    expect(frame(['\0\0\0\0'])).not.toEqual(frame(['', '']))
  })

  it('counts bytes, not characters', () => {
    expect(Array.from(frame(['é']))).toEqual([0, 0, 0, 2, 0xc3, 0xa9])
  })
})

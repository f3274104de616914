import * as fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { decodeRecord, encodeRecord } from '../src/record.js'
import { newVersion } from './support/records.js'

describe('the string of a record', () => {
  it('gives back any bytes', () => {
    const bytes = fc.uint8Array({ maxLength: 40_000, size: 'max' })
    const hex = fc.stringMatching(/^[0-9a-f]{32}$/)
    fc.assert(
      fc.property(hex, bytes, (version, body) => {
        const value = encodeRecord({ version, body })
        expect(value).toBe(`${version}:${Buffer.from(body).toString('base64')}`)
        const decoded = decodeRecord(value)
        expect(decoded?.version).toBe(version)
        expect(Buffer.from(decoded?.body ?? []).equals(body)).toBe(true)
      }),
    )
  })

  it('is no string of somebody else, nor one that was cut or added to', () => {
    const version = newVersion()
    const value = encodeRecord({ version, body: Uint8Array.of(1, 2, 3, 4) })
    const others = ['', ':', version, `${version};AQID`, value.toUpperCase(), `${value}\n`, ` ${value}`, `${value} `]
    const cut = Array.from({ length: value.length - 1 }, (_, length) => value.slice(0, length))
    // A body that was cut by whole bytes is still base64: core finds that it does not open.
    const stillBase64 = new Set([`${version}:`, `${version}:AQID`])
    for (const other of [...others, ...cut]) expect(decodeRecord(other) !== null).toBe(stillBase64.has(other))
  })
})

import { describe, expect, it } from 'vitest'
import { textOf } from '../src/replies.js'

describe('what a port gives', () => {
  it.each([
    [null, null],
    ['', ''],
    ['text', 'text'],
    [1, '1'],
    [0n, '0'],
    [Buffer.from('text'), 'text'],
  ])('takes %o as %o', (reply, text) => {
    expect(textOf(reply)).toBe(text)
  })

  it.each([
    [undefined, 'undefined'],
    [true, 'a boolean'],
    [['1'], 'an array'],
    [{ a: 1 }, 'an object'],
    [new Map(), 'an object'],
    [new Error('as a value'), 'an object'],
  ])('R41: does not guess at %o', (reply, named) => {
    const message = `the port gave ${named}, where Redis gives a string, an integer or nil`
    expect(() => textOf(reply)).toThrow(expect.objectContaining({ kind: 'store', code: 'store_failed', message }))
  })
})

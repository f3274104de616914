import type { Write } from '@sallyport/core'
import { memoryStore } from '@sallyport/memory'
import { describe, expect, it } from 'vitest'

const write = (version: string, bytes: number[], expiresAt: number | null = null): Write => ({
  version,
  body: Uint8Array.from(bytes),
  expiresAt,
  summary: null,
})

describe('memoryStore', () => {
  it('gives null for what is not there, and what was put, for what is', async () => {
    const store = memoryStore()
    expect(await store.get('a')).toBeNull()
    expect(await store.put('a', write('1', [1, 2]), null)).toBe(true)
    expect(await store.get('a')).toEqual({ version: '1', body: Uint8Array.of(1, 2) })
  })

  it('writes only over the version that is named, and null names absence', async () => {
    const store = memoryStore()
    expect(await store.put('a', write('1', [1]), 'other')).toBe(false)
    expect(await store.get('a')).toBeNull()
    expect(await store.put('a', write('1', [1]), null)).toBe(true)
    expect(await store.put('a', write('2', [2]), null)).toBe(false)
    expect(await store.put('a', write('2', [2]), '1')).toBe(true)
    expect(await store.put('a', write('3', [3]), '1')).toBe(false)
    expect((await store.get('a'))?.version).toBe('2')
  })

  it('R47: lets one of 50 parallel writers win, for an insert and for an update', async () => {
    const store = memoryStore()
    for (const before of [null, 'base']) {
      if (before !== null) await store.put('b', write(before, [0]), null)
      const key = before === null ? 'a' : 'b'
      const writers = Array.from({ length: 50 }, (_, index) => store.put(key, write(`w${index}`, [index]), before))
      expect((await Promise.all(writers)).filter(landed => landed)).toHaveLength(1)
    }
  })

  it('shares no buffer with who reads or writes', async () => {
    const store = memoryStore()
    const record = write('1', [1, 2])
    await store.put('a', record, null)
    record.body[0] = 9
    const read = await store.get('a')
    if (read) read.body[1] = 9
    expect((await store.get('a'))?.body).toEqual(Uint8Array.of(1, 2))
  })

  it('hides nothing that has expired: it owns no clock', async () => {
    const store = memoryStore()
    await store.put('a', write('1', [1], 1), null)
    expect((await store.get('a'))?.version).toBe('1')
  })

  it('keeps keys apart to the byte, also those of objects', async () => {
    const store = memoryStore()
    const keys = ['a', 'A', 'a ', '\u00e9', 'e\u0301', '__proto__', 'constructor']
    for (const key of keys) expect(await store.put(key, write(key, [1]), null)).toBe(true)
    for (const key of keys) expect((await store.get(key))?.version).toBe(key)
  })

  it('deletes, also what is not there', async () => {
    const store = memoryStore()
    await store.put('a', write('1', [1]), null)
    await store.delete('a')
    await store.delete('a')
    expect(await store.get('a')).toBeNull()
    expect(await store.put('a', write('2', [2]), '1')).toBe(false)
  })
})

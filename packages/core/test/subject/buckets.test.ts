import { isRefusal } from '@sallyport/core'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { takeOne as take } from '../../src/subject/buckets.js'
import { day, hour, now } from './fixtures.js'

/** Takes one, or throws. */
function takeOne(fullAt: number | null, size: number, at: number): number {
  const taken = take(fullAt, size, at)
  if (taken.refused !== null) throw taken.refused
  return taken.fullAt
}

/** What is left of so many askings at one moment. */
function takeAll(fullAt: number | null, size: number, at: number): { taken: number; fullAt: number | null } {
  let bucket = fullAt
  for (let taken = 0; ; taken++) {
    try {
      bucket = takeOne(bucket, size, at)
    } catch (error) {
      if (!isRefusal(error)) throw error
      return { taken, fullAt: bucket }
    }
  }
}

describe('a bucket', () => {
  it.each([1, 3, 10])('R25: of %i gives so many at once, and says when there is one again', size => {
    const { taken, fullAt } = takeAll(null, size, now)
    expect(taken).toBe(size)
    const empty = () => takeOne(fullAt, size, now)
    expect(empty).toThrowError(expect.objectContaining({ code: 'send_limit', retryAfter: 86_400 / size }))
    const later = now + day / size
    expect(takeAll(fullAt, size, later - 1).taken).toBe(0)
    expect(takeAll(fullAt, size, later).taken).toBe(1)
    expect(takeAll(fullAt, size, now + day).taken).toBe(size)
    expect(takeAll(fullAt, size, now + 100 * day).taken).toBe(size)
  })

  it('R25: gives in no span of time more than it held, and what came back in it', () => {
    const askings = fc.array(fc.nat({ max: 4 * hour }), { maxLength: 100 })
    fc.assert(
      fc.property(askings, fc.integer({ min: 1, max: 20 }), (gaps, size) => {
        let bucket: number | null = null
        let at = now
        const given: number[] = []
        for (const gap of gaps) {
          at += gap
          try {
            bucket = takeOne(bucket, size, at)
            given.push(at)
          } catch (error) {
            if (!isRefusal(error)) throw error
          }
        }
        for (const [first, from] of given.entries()) {
          for (const [last, to] of given.entries()) {
            if (last >= first) expect(last - first + 1).toBeLessThanOrEqual(size + ((to - from) * size) / day + 1e-9)
          }
        }
      }),
    )
  })

  it('R7: is emptied for a day at most by a clock that was ahead, and filled by none that steps back', () => {
    const ahead = takeAll(null, 3, now + 400 * day).fullAt
    expect(takeAll(ahead, 3, now).taken).toBe(0)
    const { fullAt, refused } = take(ahead, 3, now)
    expect(refused?.retryAfter).toBe(28_800)
    expect(takeAll(fullAt, 3, now + 28_800_000).taken).toBe(1)
    expect(takeAll(fullAt, 3, now + day).taken).toBe(3)
    const empty = takeAll(null, 3, now).fullAt
    expect(takeAll(empty, 3, now - hour).taken).toBe(0)
  })
})

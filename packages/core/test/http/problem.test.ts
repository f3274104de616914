import { refusalCodes } from '@sallyport/core'
import { cookieAttributes, problem } from '@sallyport/core/http'
import { describe, expect, test } from 'vitest'
import { corruptError, refusal, storeError, usageError } from '../../src/errors.js'

const statuses = {
  422: ['invalid_code', 'invalid_input'],
  429: ['locked', 'send_too_soon', 'send_limit'],
  403: ['suspended', 'method_unavailable', 'address_not_allowed', 'proof_required', 'permit_required', 'not_enrolled'],
  410: ['challenge_expired', 'enrollment_expired'],
  404: ['not_found'],
  409: ['would_lock_out', 'limit_reached'],
  502: ['delivery_failed'],
  503: ['busy', 'outcome_unknown'],
} as const
const rows = Object.entries(statuses).flatMap(([status, codes]) =>
  codes.map(code => ({ code, status: Number(status) })),
)

describe('problem', () => {
  test.each(rows)('answers $code with $status', ({ code, status }) => {
    const answer = problem(refusal(code))
    expect(answer).toEqual({
      status,
      headers: { 'Content-Type': 'application/problem+json', 'Cache-Control': 'no-store' },
      body: { type: `urn:sallyport:${code}`, title: expect.stringMatching(/^[A-Z].{8,80}\.$/), status, code },
    })
  })

  test('knows every refusal that there is', () => {
    expect(rows.map(row => row.code).sort()).toEqual([...refusalCodes].sort())
  })

  test.each([
    [usageError('issuer', 'must be a string'), 500, 'invalid_argument'],
    [storeError('connect ECONNREFUSED 10.0.0.1', new Error('redis://:hunter2@10.0.0.1')), 503, 'store_failed'],
    [corruptError('record_missing'), 500, 'record_missing'],
    [corruptError('record_stale'), 500, 'record_stale'],
    [corruptError('record_unreadable'), 500, 'record_unreadable'],
  ] as const)('R40: answers a fault with its code alone (%#)', (error, status, code) => {
    const answer = problem(error)
    expect(answer).toMatchObject({ status, body: { status, code, type: `urn:sallyport:${code}` } })
    const told = JSON.stringify(answer)
    expect(told).not.toContain(error.message)
    expect(told).not.toMatch(/issuer|10\.0\.0\.1|hunter2/)
  })

  test('tells when to come back, in whole seconds, in header and body', () => {
    const answer = problem(refusal('locked', { retryAfter: 900 }))
    expect(answer?.headers['Retry-After']).toBe('900')
    expect(answer?.body.retryAfter).toBe(900)
    expect(problem({ kind: 'refusal', code: 'locked', retryAfter: 0.2 })?.headers['Retry-After']).toBe('1')
    expect(problem(refusal('locked', { retryAfter: 0 }))?.headers['Retry-After']).toBe('0')
    for (const retryAfter of [null, undefined, -1, Number.NaN, Number.POSITIVE_INFINITY, '9\r\nSet-Cookie: a=b']) {
      const none = problem({ kind: 'refusal', code: 'locked', retryAfter })
      expect(none?.headers).not.toHaveProperty('Retry-After')
      expect(none?.body).not.toHaveProperty('retryAfter')
    }
  })

  test('knows errors by kind and code, whichever copy of the package threw them', () => {
    class Refusal extends Error {
      kind = 'refusal'
      code = 'invalid_code'
      retryAfter = null
    }
    expect(problem(new Refusal('a message'))?.status).toBe(422)
    expect(problem({ kind: 'corrupt', code: 'record_stale' })?.status).toBe(500)
  })

  test('leaves what is not ours alone', () => {
    const others: unknown[] = [undefined, null, 0, '', 'invalid_code', Symbol('x'), [], {}, () => {}, new Error('no')]
    others.push(
      { kind: 'refusal' },
      { code: 'locked' },
      { kind: 'refusal', code: 'teapot' },
      { kind: 'x', code: 'locked' },
    )
    others.push({ kind: 'refusal', code: 'constructor' }, { kind: 'constructor', code: 'store_failed' })
    others.push(
      { kind: 'store', code: 'locked' },
      { kind: 'refusal', code: 'store_failed' },
      { kind: 'refusal', code: ['locked'] },
    )
    others.push(
      Object.assign(new Error('no'), { code: 'ECONNREFUSED' }),
      Object.assign(new Error('no'), { kind: 1, code: 2 }),
    )
    for (const other of others) expect(problem(other)).toBeNull()
  })

  test('gives a fresh answer each time: nobody changes the next one', () => {
    const first = problem(refusal('locked'))
    if (first) first.headers['Cache-Control'] = 'public'
    expect(problem(refusal('locked'))?.headers['Cache-Control']).toBe('no-store')
  })
})

describe('cookieAttributes', () => {
  test('keeps the cookie from scripts, plain HTTP and forms of other sites, until the token ends', () => {
    const expiresAt = new Date('2026-01-01T00:10:00Z')
    const attributes = cookieAttributes(expiresAt)
    expect(attributes).toEqual({ httpOnly: true, secure: true, sameSite: 'lax', path: '/', expires: expiresAt })
    expiresAt.setTime(0)
    expect(attributes.expires).toEqual(new Date('2026-01-01T00:10:00Z'))
  })

  test('a moment that is none is a usage error that names it', () => {
    for (const moment of [new Date(Number.NaN), undefined, null, 0, '2026-01-01'] as Date[]) {
      expect(() => cookieAttributes(moment)).toThrow(
        expect.objectContaining({ kind: 'usage', message: expect.stringMatching(/^expiresAt /) }),
      )
    }
  })
})

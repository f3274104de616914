import { refusalCodes } from '@sallyport/core'
import { describe, expect, test } from 'vitest'
import { inWords, waitInWords } from '../src/refusals.js'

const ofTheApp = new Set(['totp', 'recovery_code', 'gate'])

describe('refusals in words', () => {
  test.each(refusalCodes)('%s is said to a person', code => {
    for (const retryAfter of [null, 900]) {
      for (const about of ['totp', 'email', 'sms', 'recovery_code', 'setup', 'new_email', 'new_sms', 'gate'] as const) {
        const sentence = inWords({ code, retryAfter } as Parameters<typeof inWords>[0], about)
        expect(sentence).toMatch(/^[A-Z].{20,}[.?]$/)
        expect(sentence).not.toMatch(/_|undefined|null|NaN/)
        if (!ofTheApp.has(about)) expect(sentence).not.toContain('codes from your app')
      }
    }
  })

  test.each([
    [0, '1 second'],
    [1, '1 second'],
    [59, '59 seconds'],
    [60, '1 minute'],
    [61, '2 minutes'],
    [899.2, '15 minutes'],
    [3600, '1 hour'],
    [3601, '1 hour and 1 minute'],
    [86_400, '24 hours'],
  ])('a wait of %d s is %s', (seconds, words) => {
    expect(waitInWords(seconds)).toBe(words)
  })
})

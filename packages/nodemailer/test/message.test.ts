import { codeEmail } from '@sallyport/nodemailer'
import fc from 'fast-check'
import { afterEach, describe, expect, it, vi } from 'vitest'
import { anyText, code, newMessage } from './support/messages.js'

/** What a browser shows of simple HTML. */
function shown(html: string): string {
  const entities: Record<string, string> = { amp: '&', lt: '<', gt: '>', quot: '"', '#39': "'" }
  return html
    .slice(html.indexOf('<body'))
    .replace(/<[^>]*>/g, '')
    .replace(/&([a-z]+|#39);/g, (_, name: string) => entities[name] ?? '')
}

afterEach(() => void vi.useRealTimers())

const purposes = ['login', 'step_up', 'destination'] as const

describe('the default message', () => {
  it('has the code first in the subject, and in both parts', () => {
    const { subject, text, html } = codeEmail(newMessage())
    expect(subject).toBe('314159 is your Acme code')
    expect(text).toMatch(/^314159 is your Acme code\.\n/)
    expect(shown(html)).toContain(code)
  })

  it.each([
    ['login', /to finish signing in to Acme\./, /somebody has your password: change it\.$/m],
    ['step_up', /to confirm that it is you who is using Acme\./, /somebody is in your account: sign out everywhere/],
    [
      'destination',
      /to confirm this address for signing in to Acme\./,
      /do nothing: without the code this address will/,
    ],
  ] as const)(
    'says what a code for %s is for, and what to do where it was somebody else',
    (purpose, use, otherwise) => {
      const { text, html } = codeEmail(newMessage({ purpose }))
      for (const part of [text, shown(html)]) {
        expect(part).toMatch(use)
        expect(part).toMatch(otherwise)
        expect(part).toContain('Give it to nobody')
      }
    },
  )

  it.each([
    [24 * 3_600_000, '10 minutes'],
    [300_000, '5 minutes'],
    [290_000, '5 minutes'],
    [289_999, '4 minutes'],
    [109_999, '1 minute'],
    [50_000, '1 minute'],
    [49_999, 'less than a minute'],
    [3_000, 'less than a minute'],
    [-1, 'less than a minute'],
  ])('R23: says of a code that is good for %i ms more: %s', (left, said) => {
    vi.useFakeTimers({ toFake: ['Date'] })
    const { text, html } = codeEmail(newMessage({ expiresAt: new Date(Date.now() + left) }))
    expect(text).toContain(`It is good for ${said}.`)
    expect(shown(html)).toContain(`It is good for ${said}.`)
  })

  it('has nothing to click or to load, no layout tables, and no colours of its own', () => {
    for (const purpose of purposes) {
      const { text, html } = codeEmail(newMessage({ purpose }))
      expect(text + html).not.toMatch(/https?:|<a\b|<img|<table|src=|url\(|(?<!-)color:/i)
      expect(html).toMatch(/<html lang="en">/)
      expect(html).toContain('content="light dark"')
    }
  })

  it('shows any issuer as it is, as text, and keeps the subject to one line', () => {
    fc.assert(
      fc.property(anyText, fc.constantFrom(...purposes), (issuer, purpose) => {
        const { subject, html } = codeEmail(newMessage({ issuer, purpose }))
        expect(subject).not.toMatch(/[\p{Cc}\u2028\u2029]/u)
        expect(shown(html)).toContain(subject.slice(code.length + ' is your '.length, -' code'.length))
        expect(html.match(/<\/?\w+/g)).toEqual(codeEmail(newMessage({ purpose })).html.match(/<\/?\w+/g))
      }),
    )
    const { html } = codeEmail(newMessage({ issuer: 'A&B <x>' }))
    expect(html).toContain('A&amp;B &lt;x&gt;')
  })
})

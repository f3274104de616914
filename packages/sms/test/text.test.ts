import type { CodeMessage } from '@sallyport/core'
import { describe, expect, it } from 'vitest'
import { codeText } from '../src/index.js'
import { newMessage } from './support/message.js'

/** GSM 03.38, the part whose characters take seven bits. One of another alphabet, and a message holds 70 characters and not 160. */
const gsm = /^[@£$¥èéùìòÇ\nØø\rÅåΔ_ΦΓΛΩΠΨΣΘΞÆæßÉ !"#¤%&'()*+,\-./0-9:;<=>?¡A-ZÄÖÑÜ§¿a-zäöñüà]*$/

const purposes: readonly CodeMessage['purpose'][] = ['login', 'step_up', 'destination']

describe('the default text', () => {
  it.each(purposes)(
    'R37: has the code first, and says what it is for and what to do if it was somebody else: %s',
    purpose => {
      const words = { login: 'sign in', step_up: 'an action', destination: 'this number' }
      const text = codeText(newMessage({ purpose }))
      expect(text).toMatch(/^012345 is your Acme code to /)
      expect(text).toContain(words[purpose])
      expect(text).toContain('Not you?')
      expect(text).not.toContain('\n')
    },
  )

  it.each(purposes)('ends with the line for web OTP, exactly, where a domain is given: %s', purpose => {
    const lines = codeText(newMessage({ purpose }), { domain: 'login.acme.example' }).split('\n')
    expect(lines.at(-1)).toBe('@login.acme.example #012345')
    expect(lines).toHaveLength(3)
  })

  it.each(purposes)('is one message of 160 characters, for an issuer and a domain of 60 together: %s', purpose => {
    const domain = `${'d'.repeat(29)}.example.org`
    const issuer = 'Björn & Sons, Inc.!'
    expect(`${domain}${issuer}`).toHaveLength(60)
    const text = codeText(newMessage({ purpose, issuer }), { domain })
    expect(text).toMatch(gsm)
    expect(text.length).toBeLessThanOrEqual(160)
  })

  it('takes no domain that would not be one in that line', () => {
    const usual = ['acme.example', 'localhost', 'xn--bcher-kva.example', 'a.b-c.d1']
    for (const domain of usual) expect(codeText(newMessage(), { domain })).toMatch(`\n@${domain} #012345`)
    const odd = [
      '',
      'Acme.example',
      'bücher.example',
      'acme..example',
      '-a.example',
      'a b',
      'a\n@b',
      'a:1',
      `${'a.'.repeat(127)}b`,
    ]
    for (const domain of odd) {
      expect(() => codeText(newMessage(), { domain }), domain).toThrow(/^options\.domain must be a host name/)
    }
  })
})

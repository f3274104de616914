import { afterEach, describe, expect, it, vi } from 'vitest'
import { consoleChannel } from '../src/index.js'
import { newMessage, noSignal } from './support/message.js'

afterEach(() => void vi.restoreAllMocks())

describe('the channel for demonstrations', () => {
  it('prints instead of sending, and every line says that it is not for production', async () => {
    const lines: string[] = []
    const channel = consoleChannel({ print: line => void lines.push(line) })
    await channel.send(newMessage(), noSignal())
    await channel.send(newMessage({ purpose: 'destination' }), noSignal())
    expect(channel.id).toBe('sms')
    expect(lines).toEqual([
      'NOT FOR PRODUCTION: printed, not sent. To +12025550142: 012345 is your Acme code to sign in. Tell nobody. Not you? Change your password.',
      'NOT FOR PRODUCTION: printed, not sent. To +12025550142: 012345 is your Acme code to confirm this number. Tell nobody. Not you? Ignore it.',
    ])
  })

  it('warns on the console where it is not told to print elsewhere', async () => {
    const warn = vi.spyOn(console, 'warn').mockReturnValue()
    await consoleChannel().send(newMessage(), noSignal())
    expect(warn).toHaveBeenCalledExactlyOnceWith(expect.stringMatching(/^NOT FOR PRODUCTION/))
  })

  it('prints nothing once the signal has aborted, and takes no option that it does not know', async () => {
    const print = vi.fn()
    await expect(consoleChannel({ print }).send(newMessage(), AbortSignal.abort())).rejects.toThrow()
    expect(print).not.toHaveBeenCalled()
    expect(() => consoleChannel({ print: 'stdout' } as object)).toThrow('options.print must be a function')
    expect(() => consoleChannel({ domain: 'acme.example' } as object)).toThrow('options has no option "domain"')
  })
})

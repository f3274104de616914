import { readFileSync } from 'node:fs'
import { type ChannelBackend, type ConformanceCase, channelSuite, register } from '@sallyport/conformance'
import type { Channel } from '@sallyport/core'
import { memoryChannel } from '@sallyport/core/testing'
import { afterEach, describe, expect, it, test, vi } from 'vitest'
import { isChannelId } from '../../../core/src/delivery/channel.js'
import { channelBackend } from './good-channel.js'

afterEach(() => void vi.useRealTimers())

const caseOf = (id: string, backend: ChannelBackend): ConformanceCase =>
  channelSuite(backend).find(each => each.id === id) ?? expect.fail(`no case ${id}`)

const memory: ChannelBackend<ReturnType<typeof memoryChannel>> = {
  open: () => memoryChannel('email', async () => null),
  address: n => `person-${n}@example.com`,
  delivered: channel => channel.sent.map(({ to, code }) => ({ to, text: code })),
}

// Under this very runner. What is excused would be a test skipped.
describe.concurrent('R28: memoryChannel keeps the contract', () => {
  const asked = channelSuite(memory).filter(({ excused, level }) => excused === null && level === 'MUST')
  register(test, asked)
})

describe('channelSuite', () => {
  it('gives cases whose ids are their own, with a title, a reason and a time', () => {
    const cases = channelSuite(channelBackend())
    expect(new Set(cases.map(({ id }) => id)).size).toBe(cases.length)
    for (const { id, level, title, why, timeout } of cases) {
      expect(id).toMatch(/^[a-z]+\/[a-z-]+$/)
      expect(['MUST', 'SHOULD']).toContain(level)
      expect(title).toMatch(/^\S.*[^.\s]$/)
      expect(why).toMatch(/^[A-Z].*[.?]$/)
      expect(timeout).toBeGreaterThanOrEqual(1_000)
    }
  })

  it('takes a plain function, sends nothing then, and says what is missing', async () => {
    const send = vi.fn(async () => {})
    const cases = channelSuite(() => ({ id: 'sms', send }))
    const asked = cases.filter(({ excused, level }) => excused === null && level === 'MUST')
    expect(asked.map(({ id }) => id)).toEqual([
      'id/form',
      'id/stable',
      'normalize/again',
      'normalize/odd',
      'normalize/form',
      'normalize/quick',
      'subject/unknown',
    ])
    for (const each of asked) await each.run()
    expect(send).not.toHaveBeenCalled()
    const excused = Object.fromEntries(cases.map(each => [each.id, each.excused]))
    expect(excused).toMatchObject({
      'send/promise': 'address is not declared',
      'send/parallel': 'address, delivered is not declared',
      'silent/others': 'address, silentAddress is not declared',
    })
  })

  it('R27: refuses the ids that core refuses, and no other', async () => {
    const registered = 'face fpt geo hwk iris kba mca mfa otp pin pwd rba retina sc sms swk tel user vbm wia'.split(' ')
    const names = ['totp', 'recovery_code', 'enrollment', 'constructor', 'email', 'signal_2', 'a', 'otp_', 'hotp']
    const longest = ['a'.repeat(31), 'a'.repeat(32), 'a'.repeat(33)]
    const odd = [
      '',
      ' ',
      ' sms',
      'sms\n',
      'E-Mail',
      '2nd',
      '2',
      '_sms',
      '__proto__',
      'e-mail',
      'e.mail',
      'ｓms',
      'émail',
    ]
    // Each list is written down in core and in the kit: what only one of them knows is tried as well.
    const written = ['core/src/delivery/channel.ts', 'conformance/src/channel/cases/identity.ts'].flatMap(
      file => readFileSync(new URL(`../../../${file}`, import.meta.url), 'utf8').match(/[\w-]+/g) ?? [],
    )
    const words = [...registered, ...names, ...longest, ...odd, ...written]
    const refused: string[] = []
    for (const id of new Set([...words, ...words.map(word => word.toUpperCase())])) {
      const run = caseOf('id/form', { open: () => memoryChannel(id) }).run()
      await run.catch(() => refused.push(id))
      expect(refused.includes(id), id).toBe(!isChannelId(id))
    }
    expect(refused).toEqual(expect.arrayContaining(['otp', 'totp', 'SMS', '', '2nd', 'a'.repeat(33)]))
    for (const id of ['sms', 'tel', 'email', 'signal_2', 'a'.repeat(32)]) expect(refused).not.toContain(id)
  })

  it('asks whatever the author gives the means for, and nothing else', () => {
    const ids = (backend: ChannelBackend) =>
      channelSuite(backend).flatMap(each => (each.excused === null ? [each.id] : []))
    const { open, address, ...far } = channelBackend() as Required<ChannelBackend>
    expect(ids({ open, address, ...far })).toEqual(channelSuite({ open }).map(({ id }) => id))
    expect(ids({ open, silentAddress: far.silentAddress })).toEqual(
      expect.arrayContaining(['silent/waits', 'silent/abort']),
    )
    expect(ids({ open, address })).not.toContain('refused/rejects')
  })

  it('opens channels of its own for every case, and closes them, also where a case fails', {
    timeout: 20_000,
  }, async () => {
    const counts = { opened: 0, closed: 0 }
    const good = channelBackend()
    const backend: ChannelBackend = {
      ...good,
      open: () => {
        counts.opened++
        return good.open()
      },
      close: () => void counts.closed++,
    }
    await caseOf('send/arrives', backend).run()
    expect(counts).toEqual({ opened: 2, closed: 2 })
    await expect(caseOf('send/arrives', { ...backend, delivered: () => [] }).run()).rejects.toThrow(
      'the code arrived 0 times; 1 was due',
    )
    expect(counts).toEqual({ opened: 4, closed: 4 })
  })

  it('ends a case whose channel hangs', async () => {
    vi.useFakeTimers()
    const hanging = { id: 'sms', send: () => new Promise<never>(() => {}) }
    const failed = expect(caseOf('send/promise', { open: () => hanging, address: () => '1' }).run()).rejects.toThrow(
      'not done after 10000 ms: a call of the channel hangs',
    )
    await vi.advanceTimersByTimeAsync(20_000)
    await failed
  })

  it('waits for a message that arrives later than send resolves', async () => {
    const good = channelBackend() as Required<ChannelBackend>
    const started = performance.now()
    const late: ChannelBackend = {
      ...good,
      delivered: async channel => (performance.now() - started < 300 ? [] : good.delivered(channel)),
    }
    await caseOf('send/arrives', late).run()
  })

  it('fails where a channel does not open, is none, or does not close', async () => {
    const run = (backend: ChannelBackend) => caseOf('id/form', backend).run()
    const down = () => Promise.reject(new Error('connection refused'))
    await expect(run({ open: down })).rejects.toThrow('connection refused')
    await expect(run({ open: () => ({ id: 'sms' }) as Channel })).rejects.toThrow(
      'open() gave no channel: send is no function',
    )
    await expect(run({ ...channelBackend(), close: down })).rejects.toThrow('connection refused')
    const nowhere = { ...channelBackend(), address: () => '' }
    await expect(caseOf('send/arrives', nowhere).run()).rejects.toThrow('address() gave no address')
  })

  it('says which argument is not as it must be', () => {
    const suite = (backend: unknown) => () => channelSuite(backend as ChannelBackend)
    expect(suite(null)).toThrow('backend.open must be a function')
    expect(suite(memoryChannel('sms'))).toThrow('backend.open must be a function')
    for (const name of ['close', 'address', 'delivered']) {
      expect(suite({ ...channelBackend(), [name]: 'a@example.com' })).toThrow(`backend.${name} must be a function`)
    }
    for (const name of ['refusedAddress', 'silentAddress']) {
      expect(suite({ ...channelBackend(), [name]: () => 'a@example.com' })).toThrow(`backend.${name} must be a string`)
    }
  })

  it('R40: quotes no code in what it complains of', async () => {
    const quoting: ChannelBackend = {
      ...channelBackend((_, good) => ({
        send: (message, signal) =>
          good.send(message, signal).catch(() => {
            throw new Error(`${message.to}: ${message.code}`)
          }),
      })),
    }
    const failed = await caseOf('refused/quiet', quoting)
      .run()
      .catch((error: Error) => error)
    expect(failed).toMatchObject({ message: expect.stringMatching(/^code or address is in error\.(message|stack)$/) })
  })
})

describe('docs/conformance.md', () => {
  it('lists every case of a channel as it is', () => {
    const document = readFileSync(new URL('../../../../docs/conformance.md', import.meta.url), 'utf8')
    const rows = channelSuite(channelBackend()).map(({ id, level, title }) => `| \`${id}\` | ${level} | ${title} |\n`)
    const [, listed] = /<!-- channel cases:begin -->\n([\s\S]*?)<!-- channel cases:end -->/.exec(document) ?? []
    expect(listed).toBe(`| id | level | what is asked |\n|---|---|---|\n${rows.join('')}`)
  })
})

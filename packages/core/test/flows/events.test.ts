import type { TwoFactorEvent } from '@sallyport/core'
import { describe, expect, it } from 'vitest'
import { expectRefusal, makeApplication } from '../support/harness.js'
import { newStore } from '../support/new-store.js'

describe('events', () => {
  it('hand the application its own request back, and the time of the change', async () => {
    const seen: [TwoFactorEvent, unknown][] = []
    const ended: unknown[] = []
    const { twoFactor, enroll, context, clock } = makeApplication({
      onEvent: (event, request) => {
        seen.push([event, request])
      },
      endOtherSessions: (subject, request) => {
        ended.push([subject, request])
      },
    })
    const alice = await enroll('alice')
    seen.length = 0
    ended.length = 0
    const request = { id: 7 }
    await twoFactor.disable('alice', { method: 'totp', code: alice.code() }, { ...context, request })
    const at = new Date(clock())
    expect(seen).toEqual([
      [{ type: 'verified', subject: 'alice', at, method: 'totp', purpose: 'factors' }, request],
      [{ type: 'disabled', subject: 'alice', at }, request],
    ])
    expect(ended).toEqual([['alice', request]])
    expect(seen[0]?.[1]).toBe(request)
  })

  it('change no outcome when their handler throws, hangs, or its own error handler throws', async () => {
    const told: [unknown, string][] = []
    const handlers = [
      () => {
        throw new Error('mail is down')
      },
      () => Promise.reject(new Error('mail is down')),
      () => new Promise<void>(() => {}),
    ]
    for (const onEvent of handlers) {
      const { twoFactor, enroll, challenge, context } = makeApplication({
        onEvent,
        onEventError: (error, event) => {
          told.push([error, event.type])
          throw new Error('so is this')
        },
        deadline: { callback: 20 },
      })
      const alice = await enroll('alice')
      told.length = 0
      const answer = { method: 'totp', code: alice.code() }
      expect((await twoFactor.login.verify(await challenge('alice'), answer, context)).because).toBe('verified')
      await expectRefusal(twoFactor.login.verify(await challenge('alice'), answer, context), 'invalid_code')
      expect(told.map(([, type]) => type)).toEqual(['verified', 'failed', 'replay_detected'])
    }
    expect(told[0]?.[0]).toMatchObject({ kind: 'usage', code: 'callback_timeout' })
  })

  it('R38: take no longer to tell of a replayed code than of a wrong one', async () => {
    let running = 0
    let most = 0
    const { twoFactor, enroll, challenge, context } = makeApplication({
      onEvent: async () => {
        most = Math.max(most, ++running)
        await new Promise(resolve => setImmediate(resolve))
        running--
      },
    })
    const alice = await enroll('alice')
    const answer = { method: 'totp', code: alice.code() }
    await twoFactor.login.verify(await challenge('alice'), answer, context)
    most = 0
    await expectRefusal(twoFactor.login.verify(await challenge('alice'), answer, context), 'invalid_code')
    expect(most).toBe(2)
  })

  it('change nothing, and crash nothing, when the handler of their errors is asynchronous and fails', async () => {
    const unhandled: unknown[] = []
    const note = (reason: unknown) => unhandled.push(reason)
    process.on('unhandledRejection', note)
    try {
      const { enroll } = makeApplication({
        onEvent: () => Promise.reject(new Error('mail is down')),
        onEventError: () => Promise.reject(new Error('so is this')),
      })
      await enroll('alice')
      await new Promise(resolve => setImmediate(resolve))
    } finally {
      process.off('unhandledRejection', note)
    }
    expect(unhandled).toEqual([])
  })

  it('come after the commit, and not at all where nothing was committed', async () => {
    const order: string[] = []
    const inner = newStore()
    const failing = { now: false }
    const { twoFactor, enroll, challenge, context } = makeApplication({
      store: {
        ...inner,
        async put(key, record, ifVersion) {
          if (failing.now) throw new Error('down')
          const landed = await inner.put(key, record, ifVersion)
          order.push('put')
          return landed
        },
      },
      onEvent: event => {
        order.push(event.type)
      },
      endOtherSessions: () => {
        order.push('end')
      },
    })
    const alice = await enroll('alice')
    order.length = 0
    const token = await challenge('alice')
    failing.now = true
    await expect(twoFactor.login.verify(token, { method: 'totp', code: alice.code() }, context)).rejects.toMatchObject({
      kind: 'store',
    })
    expect(order).toEqual([])
    failing.now = false
    await twoFactor.disable('alice', { method: 'recovery_code', code: alice.recoveryCodes[0] }, context)
    expect(order).toEqual(['put', 'end', 'verified', 'recovery_code_used', 'disabled'])
  })
})

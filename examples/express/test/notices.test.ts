/** Mail about what happened to somebody's second factor, as it arrives, and mail servers that do not take it. */
import type { TwoFactorEvent } from '@sallyport/core'
import { request } from 'playwright-core'
import { describe, expect, onTestFinished, test, vi } from 'vitest'
import { makeNotices, noticeOf } from '../src/notices.js'
import { startMailServer } from './mail-server.js'
import { type RunningApp, type Settings, startApp } from './running-app.js'
import { mailedCodes, printedCodes } from './sent-codes.js'
import { Visitor } from './visitor.js'

const number = '+12025550142'
const mail = { from: 'acme@example.com' }

let app: RunningApp

async function start(settings: Settings = {}): Promise<void> {
  app = await startApp(settings)
  onTestFinished(() => app.stop())
}

async function arrive(email = 'ada@example.com'): Promise<Visitor> {
  const client = await request.newContext({ baseURL: app.origin })
  onTestFinished(() => client.dispose())
  return new Visitor(app, client, email)
}

/** A mail server that takes what it is sent and does not answer until `end`: after that nothing of it is late in a later test. */
function hangingTransport(take: (mail: { subject?: string | undefined; to?: unknown }) => void) {
  let end = () => {}
  const over = new Promise<void>(resolve => {
    end = resolve
  })
  return {
    end: () => end(),
    sendMail(mail: { subject?: string | undefined; to?: unknown }): Promise<never> {
      take(mail)
      return over as Promise<never>
    },
  }
}

/** Subjects of what reached somebody, the oldest first, codes apart. */
async function told({ email }: Visitor): Promise<string[]> {
  await app.noticed()
  const notices = app.inbox.filter(({ to, subject }) => to.includes(email) && !/^\d/.test(subject))
  return notices.map(({ subject }) => subject).reverse()
}

describe('what people are told', () => {
  test('R37: that somebody has their password, once, and that codes are locked', async () => {
    await start()
    const ada = await (await arrive()).enrolled()
    const thief = await arrive()
    thief.phone = ada.phone
    await thief.sendPassword()
    await thief.guessFiveTimes()
    expect(await told(ada)).toEqual([
      'An authenticator was added',
      'Somebody may have your password',
      'Too many wrong codes',
    ])
    expect(app.inbox.find(({ subject }) => subject.startsWith('Somebody'))?.text).toContain('change it now')
    expect(app.inbox.find(({ subject }) => subject.startsWith('Too many'))?.text).toContain(
      'So for a while codes of that kind are not taken at all. If it was not you',
    )
    app.clock.advance(60 * 60_000)
    await thief.sendPassword()
    await thief.sendCode(await thief.wrongCode())
    expect((await told(ada)).at(-1)).toBe('Somebody may have your password')
  })

  test('R37: every change of factors', async () => {
    await start()
    const ada = await (await arrive()).enrolled()
    await ada.addAddress('email', 'other@example.com', () => mailedCodes(app, 'other@example.com')[0] ?? '')
    await ada.addAddress('sms', number, () => printedCodes(app, number)[0] ?? '')
    const proof = async () => ({ method: 'totp', code: await ada.nextCode() })
    await ada.send('/profile', '/profile/destinations/sms/remove', await proof())
    await ada.send('/profile', '/profile/recovery-codes', await proof())
    await ada.send('/profile', '/profile/disable', { method: 'recovery_code', code: ada.recoveryCodes[0] ?? '' })
    await ada.send('/profile', '/profile/disable', await proof())
    expect(await told(ada)).toEqual([
      'An authenticator was added',
      'An email address for codes was added',
      'A phone number for codes was added',
      'A phone number for codes was removed',
      'New recovery codes were made',
      'Two-factor authentication was turned off',
    ])
    // What opens the account now, the policy says.
    expect(app.inbox[0]?.text).toContain('All authenticators, addresses for codes and recovery codes were removed.')
    expect(app.inbox[0]?.text).not.toContain('password alone')
    // To the account's address, and not to the one that was added.
    expect(app.inbox.filter(({ to }) => to.includes('other@example.com'))).toHaveLength(1)
  })

  test('S4, R21: recovery codes that were used, and when to make new ones', async () => {
    await start()
    const ada = await (await arrive()).enrolled()
    for (const code of ada.recoveryCodes.slice(0, 8)) {
      await ada.send('/profile', '/logout')
      await ada.sendPassword()
      await ada.sendCode(code, 'recovery_code')
    }
    expect((await told(ada)).filter(subject => subject === 'A recovery code was used')).toHaveLength(8)
    expect(app.inbox[0]?.text).toContain('2 are left. Make new ones in your profile.')
    expect(app.inbox[1]?.text).not.toContain('Make new ones')
  })

  test('S12: a reset, with the reason that the admin gave', async () => {
    await start()
    const olga = await (await arrive('olga@example.com')).enrolled()
    const ada = await (await arrive()).enrolled()
    const page = /\/operator\/users\/[\w-]+\/reset/.exec(await (await olga.request.get('/operator')).text())?.[0] ?? ''
    await olga.send(page, page, { method: 'totp', code: await olga.nextCode(), reason: 'Showed her passport' })
    expect((await told(ada)).at(-1)).toBe('Two-factor authentication was reset')
    expect(app.inbox[0]?.text).toContain('Showed her passport')
    expect(await told(olga)).toEqual(['An authenticator was added'])
  })

  test('R13: that a lock ends by itself and a suspension does not, and nothing of recovery codes that nobody may have', () => {
    const wrong = { subject: 'u1', at: new Date(), method: 'totp', purpose: 'enrollment' } as const
    const [locked, suspended] = [noticeOf({ ...wrong, type: 'locked' }), noticeOf({ ...wrong, type: 'suspended' })]
    expect(locked?.subject).toBe('Too many wrong codes')
    expect(locked?.text).toMatch(/^So for a while codes of that kind are not taken at all\. If it was not you/)
    expect(suspended?.subject).toBe('Far too many wrong codes')
    expect(suspended?.text).toMatch(
      /^So codes of that kind are switched off, until you give a right code of another kind or ask us to unlock them\. If it/,
    )
    for (const notice of [locked, suspended]) expect(notice?.text).not.toMatch(/recovery/i)
    expect(suspended?.text).not.toContain('for a while')
  })

  test('R40: no notice holds a code, a hint or an address', () => {
    const base = { subject: 'u1', at: new Date() }
    const events: TwoFactorEvent[] = [
      { ...base, type: 'failed', method: 'sms', purpose: 'login' },
      { ...base, type: 'locked', method: 'sms', purpose: 'login' },
      { ...base, type: 'suspended', method: 'totp', purpose: 'factors' },
      { ...base, type: 'enrolled', authenticator: 'a1' },
      { ...base, type: 'removed', authenticator: 'a1' },
      { ...base, type: 'destination_added', channel: 'email' },
      { ...base, type: 'recovery_code_used', left: 1 },
      { ...base, type: 'imported', by: 'operator', reason: 'moved' },
    ]
    for (const event of events) expect(JSON.stringify(noticeOf(event))).not.toMatch(/\d{4}|@|a1|u1|•/)
  })
})

describe('a mail server that is slow, or refuses', () => {
  test('does not slow a login: nobody waits for a notice', async () => {
    const waiting: string[] = []
    const transport = hangingTransport(({ subject = '' }) => waiting.push(subject))
    await start({ noticesBy: transport })
    onTestFinished(transport.end)
    const ada = await arrive()
    await ada.enrolled()
    await ada.send('/profile', '/logout')
    await ada.sendPassword()
    const wrong = await ada.wrongCode()
    const begin = performance.now()
    expect(await ada.sendCode(wrong)).toContain('not right')
    // Awaited, the notice would take all of the ten seconds that Sallyport gives to `onEvent`.
    expect(performance.now() - begin).toBeLessThan(9_000)
    await ada.sendCode(await ada.nextCode())
    expect(await ada.isSignedIn()).toBe(true)
    expect(waiting).toEqual(['An authenticator was added'])
  })

  test('holds up no shutdown, and no other notice for longer than its patience', async () => {
    const sent: string[] = []
    const transport = hangingTransport(({ subject = '' }) => sent.push(subject))
    onTestFinished(transport.end)
    const log = vi.spyOn(console, 'error').mockImplementation(() => {})
    onTestFinished(() => log.mockRestore())
    const accounts = { find: async () => ({ email: 'ada@example.com' }) as never }
    const notices = makeNotices({ accounts, mail: { ...mail, transport }, patience: 10 })
    const event = { subject: 'u1', at: new Date(), authenticator: 'a1' }
    notices.tell({ ...event, type: 'enrolled' })
    notices.tell({ ...event, type: 'removed' })
    await notices.idle()
    expect(sent).toEqual(['An authenticator was added', 'An authenticator was removed'])
    expect(log).toHaveBeenCalledWith('A notice of removed was not mailed to user u1: it took too long')

    const patient = makeNotices({ accounts, mail: { ...mail, transport } })
    patient.tell({ ...event, type: 'enrolled' })
    await patient.close(10)
    patient.tell({ ...event, type: 'removed' })
    expect(sent).toHaveLength(3)
  })

  test('R37: is not filled by one person: what others have to know is mailed all the same', async () => {
    const sent: string[] = []
    const transport = hangingTransport(({ to }) => sent.push((to as { address: string }).address))
    onTestFinished(transport.end)
    const log = vi.spyOn(console, 'error').mockImplementation(() => {})
    onTestFinished(() => log.mockRestore())
    const accounts = { find: async (id: string) => ({ email: `${id}@example.com` }) as never }
    const notices = makeNotices({ accounts, mail: { ...mail, transport }, patience: 1 })
    for (let count = 0; count < 1_100; count++) {
      notices.tell({ subject: 'noisy', at: new Date(), type: 'allowlist_changed' })
    }
    const failed = { at: new Date(), type: 'failed', method: 'totp', purpose: 'login' } as const
    notices.tell({ subject: 'ada', ...failed })
    await notices.idle()
    expect(sent).toEqual([...Array(20).fill('noisy@example.com'), 'ada@example.com'])
    // It was not told then, so it is the next time, within the hour as well.
    notices.tell({ subject: 'ada', ...failed })
    await notices.idle()
    expect(sent.at(-1)).toBe('ada@example.com')
    expect(sent).toHaveLength(22)
  })

  test('R40: is told to the log, without the address that it quotes', async () => {
    const server = await startMailServer()
    onTestFinished(server.stop)
    server.refuse(true)
    const log = vi.spyOn(console, 'error').mockImplementation(() => {})
    onTestFinished(() => log.mockRestore())
    await start({ smtp: server.url })
    await (await arrive()).enrolled()
    await app.noticed()
    expect(log.mock.calls).toEqual([
      [expect.stringMatching(/^A notice of enrolled was not mailed to user .*: EENVELOPE$/)],
    ])
    expect(JSON.stringify(log.mock.calls)).not.toContain('ada@example.com')
  })
})

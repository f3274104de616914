/**
 * Toll fraud: whoever has a share in a number has codes sent to it, for each message pays. What is counted here is what the channel was
 * told to send, whatever the verbs said. The figures of docs/guides/toll-fraud.md are these.
 */
import { memoryChannel } from '@sallyport/core/testing'
import { describe, expect, it } from 'vitest'
import { day, hour, makeApplication, minute, tally } from '../support/harness.js'
import { storeIsRemote } from '../support/new-store.js'

/** Where a call of the store leaves the process, a thousand at once would wait for longer than core does. */
const count = storeIsRemote ? 30 : 1_000
/** To see what comes back in a day, fewer are enough. */
const few = 30
const timeout = 60_000
const theirs = '+12025550142'

const accounts = Array.from({ length: count }, (_, index) => `account-${index}`)
const numbers = Array.from({ length: count }, (_, index) => `+1202${5_550_000 + index}`)

/** An application with SMS, and the ways to have it send. */
function underAttack() {
  const sms = {
    ...memoryChannel('sms'),
    normalize: (typed: string) => `+${typed.replace(/\D/g, '')}`,
  }
  const application = makeApplication({ channels: [sms] })
  const { twoFactor, clock, context, challenge } = application
  const lastCode = () => sms.sent.at(-1)?.code

  const add = (account: string, number: string) => twoFactor.destinations.add(account, 'sms', number, null, context)

  /** Accounts that share a number which each of them has confirmed, in another system, long ago. */
  async function confirmed(some = accounts): Promise<void> {
    const audit = { by: 'import', reason: 'migration' }
    for (const account of some) await twoFactor.operator.import(account, { destinations: { sms: theirs } }, audit)
  }
  const signIn = async (account: string) => twoFactor.sendCode(await challenge(account), 'sms', context)

  /** So many attempts, evenly over so long. */
  async function spread(attempt: (index: number) => Promise<unknown>, ms: number, attempts = few): Promise<void> {
    for (let index = 0; index < attempts; index++) {
      await tally([attempt(index)])
      clock.advance(ms / attempts)
    }
  }
  return { ...application, sms, add, confirmed, signIn, spread, lastCode }
}

const of = <T>(all: readonly T[], index: number): T => all[index % all.length] as T

describe(`${count} accounts, and one number`, { timeout }, () => {
  it('R25, R54: get 3 messages sent to a number that nobody has confirmed, all at once', async () => {
    const { sms, add } = underAttack()
    const counts = await tally(accounts.map(account => add(account, theirs)))
    expect(sms.sent.length).toBe(counts['ok'])
    expect(sms.sent.length).toBeLessThanOrEqual(3)
    if (!storeIsRemote) expect(counts).toEqual({ ok: 3, send_limit: count - 3 })
  })

  it('R25, R54: and over a day one more every eight hours, however the number is spelt', async () => {
    const { sms, add, spread, clock } = underAttack()
    const spellings = ['+12025550142', '1 202 555 0142', '+1 (202) 555-0142', '+1.202.555.0142']
    const attempt = (index: number) => add(of(accounts, index), of(spellings, index))
    await spread(attempt, day, count)
    expect(sms.sent).toHaveLength(3 + 2)
    expect(new Set(sms.sent.map(({ to }) => to))).toEqual(new Set([theirs]))
    await spread(attempt, day)
    expect(sms.sent).toHaveLength(3 + 2 + 3)
    clock.advance(7 * day)
    await spread(attempt, minute)
    expect(sms.sent).toHaveLength(3 + 2 + 3 + 3)
  })

  it('R25, R54: get 10 more at once where each of them has confirmed it: neither takes from the other', async () => {
    const { sms, add, confirmed, signIn } = underAttack()
    await confirmed()
    const strangers = accounts.map(account => `new ${account}`)
    const counts = await tally([...strangers.map(stranger => add(stranger, theirs)), ...accounts.map(signIn)])
    const unconfirmed = sms.sent.filter(({ purpose }) => purpose === 'destination').length
    expect(sms.sent.length).toBe(counts['ok'])
    expect(unconfirmed).toBeLessThanOrEqual(3)
    expect(sms.sent.length - unconfirmed).toBeLessThanOrEqual(10)
    if (!storeIsRemote) expect(counts).toEqual({ ok: 13, send_limit: 2 * count - 13 })
  })

  it('R25: and by those 10 within an hour, and then one more every 144 minutes', async () => {
    const { sms, confirmed, signIn, spread } = underAttack()
    const some = accounts.slice(0, few)
    await confirmed(some)
    const attempt = (index: number) => signIn(of(some, index))
    await spread(attempt, hour)
    expect(sms.sent).toHaveLength(10)
    await spread(attempt, day - hour)
    expect(sms.sent).toHaveLength(10 + 9)
    await spread(attempt, day)
    expect(sms.sent).toHaveLength(10 + 9 + 10)
  })
})

describe(`one account, and ${count} numbers`, { timeout }, () => {
  it('R25: gets 3 messages sent at once', async () => {
    const { sms, add } = underAttack()
    const counts = await tally(numbers.map(number => add('account', number)))
    expect(sms.sent.length).toBe(counts['ok'])
    expect(sms.sent.length).toBeLessThanOrEqual(3)
    if (!storeIsRemote) expect(sms.sent).toHaveLength(3)
  })

  it('R25: gets 10 sent within the first hour, and over a day one more every 144 minutes', async () => {
    const { sms, add, spread } = underAttack()
    const attempt = (index: number) => add('account', of(numbers, index))
    await spread(attempt, hour)
    expect(sms.sent).toHaveLength(10)
    await spread(attempt, day - hour, count)
    expect(sms.sent).toHaveLength(10 + 9)
    await spread(attempt, day)
    expect(sms.sent).toHaveLength(10 + 9 + 10)
  })

  it('R12, R25: gets no more by confirming, turning it off, and beginning again', async () => {
    const { twoFactor, sms, add, context, clock, lastCode } = underAttack()
    for (let round = 0; round < 20; round++) {
      const added = await add('account', of(numbers, round)).catch(() => null)
      if (added === null) continue
      const { recoveryCodes } = await twoFactor.destinations.confirm('account', added.enrollment, lastCode(), context)
      await twoFactor.disable('account', { method: 'recovery_code', code: recoveryCodes?.[0] }, context)
      clock.advance(minute)
    }
    expect(sms.sent).toHaveLength(10)
  })
})

describe('what no cap holds', { timeout }, () => {
  it(`is ${count} accounts with a number each: that is for the application`, async () => {
    const { sms, add } = underAttack()
    const counts = await tally(accounts.map((account, index) => add(account, of(numbers, index))))
    expect(counts).toEqual({ ok: count })
    expect(sms.sent).toHaveLength(count)
  })
})

/**
 * Random sequences of codes that are sent: for logins, for step-ups and to addresses that are new, by two people who share addresses, under
 * keys that rotate and a provider that fails at times. What came of each step is held against a reference that remembers what happened
 * instead of what is on record.
 */
import { type Channel, type CodeMessage, createTwoFactor, isRefusal, type TwoFactor } from '@sallyport/core'
import { virtualAuthenticator } from '@sallyport/core/testing'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { day, hour, makeApplication, minute, newKey } from '../support/harness.js'
import { Budget } from './budget.js'

const people = ['alice', 'bob'] as const
type Person = (typeof people)[number]
type ChannelId = 'email' | 'sms'
/** Both people have the first one of mail on their account, and may type in any. */
const addresses = { email: ['team@example.com', 'Team@Example.com'], sms: ['+12025550142', '+12025550143'] }

type Guess = 'right' | 'stale' | 'wrong'
type Step = { person: Person } & (
  | { act: 'begin' | 'step up' }
  | { act: 'send'; nth: number; channel: ChannelId; fails: boolean; anew: boolean }
  | { act: 'answer'; nth: number; channel: ChannelId; guess: Guess }
  | { act: 'guess on'; nth: number; channel: ChannelId; times: number }
  | { act: 'prove otherwise'; nth: number }
  | { act: 'add'; channel: ChannelId; address: number; fails: boolean }
  | { act: 'resend'; fails: boolean }
  | { act: 'confirm'; guess: Guess }
  | { act: 'remove'; channel: ChannelId }
  | { act: 'wait'; ms: number }
  | { act: 'rotate' }
)

const channel = fc.constantFrom<ChannelId>('email', 'email', 'sms')
const guess = fc.constantFrom<Guess>('right', 'right', 'stale', 'wrong')
const fails = fc.constantFrom(false, false, false, true)
const nth = fc.constantFrom(0, 0, 0, 1, 1, 2, 3)
const short = [1, 59_999, minute, minute, minute]
const act = fc.oneof(
  { weight: 4, arbitrary: fc.record({ act: fc.constantFrom('begin' as const, 'begin' as const, 'step up' as const) }) },
  { weight: 9, arbitrary: fc.record({ act: fc.constant('send' as const), nth, channel, fails, anew: fc.boolean() }) },
  { weight: 6, arbitrary: fc.record({ act: fc.constant('answer' as const), nth, channel, guess }) },
  {
    weight: 1,
    arbitrary: fc.record({ act: fc.constant('guess on' as const), nth, channel, times: fc.constantFrom(5, 5, 125) }),
  },
  { weight: 1, arbitrary: fc.record({ act: fc.constant('prove otherwise' as const), nth }) },
  {
    weight: 3,
    arbitrary: fc.record({ act: fc.constant('add' as const), channel: channel, address: fc.nat(1), fails }),
  },
  { weight: 2, arbitrary: fc.record({ act: fc.constant('resend' as const), fails }) },
  { weight: 3, arbitrary: fc.record({ act: fc.constant('confirm' as const), guess }) },
  { weight: 1, arbitrary: fc.record({ act: fc.constant('remove' as const), channel }) },
  {
    weight: 7,
    arbitrary: fc.record({
      act: fc.constant('wait' as const),
      ms: fc.constantFrom(...short, ...short, 4 * minute, 5 * minute, 9 * minute, 3 * hour, day),
    }),
  },
  { weight: 1, arbitrary: fc.record({ act: fc.constant('rotate' as const) }) },
)
const step: fc.Arbitrary<Step> = fc
  .tuple(act, fc.constantFrom<Person>('alice', 'alice', 'bob'))
  .map(([one, person]) => ({ ...one, person }))

/** What came of a step: `ok` or the code of its refusal, with whole seconds where there are any. */
type Outcome = string
const outcome = (code: string, ms: number | null = null): Outcome =>
  ms === null ? code : `${code} ${Math.max(1, Math.ceil(ms / 1000))}`

/** Sends in a day, each of which leaves a bucket that leaks evenly. */
class Allowance {
  private held = 0
  private at = 0

  constructor(private readonly size: number) {}

  /** ms until there is one; 0: it was taken. */
  take(now: number): number {
    const one = day / this.size
    this.held = Math.max(0, this.held - (now - this.at))
    this.at = now
    if (this.held + one > day) return this.held + one - day
    this.held += one
    return 0
  }
}

/** A code that a person waits for. `code` is null where it was made and never handed over. */
interface Live {
  code: string | null
  first: number
  dies: number
  /** From when it can be sent again. */
  again: number
}

/** A challenge, or an address that is to be confirmed. */
interface Asking {
  token: string
  kind: 'login' | 'step_up' | 'destination'
  ends: number
  epoch: number
  used: boolean
  live: Map<ChannelId, Live>
  to: { channel: ChannelId; address: string } | null
}

/** What somebody who watched everything would know of one person. */
class Memory {
  epoch = 0
  addresses = new Map<ChannelId, string>()
  allowance = new Allowance(10)
  budgets = new Map<string, Budget>()
  askings: Asking[] = []
  codes: string[] = ['000000']

  budget(name: string): Budget {
    const known = this.budgets.get(name) ?? new Budget()
    this.budgets.set(name, known)
    return known
  }

  shut(name: string, now: number): Outcome | null {
    const budget = this.budget(name)
    const how = budget.shut(now)
    if (how === null) return null
    return how === 'suspended' ? how : outcome(how, (budget.shutUntil(now) ?? now) - now)
  }

  /** Another method proved. */
  proved(name: string): void {
    for (const [other, budget] of this.budgets) {
      budget.suspended = false
      if (other === name) Object.assign(budget, { failures: 0, lockedUntil: null })
    }
  }

  changed(): void {
    this.epoch++
  }

  /** What is asked for now, on a channel. */
  alive(channel: ChannelId, now: number): Asking[] {
    return this.askings.filter(one => one.epoch === this.epoch && (one.live.get(channel)?.dies ?? 0) > now)
  }

  /** Counts a send; gives the refusal, or the code's life. */
  send(asking: Asking, channel: ChannelId, budget: string, now: number): Outcome | Live {
    const shut = this.shut(budget, now)
    if (shut !== null) return shut
    const waiting = this.alive(channel, now)
    const last = waiting.includes(asking) ? asking.live.get(channel) : undefined
    // Of what is alive the last minute is left to who holds it; what is over is not sent for.
    const end = Math.min((last?.first ?? now) + 10 * minute, asking.ends)
    if (last !== undefined && now < last.again) return outcome('send_too_soon', last.again - now)
    if (last !== undefined && end - now < minute) return outcome('send_too_soon', last.dies - now)
    if (last === undefined && end - now < minute)
      return asking.kind === 'destination' ? 'enrollment_expired' : 'challenge_expired'
    if (last === undefined && waiting.length >= 3) {
      const soonest = Math.min(...waiting.map(one => one.live.get(channel)?.dies ?? Number.POSITIVE_INFINITY))
      return outcome('send_limit', soonest - now)
    }
    const wait = this.allowance.take(now)
    if (wait > 0) return outcome('send_limit', wait)
    const dies = Math.min(now + 5 * minute, end)
    const again = end - now >= 2 * minute ? now + minute : dies
    const live = { code: last?.code ?? null, first: last?.first ?? now, dies, again }
    asking.live.set(channel, live)
    return live
  }
}

class World {
  readonly handed: CodeMessage[] = []
  fails = false
  readonly memories = { alice: new Memory(), bob: new Memory() }
  readonly phones = new Map<Person, () => string>()
  /** For each key of the ring, the newest first: what was sent to an address. */
  readonly counters: Map<string, Allowance>[] = [new Map()]
  readonly application = makeApplication({
    channels: [this.channel('email', async () => addresses.email[0] ?? null), this.channel('sms')],
  })
  readonly clock = this.application.clock
  readonly keys = [...this.application.settings.keys]
  twoFactor: TwoFactor = this.application.twoFactor

  private channel(id: ChannelId, addressOf?: Channel['addressOf']): Channel {
    const send = async (message: CodeMessage) => {
      this.handed.push(message)
      if (this.fails) throw new Error('the provider is down')
    }
    return { id, send, ...(addressOf && { addressOf }) }
  }

  /** A new key opens before it seals, and then seals. */
  rotate(): void {
    if (this.keys.length === 3) return
    this.keys.unshift(newKey())
    this.counters.unshift(new Map())
    this.twoFactor = createTwoFactor({ ...this.application.settings, keys: this.keys })
  }

  contextOf = (person: Person) => ({ binding: `session of ${person}` })

  async enroll(person: Person): Promise<void> {
    const context = this.contextOf(person)
    const pending = await this.twoFactor.totp.enroll(person, { account: person }, context)
    const phone = virtualAuthenticator(pending.uri, this.clock)
    await this.twoFactor.totp.confirm(person, pending.token, { code: phone.code() }, context)
    this.phones.set(person, () => phone.code())
    this.memories[person].addresses.set('email', addresses.email[0] ?? '')
    this.memories[person].changed()
  }

  /** A code of the app that was not used yet. */
  proof(person: Person) {
    this.clock.advance(minute)
    return { method: 'totp', code: this.phones.get(person)?.() }
  }

  /** What the address's counters say to one more: each of them, until one refuses. */
  charge(pool: string, channel: ChannelId, address: string): number {
    for (const counters of this.counters) {
      const name = `${pool} ${channel} ${address.toLowerCase()}`
      const allowance = counters.get(name) ?? new Allowance(pool === 'confirmed' ? 10 : 3)
      counters.set(name, allowance)
      const wait = allowance.take(this.clock())
      if (wait > 0) return wait
    }
    return 0
  }

  /** What becomes of a code that was counted: what is due, and whether it was handed over with the right words. */
  expectDelivery(live: Live, about: Pick<CodeMessage, 'purpose' | 'subject' | 'to'>, channel: ChannelId): Outcome {
    const pool = about.purpose === 'destination' ? 'unconfirmed' : 'confirmed'
    const wait = this.charge(pool, channel, about.to)
    if (wait > 0) return outcome('send_limit', wait)
    return this.fails ? 'delivery_failed' : `ok until ${live.dies}, again ${live.again}`
  }

  /** Runs a send and gives what came of it, and the code that was handed over. */
  async sent(person: Person, channel: ChannelId, to: string, purpose: CodeMessage['purpose'], call: Promise<Sent>) {
    this.handed.length = 0
    const came = await settled(call, ({ expiresAt, resendAt }) => `ok until ${+expiresAt}, again ${+resendAt}`)
    const [message] = this.handed
    if (message !== undefined) expect(message).toMatchObject({ to, purpose, subject: person })
    const code = message?.code ?? null
    if (code !== null && channel === 'email') expect(code).toMatch(/^\d{6}$/)
    return { came, code }
  }
}

interface Sent {
  expiresAt: Date
  resendAt: Date
}

async function settled<T>(call: Promise<T>, tell: (value: T) => Outcome): Promise<Outcome> {
  try {
    return tell(await call)
  } catch (error) {
    if (!isRefusal(error)) throw error
    return error.retryAfter === null || error.retryAfter === undefined
      ? error.code
      : outcome(error.code, error.retryAfter * 1000)
  }
}

/** A code to type in: the one that is waited for, one of before, or none that was ever sent; null where it cannot be told apart. */
function typed(memory: Memory, live: Live | undefined, kind: Guess): string | null {
  // A code that nobody saw might be guessed.
  if (live !== undefined && live.code === null) return null
  if (kind === 'right') return live?.code ?? null
  if (kind === 'stale') return memory.codes.at(-2) ?? null
  return live?.code === '123456' ? '123457' : '123456'
}

/** Answers by a code, and what was due. */
function judge(memory: Memory, live: Live | undefined, code: string, budget: string, now: number): Outcome {
  const shut = memory.shut(budget, now)
  if (shut !== null) return shut
  if (live !== undefined && live.dies > now && live.code === code) return 'ok'
  const verdict = memory.budget(budget).fail(now, 1)
  return outcome(
    'invalid_code',
    verdict.is === 'wrong' && verdict.retryAfter !== null ? verdict.retryAfter * 1000 : null,
  )
}

/** Does a step, and holds what came of it against what was due; gives that. */
async function take(world: World, one: Step): Promise<Outcome> {
  const { person } = one
  const memory = world.memories[person]
  const { twoFactor, clock } = world
  const context = world.contextOf(person)
  /** One of the last that were asked; such as wait for a code on the channel, if there are any. */
  const asked = (index: number, channel: ChannelId | null = null) => {
    const all = memory.askings.filter(({ kind }) => kind !== 'destination')
    const waiting = all.filter(({ live }) => channel !== null && live.has(channel))
    const among = waiting.length > 0 ? waiting : all
    return among.at(-1 - Math.min(index, among.length - 1))
  }
  const over = (asking: Asking) => asking.used || asking.epoch !== memory.epoch || asking.ends <= clock()
  const verify = (asking: Asking, answer: { method: string; code: string | undefined }): Promise<unknown> =>
    asking.kind === 'login'
      ? twoFactor.login.verify(asking.token, answer, context)
      : twoFactor.stepUp.verify(person, asking.token, answer, context)
  const ask = (kind: Asking['kind'], token: string, lifetime: number, to: Asking['to'] = null) => {
    const asking = { token, kind, ends: clock() + lifetime, epoch: memory.epoch, used: false, live: new Map(), to }
    memory.askings.push(asking)
    return asking
  }
  const begin = async () => {
    const gate = await twoFactor.login.begin(person, context)
    if (gate.outcome !== 'challenge') throw new Error(`no challenge but ${gate.outcome}`)
    return ask('login', gate.challenge, 10 * minute)
  }
  const remember = (live: Live, code: string | null) => {
    if (code === null) return
    // A resend repeats the code; what replaces one that is nearly over is another.
    if (live.code !== null) expect(code).toBe(live.code)
    live.code = code
    memory.codes.push(code)
  }

  switch (one.act) {
    case 'wait':
      clock.advance(one.ms)
      return 'waited'
    case 'rotate':
      world.rotate()
      return 'rotated'
    case 'begin':
      await begin()
      return 'begun'
    case 'step up':
      ask('step_up', (await twoFactor.stepUp.begin(person, 'pay', context)).challenge, 10 * minute)
      return 'stepped up'
    case 'send': {
      const known = asked(one.nth)
      const asking = known === undefined || (one.anew && over(known)) ? await begin() : known
      world.fails = one.fails
      const to = memory.addresses.get(one.channel)
      const before = asking.live.get(one.channel)?.code ?? null
      let due: Outcome | Live
      if (over(asking)) due = 'challenge_expired'
      else if (to === undefined) due = 'method_unavailable'
      else due = memory.send(asking, one.channel, one.channel, clock())
      const live = typeof due === 'string' ? null : due
      const { kind: purpose } = asking
      const told =
        live === null ? due : world.expectDelivery(live, { purpose, subject: person, to: to ?? '' }, one.channel)
      const { came, code } = await world.sent(
        person,
        one.channel,
        to ?? '',
        purpose,
        twoFactor.sendCode(asking.token, one.channel, context),
      )
      expect(came).toBe(told)
      if (live !== null) remember(live, code)
      return `send ${before === null ? '' : before === live?.code ? 'again ' : 'anew '}${came.split(' ')[0]}`
    }
    case 'answer':
    case 'guess on': {
      let asking = asked(one.nth, one.channel)
      if (asking === undefined) return 'nothing asked'
      let came = 'nothing to type'
      for (let times = one.act === 'answer' ? 1 : one.times; times > 0; times--) {
        // Guesses go on when a lock, or the challenge, is over.
        if (one.act === 'guess on' && came.startsWith('locked')) clock.advance(day)
        if (one.act === 'guess on' && over(asking)) asking = await begin()
        const live = asking.live.get(one.channel)
        const code = typed(memory, live, one.act === 'answer' ? one.guess : 'wrong')
        if (code === null) return 'nothing to type'
        let due: Outcome
        if (over(asking)) due = 'challenge_expired'
        else if (!memory.addresses.has(one.channel)) due = 'method_unavailable'
        else due = judge(memory, live, code, one.channel, clock())
        came = await settled(verify(asking, { method: one.channel, code }), () => 'ok')
        expect(came).toBe(due)
        if (due === 'ok') {
          asking.used = true
          asking.live.delete(one.channel)
          memory.proved(one.channel)
        }
        if (due === 'suspended') break
      }
      return came.startsWith('invalid_code ') ? 'invalid_code and locked' : (came.split(' ')[0] ?? '')
    }
    case 'prove otherwise': {
      const asking = asked(one.nth)
      if (asking === undefined) return 'nothing asked'
      const answer = world.proof(person)
      const due = over(asking) ? 'challenge_expired' : 'ok'
      const came = await settled(verify(asking, answer), () => 'ok')
      expect(came).toBe(due)
      if (due === 'ok') {
        asking.used = true
        memory.proved('totp')
      }
      return `otherwise ${came}`
    }
    case 'add': {
      world.fails = one.fails
      const proof = world.proof(person)
      const to = addresses[one.channel][one.address] ?? ''
      const asking = ask('destination', '', 15 * minute, { channel: one.channel, address: to })
      const due = memory.send(asking, one.channel, `destination:${one.channel}`, clock())
      const live = typeof due === 'string' ? null : due
      if (live !== null) memory.proved('totp')
      const purpose = 'destination'
      const told = live === null ? due : world.expectDelivery(live, { purpose, subject: person, to }, one.channel)
      const call = twoFactor.destinations.add(person, one.channel, to, proof, context)
      const { came, code } = await world.sent(person, one.channel, to, purpose, call)
      expect(came).toBe(told)
      if (came.startsWith('ok')) {
        asking.token = (await call).enrollment
        if (live !== null) remember(live, code)
      } else memory.askings.pop()
      return `add ${came.split(' ')[0]}`
    }
    case 'resend': {
      const asking = memory.askings.filter(({ kind }) => kind === 'destination').at(-1)
      if (asking?.to == null) return 'nothing pending'
      world.fails = one.fails
      const { channel, address } = asking.to
      const due = over(asking) ? 'enrollment_expired' : memory.send(asking, channel, `destination:${channel}`, clock())
      const live = typeof due === 'string' ? null : due
      const purpose = 'destination'
      const told = live === null ? due : world.expectDelivery(live, { purpose, subject: person, to: address }, channel)
      const call = twoFactor.destinations.sendCode(person, asking.token, context)
      const { came, code } = await world.sent(person, channel, address, purpose, call)
      expect(came).toBe(told)
      if (live !== null) remember(live, code)
      return `resend ${came.split(' ')[0]}`
    }
    case 'confirm': {
      const asking = memory.askings.filter(({ kind }) => kind === 'destination').at(-1)
      if (asking?.to == null) return 'nothing pending'
      const { channel, address } = asking.to
      const live = asking.live.get(channel)
      const code = typed(memory, live, one.guess)
      if (code === null) return 'nothing to type'
      const budget = `destination:${channel}`
      const due = over(asking) ? 'enrollment_expired' : judge(memory, live, code, budget, clock())
      const came = await settled(twoFactor.destinations.confirm(person, asking.token, code, context), () => 'ok')
      expect(came).toBe(due)
      if (due === 'ok') {
        if (clock() - memory.budget(budget).lastFailureAt >= day) memory.budget(budget).failures = 0
        memory.addresses.delete(channel)
        memory.addresses.set(channel, address)
        memory.changed()
      }
      return `confirm ${came.split(' ')[0]}`
    }
    case 'remove': {
      const proof = world.proof(person)
      const due = memory.addresses.delete(one.channel) ? 'ok' : 'not_found'
      const came = await settled(twoFactor.destinations.remove(person, one.channel, proof, context), () => 'ok')
      expect(came).toBe(due)
      if (due === 'ok') {
        memory.proved('totp')
        memory.changed()
      }
      return `remove ${came}`
    }
  }
}

/** What random steps seldom come to. */
const suspension: Step[] = [
  { person: 'alice', act: 'send', nth: 0, channel: 'email', fails: false, anew: false },
  { person: 'alice', act: 'guess on', nth: 0, channel: 'email', times: 125 },
  { person: 'alice', act: 'begin' },
  { person: 'alice', act: 'send', nth: 0, channel: 'email', fails: false, anew: false },
  { person: 'alice', act: 'prove otherwise', nth: 0 },
  { person: 'alice', act: 'send', nth: 0, channel: 'email', fails: false, anew: true },
  { person: 'alice', act: 'guess on', nth: 0, channel: 'email', times: 5 },
]

const longLife: Step[] = [
  { person: 'alice', act: 'add', channel: 'sms', address: 0, fails: false },
  ...[0, 1].flatMap((): Step[] => [
    { person: 'alice', act: 'wait', ms: 4 * minute },
    { person: 'alice', act: 'resend', fails: false },
  ]),
  { person: 'alice', act: 'wait', ms: 2 * minute - 1 },
  { person: 'alice', act: 'confirm', guess: 'wrong' },
  { person: 'alice', act: 'confirm', guess: 'right' },
]
const wrong: Step = { person: 'alice', act: 'confirm', guess: 'wrong' }
const calmDay: Step[] = [
  { person: 'alice', act: 'add', channel: 'sms', address: 0, fails: false },
  ...[wrong, wrong, wrong],
  { person: 'alice', act: 'wait', ms: day },
  { person: 'alice', act: 'add', channel: 'sms', address: 1, fails: false },
  { person: 'alice', act: 'confirm', guess: 'right' },
  { person: 'alice', act: 'add', channel: 'sms', address: 0, fails: false },
  ...[wrong, wrong, wrong, wrong, wrong, wrong],
]

const runs = Number(process.env['MODEL_RUNS'] ?? 200)

describe('codes that are sent', () => {
  it('R23, R24, R25, R26, R28, R29, R33, R48, R54: are counted, repeated, taken once and void as the rules say, whatever comes before', {
    timeout: 60_000 + runs * 500,
  }, async () => {
    const reached = new Map<string, number>()
    await fc.assert(
      fc.asyncProperty(fc.array(step, { minLength: 40, maxLength: 60 }), async steps => {
        const world = new World()
        for (const person of people) await world.enroll(person)
        world.clock.advance(minute)
        for (const one of steps) {
          const came = await take(world, one)
          reached.set(came, (reached.get(came) ?? 0) + 1)
          const { person } = one
          const memory = world.memories[person]
          const gate = await world.twoFactor.login.begin(person, world.contextOf(person))
          const offered = gate.outcome === 'challenge' ? gate.methods.map(({ method }) => method) : []
          const open = [...memory.addresses.keys()].filter(channel => memory.shut(channel, world.clock()) === null)
          expect(offered).toEqual(['totp', ...open, 'recovery_code'])
        }
      }),
      { numRuns: runs, examples: [[suspension], [longLife], [calmDay]] },
    )
    // Not one run in which the interesting never came about.
    const ends = [...reached.keys()].map(came => came.split(' ').at(-1))
    const interesting = [
      ...['send_too_soon', 'send_limit', 'delivery_failed', 'method_unavailable', 'challenge_expired'],
      ...['enrollment_expired', 'invalid_code', 'locked', 'suspended', 'not_found', 'rotated'],
    ]
    for (const came of interesting) expect(ends).toContain(came)
    for (const came of [
      'ok',
      'send ok',
      'send again ok',
      'otherwise ok',
      'add ok',
      'resend ok',
      'confirm ok',
      'remove ok',
    ])
      expect([...reached.keys()]).toContain(came)
  })
})

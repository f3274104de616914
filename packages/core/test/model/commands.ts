/** The commands of the model: what people, thieves, operators and machines may do, in any order. */
import { generateSecret } from '@sallyport/core/otp'
import fc from 'fast-check'
import * as care from './care.js'
import { type AnswerPick, aContext, anAnswer, aPlace, aProof, aToken, pickToken } from './picks.js'
import * as verbs from './verbs.js'
import type { Token } from './words.js'
import type { World } from './world.js'

type Command = fc.AsyncCommand<object, World, boolean>

const second = 1000
const minute = 60 * second
const hour = 60 * minute
const day = 24 * hour

/** Before a verb some time may pass, so that an authenticator shows a code that is fresh. */
const pause = fc.constantFrom(0, 30 * second, 60 * second)

function command<T>(name: string, input: fc.Arbitrary<T>, run: (world: World, input: T) => Promise<unknown>) {
  return fc.tuple(input, pause).map(
    ([value, wait]): Command => ({
      check: async () => true,
      async run(_, world) {
        world.clock.advance(wait)
        await run(world, value)
        await world.compareAll()
      },
      toString: () => `${name}(${fc.stringify(value)} after ${wait} ms)`,
    }),
  )
}

/** One time in three. */
const seldom = <T>(arbitrary: fc.Arbitrary<T>) =>
  fc.oneof({ weight: 2, arbitrary: fc.constant(null) }, { weight: 1, arbitrary })

const beginning = fc.record<verbs.BeginPick>({
  context: aContext,
  eligible: fc.oneof({ weight: 4, arbitrary: fc.constant(true) }, { weight: 1, arbitrary: fc.constant(false) }),
  permit: fc.oneof({ weight: 3, arbitrary: aToken }, { weight: 1, arbitrary: fc.constant(null) }),
  seen: fc.oneof(
    { weight: 6, arbitrary: fc.constantFrom('nothing' as const, 'the last' as const) },
    { weight: 1, arbitrary: fc.constant('more' as const) },
  ),
})
const enrolling = fc.record<verbs.EnrollPick>({
  context: aContext,
  resume: seldom(aToken),
  replaces: seldom(fc.nat({ max: 5 })),
  proof: fc.oneof({ weight: 1, arbitrary: fc.constant({ none: true as const }) }, { weight: 4, arbitrary: aProof }),
})
const purpose = fc.constantFrom('factors', 'factors', 'transfer', 'close')
const ownPurpose = fc.constantFrom('transfer', 'close')

/** Enrolment and confirmation in one go, so that what needs a factor is reached often. */
const enrolled = command(
  'enrollAndConfirm',
  fc.record({ place: aPlace, pick: enrolling, answer: anAnswer, context: aContext }),
  async (world, { place, pick, answer, context }) => {
    const unproven = world.account(place).held.length === 0 && answer.kind === 'fresh'
    const token = await verbs.enroll(world, place, unproven ? { ...pick, proof: { none: true } } : pick)
    await verbs.confirm(world, place, token, answer, context)
  },
)

const signIn = command(
  'signIn',
  fc.record({ place: aPlace, pick: beginning, answer: anAnswer, context: aContext }),
  async (world, { place, pick, answer, context }) => {
    const challenge = await verbs.begin(world, place, pick)
    if (challenge?.stage !== 'enroll') return verbs.verify(world, place, challenge, answer, context)
    const enrollment = await verbs.loginEnroll(world, place, challenge, null, context)
    await verbs.loginConfirm(world, place, enrollment, answer, context)
  },
)

/** Wrong codes, each under a challenge of its own; a lock is sat out, slept on, lifted, or met by a clock set back. */
const siege = command(
  'siege',
  fc.record({
    place: aPlace,
    pick: beginning,
    answer: anAnswer,
    guesses: fc.integer({ min: 4, max: 16 }),
    locks: fc.constantFrom('sat out', 'sat out', 'slept on', 'lifted', 'set back'),
  }),
  async (world, { place, pick, answer, guesses, locks }) => {
    for (let guess = 0; guess < guesses; guess++) {
      const challenge = await verbs.begin(world, place, { ...pick, seen: 'nothing' })
      if (challenge?.stage !== 'login') return
      const wrong = { ...answer, kind: 'wrong' as const, nth: guess }
      await verbs.verify(world, place, challenge, wrong, pick.context)
      const until = world.account(place).totp.shutUntil(world.clock())
      if (locks === 'lifted') await care.unlock(world, place)
      else if (until !== null && locks === 'set back') world.clock.advance(-2 * day)
      else if (until !== null) world.clock.advance(until - world.clock() + (locks === 'slept on' ? day : 0))
    }
  },
)

/** Wrong first codes of a new authenticator, then a right one, also while it is locked. */
const fumble = command(
  'fumble',
  fc.record({
    place: aPlace,
    pick: enrolling,
    answer: anAnswer,
    guesses: fc.integer({ min: 1, max: 7 }),
    lifted: fc.boolean(),
  }),
  async (world, { place, pick, answer, guesses, lifted }) => {
    const begin = () => {
      const proof = world.account(place).held.length === 0 ? ({ none: true } as const) : pick.proof
      return verbs.enroll(world, place, { ...pick, resume: null, proof })
    }
    const answerWith = (token: Token | null, kind: AnswerPick['kind'], nth: number) =>
      verbs.confirm(world, place, token, { ...answer, kind, nth }, pick.context)
    let token = await begin()
    for (let guess = 0; guess < guesses; guess++) {
      await answerWith(token, 'wrong', guess)
      const until = world.account(place).enrolling.shutUntil(world.clock())
      if (until === null) continue
      await answerWith(token, 'fresh', 0)
      await begin()
      if (lifted) await care.unlock(world, place)
      else world.clock.advance(until - world.clock())
      token = await begin()
    }
    await answerWith(token, 'fresh', 0)
  },
)

const advance = command(
  'advance',
  fc.constantFrom(
    second,
    29 * second,
    30 * second,
    minute,
    2 * minute,
    5 * minute,
    10 * minute,
    15 * minute,
    hour,
    day,
    3 * day,
  ),
  async (world, by) => {
    world.clock.advance(by)
  },
)

/** What people and thieves do all day. */
const often: fc.Arbitrary<Command>[] = [
  signIn,
  signIn,
  signIn,
  enrolled,
  enrolled,
  enrolled,
  fumble,
  advance,
  command('begin', fc.record({ place: aPlace, pick: beginning }), (world, { place, pick }) =>
    verbs.begin(world, place, pick),
  ),
  command(
    'verify',
    fc.record({ place: aPlace, token: aToken, answer: anAnswer, context: aContext }),
    (world, { place, token, answer, context }) =>
      verbs.verify(world, place, pickToken(world, place, 'challenge', token), answer, context),
  ),
  command(
    'stepUp',
    fc.record({ place: aPlace, purpose, answer: anAnswer, context: aContext, answerOlder: seldom(aToken) }),
    (world, { place, ...pick }) => verbs.stepUp(world, place, pick),
  ),
  command(
    'stepUpAndRedeem',
    fc.record({ place: aPlace, purpose: ownPurpose, answer: anAnswer, context: aContext, claimed: seldom(ownPurpose) }),
    async (world, { place, claimed, ...pick }) => {
      await verbs.stepUp(world, place, { ...pick, answerOlder: null })
      const here = { nth: 0, from: 'here' } as const
      await verbs.redeem(world, place, here, claimed ?? pick.purpose, pick.context)
      await verbs.redeem(world, place, here, claimed ?? pick.purpose, pick.context)
    },
  ),
  command(
    'redeem',
    fc.record({ place: aPlace, token: aToken, purpose: ownPurpose, context: aContext }),
    (world, pick) => verbs.redeem(world, pick.place, pick.token, pick.purpose, pick.context),
  ),
  command('enroll', fc.record({ place: aPlace, pick: enrolling }), (world, { place, pick }) =>
    verbs.enroll(world, place, pick),
  ),
  command(
    'confirm',
    fc.record({ place: aPlace, token: aToken, answer: anAnswer, context: aContext }),
    (world, { place, token, answer, context }) =>
      verbs.confirm(world, place, pickToken(world, place, 'enrollment', token), answer, context),
  ),
  command(
    'loginEnroll',
    fc.record({ place: aPlace, token: aToken, resume: seldom(aToken), context: aContext }),
    (world, { place, token, resume, context }) =>
      verbs.loginEnroll(world, place, pickToken(world, place, 'challenge', token), resume, context),
  ),
  command(
    'loginConfirm',
    fc.record({ place: aPlace, token: aToken, answer: anAnswer, context: aContext }),
    (world, { place, token, answer, context }) =>
      verbs.loginConfirm(world, place, pickToken(world, place, 'enrollment', token), answer, context),
  ),
  ...(['remove', 'remove', 'regenerate', 'regenerate'] as const).map(verb =>
    command(
      verb,
      fc.record({ place: aPlace, nth: fc.nat({ max: 5 }), proof: aProof, context: aContext }),
      (world, { place, nth, proof, context }) => care.care(world, place, verb, nth, proof, context),
    ),
  ),
]

/** What undoes much, and so is done seldom: what it undoes has to be built up again. */
const rarely: fc.Arbitrary<Command>[] = [
  siege,
  command(
    'disable',
    fc.record({ place: aPlace, proof: aProof, context: aContext }),
    (world, { place, proof, context }) => care.care(world, place, 'disable', 0, proof, context),
  ),
  command(
    'reset',
    fc.record({
      place: aPlace,
      next: fc.constantFrom('permit' as const, 'permit' as const, 'open' as const),
      pick: beginning,
    }),
    async (world, { place, next, pick }) => {
      await care.reset(world, place, next)
      // The permits of earlier resets first, then the one that is outstanding.
      for (const nth of [2, 1, 0]) await verbs.begin(world, place, { ...pick, permit: { nth, from: 'here' } })
    },
  ),
  command('unlock', aPlace, care.unlock),
  command('import', aPlace, (world, place) => care.importSecret(world, place, generateSecret())),
  command('forget', aPlace, (world, place) => care.forget(world, place)),
  command('stepBack', fc.constantFrom(second, 30 * second, 5 * minute, hour, 2 * day), async (world, by) => {
    world.clock.advance(-by)
  }),
  command('restart', fc.boolean(), async (world, rotate) => world.restart(rotate)),
  command(
    'crossApplications',
    fc.record({ place: aPlace, token: aToken, answer: anAnswer }),
    (world, { place, token, answer }) =>
      care.crossApplications(world, pickToken(world, place, 'challenge', { ...token, from: 'anywhere' }), answer),
  ),
]

export const commands = (most: number) =>
  fc.commands<object, World, boolean>(
    [fc.oneof({ weight: 5, arbitrary: fc.oneof(...often) }, { weight: 1, arbitrary: fc.oneof(...rarely) })],
    { maxCommands: most, size: 'max' },
  )

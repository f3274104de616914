/** Challenges: the state between a password, or a session, and the code. */
import { refusal } from '../errors.js'
import type { Challenge, Input, Method } from '../outcomes.js'
import { isSent, type JudgedAnswer, refuseIfNothingUsable, sentCodesProve, takeAnswer } from '../subject/answers.js'
import { refuseUnlessAnswerable } from '../subject/attempts.js'
import { hintOf } from '../subject/destinations.js'
import { isSpent, spend } from '../subject/spent.js'
import type { Facts, SubjectState, Transition } from '../subject/state.js'
import type { TokenContent } from '../vault/tokens.js'
import type { Context } from './context.js'
import type { Gatehouse } from './gatehouse.js'
import { factorsPurpose } from './proofs.js'
import { channelsFor, methodsShown } from './sending.js'
import { holds, tiesOf } from './ties.js'

const minute = 60_000
const lifetime = { login: 10 * minute, step_up: 10 * minute, enroll: 15 * minute }

export type ChallengeContent = TokenContent<'challenge'>
export type Stage = ChallengeContent['stage']

/** A challenge that an existing factor answers. @throws Refusal `locked`, `suspended`, `method_unavailable` where none can */
export function newChallenge(
  house: Gatehouse,
  stage: 'login' | 'step_up',
  purpose: string,
  subject: string,
  state: SubjectState,
  context: Context,
): Challenge {
  const weakProofs = house.settings.policy.weakProofs ?? false
  const channels = channelsThatProve(channelsFor(house, context), purpose, state, { weakProofs })
  refuseIfNothingUsable(state, channels, house.now())
  const methods = methodsShown(state, channels, house.now())
  return { ...sealChallenge(house, { stage, purpose, subject, permit: null, first: null }, state, context), methods }
}

/**
 * A challenge before the first enrolment.
 *
 * @param about `permit`: the id of the one that let the person in; `first`: the account's own address, of which a code is asked
 * @throws Refusal `locked`, `suspended` where no code of it would be taken
 */
export function newFirstChallenge(
  house: Gatehouse,
  about: Pick<ChallengeContent, 'stage' | 'purpose' | 'subject' | 'permit' | 'first'>,
  state: SubjectState,
  context: Context,
): Challenge {
  const { first } = about
  if (first !== null) refuseUnlessAnswerable(state, first.channel, house.now())
  const methods = first === null ? [] : [{ method: first.channel, hint: hintOf(first.address) }]
  return { ...sealChallenge(house, about, state, context), methods }
}

/** The channels by which a challenge can be answered: a sent code is no proof of a change of factors beside an authenticator (R27). */
export function channelsThatProve(
  channels: readonly string[],
  purpose: string,
  state: SubjectState,
  facts: Pick<Facts, 'weakProofs'>,
): readonly string[] {
  return purpose === factorsPurpose && !sentCodesProve(state, facts) ? [] : channels
}

/** @throws Refusal `challenge_expired` where it is no challenge of this stage, or has expired */
export function openChallenge(house: Gatehouse, stage: Stage, input: Input): ChallengeContent {
  const content = openAnyChallenge(house, input)
  if (content.stage !== stage) throw refusal('challenge_expired')
  return content
}

/** @throws Refusal `challenge_expired` where it is no challenge, or has expired */
export function openAnyChallenge(house: Gatehouse, input: Input): ChallengeContent {
  const content = house.tokens.open('challenge', input, house.now())
  if (content === null) throw refusal('challenge_expired')
  return content
}

/** @throws Refusal `challenge_expired` where it was made in another session or under another password */
export function refuseIfForeign(challenge: ChallengeContent, context: Context): void {
  if (!holds(challenge, context)) throw refusal('challenge_expired')
}

/** @throws Refusal `method_unavailable` for a code of a channel that is not open to this request, such as the one it signed in by (R29) */
export function refuseIfClosed(
  house: Gatehouse,
  { signedInBy }: ChallengeContent,
  { method }: JudgedAnswer,
  context: Context,
): void {
  if (isSent(method) && !channelsFor(house, context, signedInBy).includes(method)) throw refusal('method_unavailable')
}

/** Takes the answer to a challenge, and with it the challenge: one success (R34). */
export function answerChallenge(
  challenge: ChallengeContent,
  state: SubjectState,
  answer: JudgedAnswer,
  facts: Facts,
): Transition<{ method: Method }> {
  refuseIfSuperseded(challenge, state)
  const { purpose } = challenge
  if (isSent(answer.method) && channelsThatProve([answer.method], purpose, state, facts).length === 0) {
    throw refusal('method_unavailable')
  }
  // Before the answer is looked at: whether there is room must not tell whether the code was right.
  const { spent } = spend(state, challenge.id, challenge.expiresAt, facts.now)
  const taken = takeAnswer(state, answer, { purpose, challenge }, facts)
  return taken.refused ? taken : { ...taken, state: { ...taken.state, spent } }
}

/** @throws Refusal `challenge_expired` where the factors changed since, or it was used */
export function refuseIfSuperseded(challenge: ChallengeContent, state: SubjectState): void {
  if (challenge.epoch !== state.epoch || isSpent(state, challenge.id)) throw refusal('challenge_expired')
}

function sealChallenge(
  house: Gatehouse,
  about: Pick<ChallengeContent, 'stage' | 'purpose' | 'subject' | 'permit' | 'first'>,
  state: SubjectState,
  context: Context,
): { challenge: string; expiresAt: Date } {
  const expiresAt = house.now() + lifetime[about.stage]
  const { signedInBy = null } = context
  const ties = tiesOf(context)
  const content = { ...about, ...ties, id: house.newId(), epoch: state.epoch, expiresAt, signedInBy }
  return { challenge: house.tokens.seal('challenge', content), expiresAt: new Date(expiresAt) }
}

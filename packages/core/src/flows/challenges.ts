/** Challenges: the state between a password, or a session, and the code. */
import { refusal } from '../errors.js'
import type { Challenge, Input } from '../outcomes.js'
import {
  type JudgedAnswer,
  type ProvingMethod,
  refuseIfNothingUsable,
  takeAnswer,
  usableMethods,
} from '../subject/answers.js'
import { isSpent, spend } from '../subject/spent.js'
import type { Facts, SubjectState, Transition } from '../subject/state.js'
import type { TokenContent } from '../vault/tokens.js'
import type { Context } from './context.js'
import type { Gatehouse } from './gatehouse.js'
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
  refuseIfNothingUsable(state, house.now())
  const methods = usableMethods(state, house.now()).map(method => ({ method, hint: null }))
  return { ...sealChallenge(house, { stage, purpose, subject, permit: null }, state, context), methods }
}

/** A challenge that an enrolment answers; `permit` is the id of the one that let the person in. */
export function newEnrollChallenge(
  house: Gatehouse,
  subject: string,
  state: SubjectState,
  context: Context,
  permit: string | null,
): Challenge {
  return {
    ...sealChallenge(house, { stage: 'enroll', purpose: 'login', subject, permit }, state, context),
    methods: [],
  }
}

/** @throws Refusal `challenge_expired` where it is no challenge of this stage, or has expired */
export function openChallenge(house: Gatehouse, stage: Stage, input: Input): ChallengeContent {
  const content = house.tokens.open('challenge', input, house.now())
  if (content === null || content.stage !== stage) throw refusal('challenge_expired')
  return content
}

/** @throws Refusal `challenge_expired` where it was made in another session or under another password */
export function refuseIfForeign(challenge: ChallengeContent, context: Context): void {
  if (!holds(challenge, context)) throw refusal('challenge_expired')
}

/** Takes the answer to a challenge, and with it the challenge: one success (R34). */
export function answerChallenge(
  challenge: ChallengeContent,
  state: SubjectState,
  answer: JudgedAnswer,
  purpose: string,
  facts: Facts,
): Transition<{ method: ProvingMethod }> {
  refuseIfSuperseded(challenge, state)
  // Before the answer is looked at: whether there is room must not tell whether the code was right.
  const { spent } = spend(state, challenge.id, challenge.expiresAt, facts.now)
  const taken = takeAnswer(state, answer, purpose, facts)
  return taken.refused ? taken : { ...taken, state: { ...taken.state, spent } }
}

/** @throws Refusal `challenge_expired` where the factors changed since, or it was used */
export function refuseIfSuperseded(challenge: ChallengeContent, state: SubjectState): void {
  if (challenge.epoch !== state.epoch || isSpent(state, challenge.id)) throw refusal('challenge_expired')
}

function sealChallenge(
  house: Gatehouse,
  about: Pick<ChallengeContent, 'stage' | 'purpose' | 'subject' | 'permit'>,
  state: SubjectState,
  context: Context,
): { challenge: string; expiresAt: Date } {
  const expiresAt = house.now() + lifetime[about.stage]
  const content = { ...about, ...tiesOf(context), id: house.newId(), epoch: state.epoch, expiresAt }
  return { challenge: house.tokens.seal('challenge', content), expiresAt: new Date(expiresAt) }
}

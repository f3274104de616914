import { parseKeyUri } from '@sallyport/core/otp'
import { expect } from 'vitest'
import { learnChange, learnCodes, tied, typedAnswer, untilOf } from './learning.js'
import {
  type AnswerPick,
  type ContextPick,
  contextOf,
  type ProofPick,
  pickAnswer,
  pickMoment,
  pickProof,
  pickToken,
  type TokenPick,
  textOf,
} from './picks.js'
import type { Moment, Token } from './words.js'
import type { Place, World } from './world.js'

const account = 'someone@example.com'

export interface BeginPick {
  context: ContextPick
  eligible: boolean
  permit: TokenPick | null
  seen: 'nothing' | 'the last' | 'more'
}

/** The login challenge, where there is one. */
export async function begin(world: World, place: Place, pick: BeginPick): Promise<Token | null> {
  const moment = pickMoment(world, place, pick.context, null)
  const permit = pick.permit && pickToken(world, place, 'permit', pick.permit)
  const { generation } = world.account(place)
  const seen = { nothing: 0, 'the last': generation, more: generation + 1 }[pick.seen]
  const context = { ...contextOf(moment), eligible: pick.eligible, generation: seen, permit: permit?.text }
  let expected = ''
  const gate = await world.attempt(
    place,
    'login.begin',
    {},
    one => {
      const { verdict, gate } = one.begin(moment, { eligible: pick.eligible, permit, seen })
      expected = gate
      return verdict
    },
    application => application.login.begin(place.subject, context),
  )
  if (gate === null) return null
  if (gate.outcome === 'passed') {
    const { subject, because, method } = gate.passed
    expect([subject, because, method]).toEqual([place.subject, expected, null])
    expect(world.account(place).held).toEqual([])
    return null
  }
  expect(gate.outcome).toBe(expected)
  const stage = gate.outcome === 'enroll' ? 'enroll' : 'login'
  return world.keep({
    kind: 'challenge',
    stage,
    purpose: 'login',
    ...tied(world, moment, gate.challenge, gate.expiresAt),
  })
}

export async function verify(world: World, named: Place, token: Token | null, pick: AnswerPick, where: ContextPick) {
  const place = world.sealedPlace(named, token)
  const moment = pickMoment(world, place, where, token)
  const answer = pickAnswer(world, place, pick)
  const passed = await world.attempt(
    place,
    'login.verify',
    { answer, tokens: token === null ? [] : [token] },
    one => one.answer(token, 'login', answer, moment),
    application => application.login.verify(textOf(token), typedAnswer(answer), contextOf(moment)),
  )
  if (passed === null) return
  expect([passed.subject, passed.because, passed.method]).toEqual([place.subject, 'verified', answer.method])
}

/** A grant, where the answer was right. */
export async function stepUp(
  world: World,
  place: Place,
  pick: { purpose: string; answer: AnswerPick; context: ContextPick; answerOlder: TokenPick | null },
): Promise<Token | null> {
  const { purpose } = pick
  const begun = pickMoment(world, place, pick.context, null)
  const challenge = await world.attempt(
    place,
    'stepUp.begin',
    {},
    one => one.stepUp(begun),
    application => application.stepUp.begin(place.subject, purpose, contextOf(begun)),
  )
  const fresh =
    challenge &&
    world.keep({
      kind: 'challenge',
      stage: 'step_up',
      purpose,
      ...tied(world, begun, challenge.challenge, challenge.expiresAt),
    })
  const token = pick.answerOlder === null ? fresh : pickToken(world, place, 'challenge', pick.answerOlder)
  const moment = pickMoment(world, place, pick.context, token)
  const answer = pickAnswer(world, place, pick.answer)
  const proven = await world.attempt(
    place,
    'stepUp.verify',
    { answer, tokens: token === null ? [] : [token] },
    one => one.answer(token, 'step_up', answer, moment),
    application => application.stepUp.verify(place.subject, textOf(token), typedAnswer(answer), contextOf(moment)),
  )
  if (proven === null || token === null) return null
  expect(proven.method).toBe(answer.method)
  const { token: text, expiresAt } = proven.grant
  return world.keep({ kind: 'grant', purpose: token.purpose ?? '', ...tied(world, moment, text, expiresAt) })
}

export async function redeem(world: World, place: Place, pick: TokenPick, purpose: string, where: ContextPick) {
  const token = pickToken(world, place, 'grant', pick)
  const moment = pickMoment(world, place, where, token)
  await world.attempt(
    place,
    'stepUp.redeem',
    { tokens: token === null ? [] : [token] },
    one => one.redeem(token, purpose, moment),
    application => application.stepUp.redeem(textOf(token), place.subject, purpose, contextOf(moment)),
  )
}

/** What a proof comes to; a grant that has to be earned is earned in the session that the proof is for. */
export function proofFor(world: World, place: Place, pick: ProofPick, moment: Moment) {
  return pickProof(world, place, pick, moment, answer =>
    stepUp(world, place, {
      purpose: 'factors',
      answer,
      context: { follow: true, binding: moment.binding, credential: moment.credential },
      answerOlder: null,
    }),
  )
}

export interface EnrollPick {
  context: ContextPick
  resume: TokenPick | null
  replaces: number | null
  proof: ProofPick
}

export async function enroll(world: World, place: Place, pick: EnrollPick): Promise<Token | null> {
  const resume = pick.resume && pickToken(world, place, 'enrollment', pick.resume)
  const moment = pickMoment(world, place, pick.context, resume)
  const { held } = world.account(place)
  const replaces =
    pick.replaces === null ? null : (held[pick.replaces % Math.max(1, held.length)]?.id ?? 'f'.repeat(32))
  const { proof, typed, tokens } = await proofFor(world, place, pick.proof, moment)
  const resumed = world.account(place).resumes(resume, 'profile', replaces, moment)
  const answer = proof !== null && 'answer' in proof && !resumed ? proof.answer : undefined
  const enrollment = await world.attempt(
    place,
    'totp.enroll',
    { answer, tokens: resumed && resume !== null ? [resume] : tokens },
    one => one.enroll(resume, replaces, proof, moment),
    application =>
      application.totp.enroll(
        place.subject,
        { account, resume: resume?.text, ...(replaces === null ? {} : { replaces }), proof: typed },
        contextOf(moment),
      ),
  )
  if (enrollment === null) return null
  const { secret } = parseKeyUri(enrollment.uri)
  expect(enrollment.token === resume?.text).toBe(resumed)
  if (resumed) {
    expect(secret).toBe(resume?.secret)
    return resume
  }
  world.secrets.get(place.name)?.unshift(secret)
  const pending = { stage: 'profile', secret, replaces, grantUntil: untilOf(proof) }
  return world.keep({ kind: 'enrollment', ...pending, ...tied(world, moment, enrollment.token, enrollment.expiresAt) })
}

export async function confirm(world: World, place: Place, token: Token | null, pick: AnswerPick, where: ContextPick) {
  const moment = pickMoment(world, place, where, token)
  const { secrets, answer, tokens } = confirmation(world, place, token, pick)
  const first = world.account(place).held.length === 0
  const confirmed = await world.attempt(
    place,
    'totp.confirm',
    { answer, tokens, secrets },
    one => one.confirm(token, 'profile', answer, moment),
    application => application.totp.confirm(place.subject, textOf(token), { code: answer.spelt }, contextOf(moment)),
  )
  if (confirmed === null) return
  expect(confirmed.recoveryCodes !== null).toBe(first)
  if (confirmed.recoveryCodes !== null) learnCodes(world, place, confirmed.recoveryCodes)
  learnChange(world, moment, token?.grantUntil ?? null, confirmed)
}

export async function loginEnroll(
  world: World,
  named: Place,
  challenge: Token | null,
  pick: TokenPick | null,
  where: ContextPick,
) {
  const place = world.sealedPlace(named, challenge)
  const moment = pickMoment(world, place, where, challenge)
  const resume = pick && pickToken(world, place, 'enrollment', pick)
  const resumed = world.account(place).resumes(resume, 'login', null, moment)
  const enrollment = await world.attempt(
    place,
    'login.enroll',
    { tokens: challenge === null ? [] : [challenge] },
    one => one.loginEnroll(challenge, moment),
    application => application.login.enroll(textOf(challenge), { account, resume: resume?.text }, contextOf(moment)),
  )
  if (enrollment === null) return null
  expect(enrollment.token === resume?.text).toBe(resumed)
  if (resumed) return resume
  expect(enrollment.expiresAt.getTime()).toBe(challenge?.expiresAt)
  const { secret } = parseKeyUri(enrollment.uri)
  world.secrets.get(place.name)?.unshift(secret)
  const pending = { stage: 'login', secret, replaces: null }
  return world.keep({ kind: 'enrollment', ...pending, ...tied(world, moment, enrollment.token, enrollment.expiresAt) })
}

export async function loginConfirm(
  world: World,
  named: Place,
  token: Token | null,
  pick: AnswerPick,
  where: ContextPick,
) {
  const place = world.sealedPlace(named, token)
  const moment = pickMoment(world, place, where, token)
  const { secrets, answer, tokens } = confirmation(world, place, token, pick)
  const passed = await world.attempt(
    place,
    'login.confirm',
    { answer, tokens, secrets },
    one => one.confirm(token, 'login', answer, moment),
    application => application.login.confirm(textOf(token), { code: answer.spelt }, contextOf(moment)),
  )
  if (passed === null) return
  expect([passed.subject, passed.because, passed.method]).toEqual([place.subject, 'enrolled', 'totp'])
  learnCodes(world, place, passed.recoveryCodes)
  learnChange(world, moment, null, passed)
}

function confirmation(world: World, place: Place, token: Token | null, pick: AnswerPick) {
  const own = token?.secret === undefined ? [] : [token.secret]
  const asTotp: AnswerPick = pick.kind.includes('recovery') ? { ...pick, kind: 'fresh' } : pick
  const answer = pickAnswer(world, place, asTotp, own)
  const secrets = [...own, ...world.account(place).held.map(one => one.secret)]
  return { secrets, answer, tokens: token === null ? [] : [token] }
}

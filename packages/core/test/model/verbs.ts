/** Every verb of the public face, asked of the applications and of the reference alike. */
import type { Changed } from '@sallyport/core'
import { parseKeyUri } from '@sallyport/core/otp'
import { expect } from 'vitest'
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
import { type Answer, type Moment, type Proof, refused, type Token } from './words.js'
import { type Place, places, type World } from './world.js'

const audit = { by: 'operator', reason: 'a test' }
const account = 'someone@example.com'

const typedAnswer = ({ method, spelt }: Answer) => ({ method, code: spelt })

/** The part of a new token that tells where it holds. */
function tied(world: World, moment: Moment, text: string, expiresAt: Date) {
  const { place, binding, credential } = moment
  const { era } = world.account({ name: place })
  return { text, place, era, binding, credential, expiresAt: expiresAt.getTime() }
}

function learnCodes(world: World, place: Place, written: readonly string[]): void {
  const codes = written.map(code => code.replaceAll('-', ''))
  expect(new Set(codes).size).toBe(10)
  world.account(place).recovery = new Map(codes.map(code => [code, false]))
  world.recoveryCodes.get(place.name)?.unshift(...codes)
}

/** What every change answers: the generation, and the grant that proved it, renewed with its deadline unchanged. */
function learnChange(world: World, moment: Moment, grantUntil: number | null, change: Changed): void {
  expect(change.generation).toBe(world.account({ name: moment.place }).generation)
  expect(change.otherSessions).toBe('ended')
  const until = grantUntil !== null && moment.now < grantUntil ? grantUntil : null
  expect(change.grant?.expiresAt.getTime() ?? null).toBe(until)
  if (change.grant === null) return
  const { token, expiresAt } = change.grant
  world.keep({ kind: 'grant', purpose: 'factors', ...tied(world, moment, token, expiresAt) })
}

const untilOf = (proof: Proof) => (proof !== null && 'grant' in proof ? (proof.grant?.expiresAt ?? null) : null)

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

export type Care = 'remove' | 'regenerate' | 'disable'

export async function care(world: World, place: Place, verb: Care, nth: number, pick: ProofPick, where: ContextPick) {
  const moment = pickMoment(world, place, where, null)
  const { proof, typed, tokens } = await proofFor(world, place, pick, moment)
  const { held } = world.account(place)
  const id = held[nth % Math.max(1, held.length + (nth === 5 ? 1 : 0))]?.id ?? 'f'.repeat(32)
  const answer = proof !== null && 'answer' in proof ? proof.answer : undefined
  const context = contextOf(moment)
  const given = typed as NonNullable<typeof typed>
  const done = await world.attempt<Changed & { recoveryCodes?: readonly string[] }>(
    place,
    verb,
    { answer, tokens },
    one => (verb === 'remove' ? one.remove(id, proof, moment) : one[verb](proof, moment)),
    application => {
      if (verb === 'remove') return application.totp.remove(place.subject, id, given, context)
      if (verb === 'disable') return application.disable(place.subject, given, context)
      return application.recoveryCodes.regenerate(place.subject, given, context)
    },
  )
  if (done === null) return
  if (verb === 'disable') world.ledger.wiped(place.name)
  if (done.recoveryCodes !== undefined) learnCodes(world, place, done.recoveryCodes)
  learnChange(world, moment, untilOf(proof), done)
}

export async function reset(world: World, place: Place, next: 'permit' | 'open') {
  const { now } = world.moment(place, 'session-1', undefined)
  const done = await world.attempt(
    place,
    'operator.reset',
    {},
    one => one.wipe(now),
    application => application.operator.reset(place.subject, { ...audit, next }),
  )
  if (done === null) return
  expect(done.permit !== null).toBe(next === 'permit')
  world.ledger.wiped(place.name)
  learnChange(world, world.moment(place, 'session-1', undefined), null, done)
  if (done.permit === null) return
  const { token, expiresAt } = done.permit
  const moment = world.moment(place, 'session-1', undefined)
  world.account(place).permit = world.keep({ kind: 'permit', ...tied(world, moment, token, expiresAt) })
}

export async function unlock(world: World, place: Place) {
  await world.attempt(
    place,
    'operator.unlock',
    {},
    one => one.unlock(),
    application => application.operator.unlock(place.subject, audit),
  )
}

export async function importSecret(world: World, place: Place, secret: string) {
  const done = await world.attempt(
    place,
    'operator.import',
    {},
    one => one.import(secret, world.clock()),
    application => application.operator.import(place.subject, { totp: { secret } }, audit),
  )
  if (done === null) return
  world.secrets.get(place.name)?.unshift(secret)
  learnChange(world, world.moment(place, 'session-1', undefined), null, done)
}

export async function forget(world: World, place: Place) {
  await world.application(place).operator.forget(place.subject, audit)
  world.forget(place)
}

/** A challenge or an enrolment of one application is nothing to the other. */
export async function crossApplications(world: World, token: Token | null, pick: AnswerPick) {
  const [here, there] = [places[0] as Place, places[2] as Place]
  if (token === null || token.place === there.name) return
  const moment = world.moment(there, token.binding, token.credential)
  const answer = pickAnswer(world, here, pick)
  await world.attempt(
    there,
    'login.verify',
    {},
    () => refused('challenge_expired', 'invalid_code'),
    application => application.login.verify(token.text, typedAnswer(answer), contextOf(moment)),
  )
  await world.attempt(
    there,
    'totp.confirm',
    {},
    () => refused('enrollment_expired', 'invalid_code', 'permit_required'),
    application => application.totp.confirm(there.subject, token.text, { code: answer.spelt }, contextOf(moment)),
  )
}

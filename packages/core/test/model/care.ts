/** The verbs of the profile page and of operators, asked of the applications and of the reference alike. */
import type { Changed } from '@sallyport/core'
import { expect } from 'vitest'
import { learnChange, learnCodes, tied, typedAnswer, untilOf } from './learning.js'
import { type AnswerPick, type ContextPick, contextOf, type ProofPick, pickAnswer, pickMoment } from './picks.js'
import { proofFor } from './verbs.js'
import { refused, type Token } from './words.js'
import { type Place, places, type World } from './world.js'

const audit = { by: 'operator', reason: 'a test' }

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

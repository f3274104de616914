/** What the reference learns from what core alone can choose: tokens, recovery codes, generations. */
import type { Changed } from '@sallyport/core'
import { expect } from 'vitest'
import type { Answer, Moment, Proof } from './words.js'
import type { Place, World } from './world.js'

export const typedAnswer = ({ method, spelt }: Answer) => ({ method, code: spelt })

/** The part of a new token that tells where it holds. */
export function tied(world: World, moment: Moment, text: string, expiresAt: Date) {
  const { place, binding, credential } = moment
  const { era } = world.account({ name: place })
  return { text, place, era, binding, credential, expiresAt: expiresAt.getTime() }
}

export function learnCodes(world: World, place: Place, written: readonly string[]): void {
  const codes = written.map(code => code.replaceAll('-', ''))
  expect(new Set(codes).size).toBe(10)
  world.account(place).recovery = new Map(codes.map(code => [code, false]))
  world.recoveryCodes.get(place.name)?.unshift(...codes)
}

/** What every change answers: the generation, and the grant that proved it, renewed with its deadline unchanged. */
export function learnChange(world: World, moment: Moment, grantUntil: number | null, change: Changed): void {
  expect(change.generation).toBe(world.account({ name: moment.place }).generation)
  expect(change.otherSessions).toBe('ended')
  const until = grantUntil !== null && moment.now < grantUntil ? grantUntil : null
  expect(change.grant?.expiresAt.getTime() ?? null).toBe(until)
  if (change.grant === null) return
  const { token, expiresAt } = change.grant
  world.keep({ kind: 'grant', purpose: 'factors', ...tied(world, moment, token, expiresAt) })
}

export const untilOf = (proof: Proof) => (proof !== null && 'grant' in proof ? (proof.grant?.expiresAt ?? null) : null)

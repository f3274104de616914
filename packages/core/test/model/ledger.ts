/** What must never happen, whatever the rules are in detail: told from what came back alone. */
import { expect } from 'vitest'
import { fittingSteps } from './codes.js'
import type { Answer, Token } from './words.js'

/** What a verb that succeeded had been given. */
export interface Use {
  place: string
  now: number
  window: number
  /** The answer, and the secrets that a code may be of. */
  answer?: Answer | undefined
  secrets: readonly string[]
  /** Tokens that were believed, and those of them that are good once. */
  tokens: readonly Token[]
}

export class Ledger {
  /** The latest step taken of a secret. */
  private readonly steps = new Map<string, number>()
  private readonly recoveryCodes = new Set<string>()
  private readonly spent = new Set<Token>()
  /** How often the factors of a place changed, and had changed when a token was made. */
  private readonly changes = new Map<string, number>()
  private readonly madeAt = new Map<Token, number>()
  private readonly answersSinceLock = new Map<string, number>()

  made(token: Token): void {
    this.madeAt.set(token, this.changesOf(token.place))
  }

  /** R4, R18, R33, R34: nothing is taken twice, and nothing from before the last change of factors. */
  used({ place, now, window, answer, secrets, tokens }: Use): void {
    for (const token of tokens) {
      expect(this.madeAt.get(token), 'the factors changed since the token was made').toBe(this.changesOf(place))
      expect(token.place, 'the token is this subject’s').toBe(place)
      if (token.kind === 'challenge' || token.kind === 'grant') {
        if (token.stage !== 'enroll') {
          expect(this.spent.has(token), 'the token was used before').toBe(false)
          this.spent.add(token)
        }
      }
    }
    if (answer === undefined) return
    const { method, code } = answer
    expect(code, 'what was taken is a code').not.toBeNull()
    if (code === null) return
    if (method === 'recovery_code') {
      expect(this.recoveryCodes.has(code), 'the recovery code was used before').toBe(false)
      this.recoveryCodes.add(code)
      return
    }
    this.wiped(place)
    let fresh = false
    for (const secret of secrets) {
      const step = fittingSteps(secret, code, now, window).at(-1)
      if (step === undefined || step <= (this.steps.get(secret) ?? -1)) continue
      this.steps.set(secret, step)
      fresh = true
    }
    expect(fresh, 'the code is of a step later than every one that was taken').toBe(true)
  }

  /** R10: at most five wrong answers between two locks, of a place and a budget. */
  failed(place: string, budget: string, locked: boolean): void {
    const answers = (this.answersSinceLock.get(`${place} ${budget}`) ?? 0) + 1
    expect(answers).toBeLessThanOrEqual(5)
    this.answersSinceLock.set(`${place} ${budget}`, locked ? 0 : answers)
  }

  changed(place: string): void {
    this.changes.set(place, this.changesOf(place) + 1)
  }

  /** The budget begins anew: the factors that it guarded are gone. */
  wiped(place: string): void {
    for (const budget of ['totp', 'enrollment']) this.answersSinceLock.delete(`${place} ${budget}`)
  }

  /** A deleted record knows nothing any more: what was begun before its first factor can be ended again. */
  forgot(place: string, secrets: Iterable<string>): void {
    this.wiped(place)
    this.changes.delete(place)
    for (const secret of secrets) this.steps.delete(secret)
  }

  private changesOf(place: string): number {
    return this.changes.get(place) ?? 0
  }
}

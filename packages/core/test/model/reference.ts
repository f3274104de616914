/** What the rules come to, in their plainest form: no bytes, no seals, no store. Written from the requirements, not from core. */
import { Budget } from './budget.js'
import { fittingSteps } from './codes.js'
import {
  type Answer,
  accepted,
  acceptedUnwritten,
  changed,
  type Moment,
  type Proof,
  type Rules,
  refused,
  type Token,
  type Verdict,
} from './words.js'

export interface Held {
  secret: string
  id: string | null
  lastStep: number
  createdAt: number
  lastUsedAt: number | null
}

let eras = 0

/** One subject. */
export class Account {
  /** Zero before the first change of factors; then one that never was before. */
  era = 0
  generation = 0
  held: Held[] = []
  /** Which of the present set are used. */
  recovery: Map<string, boolean> | null = null
  recoveryAt = 0
  /** Of codes of the authenticators held, and of first codes of those that are pending. */
  totp = new Budget()
  enrolling = new Budget()
  permit: Token | null = null
  used = new Set<Token>()

  constructor(readonly rules: Rules) {}

  clone(): Account {
    return Object.assign(new Account(this.rules), this, {
      held: this.held.map(one => ({ ...one })),
      recovery: this.recovery && new Map(this.recovery),
      used: new Set(this.used),
      totp: this.totp.clone(),
      enrolling: this.enrolling.clone(),
    })
  }

  recoveryLeft(): number {
    return [...(this.recovery ?? [])].filter(([, used]) => !used).length
  }

  methods(now: number): string[] {
    if (this.held.length === 0) return []
    return [...(this.totp.mayAnswer(now) ? ['totp'] : []), ...(this.recoveryLeft() > 0 ? ['recovery_code'] : [])]
  }

  /** When a factor is required from; null: never. */
  requiredFrom(): number | null {
    const { required } = this.rules
    if (required instanceof Date) return required.getTime()
    return required ? Number.NEGATIVE_INFINITY : null
  }

  /** Whether a token holds here and now: the right sort, its own subject, session and password, of this era, unused, alive. */
  holds(token: Token | null, sort: Partial<Token>, moment: Moment): token is Token {
    if (token === null) return false
    return (
      (Object.keys(sort) as (keyof Token)[]).every(key => token[key] === sort[key]) &&
      token.place === moment.place &&
      token.era === this.era &&
      token.binding === moment.binding &&
      token.credential === moment.credential &&
      moment.now < token.expiresAt &&
      !this.used.has(token)
    )
  }

  begin(
    moment: Moment,
    given: { eligible: boolean; permit: Token | null; seen: number },
  ): { verdict: Verdict; gate: string } {
    const { permit, seen } = given
    const says = (gate: string) => ({ verdict: acceptedUnwritten, gate })
    const refuses = (...codes: string[]) => ({ verdict: refused(...codes), gate: '' })
    if (seen > this.generation) return refuses('record_missing', 'record_stale')
    const brought = permit !== null && permit === this.permit && moment.now < permit.expiresAt
    if (this.permit !== null && !brought) return refuses('permit_required')
    if (this.held.length > 0) {
      if (this.methods(moment.now).length > 0) return says('challenge')
      return refuses(this.totp.shut(moment.now) ?? 'method_unavailable')
    }
    if (brought) return says('enroll')
    const from = this.requiredFrom()
    if (!given.eligible) return says('not_eligible')
    if (from === null) return says('not_required')
    if (moment.now < from) return says('not_required_yet')
    return this.rules.unenrolled === 'deny' ? refuses('not_enrolled') : says('enroll')
  }

  stepUp(moment: Moment): Verdict {
    if (this.permit !== null) return refused('permit_required')
    if (this.held.length === 0) return refused('not_enrolled')
    return this.methods(moment.now).length > 0
      ? acceptedUnwritten
      : refused(this.totp.shut(moment.now) ?? 'method_unavailable')
  }

  answer(challenge: Token | null, stage: string, answer: Answer, moment: Moment): Verdict {
    const holds = this.holds(challenge, { kind: 'challenge', stage }, moment)
    const faults = [...(holds ? [] : ['challenge_expired']), ...this.answerFaults(answer, moment.now)]
    if (faults.length > 0) return this.refuse(faults, this.totp, moment)
    const verdict = this.take(answer, moment.now)
    if (verdict.is === 'accepted' && challenge !== null) this.used.add(challenge)
    return verdict
  }

  redeem(grant: Token | null, purpose: string, moment: Moment): Verdict {
    if (!this.holds(grant, { kind: 'grant', purpose }, moment)) return refused('proof_required')
    this.used.add(grant)
    return accepted
  }

  /** An enrolment that the session holds already counts only if it is the one that would be begun. */
  resumes(token: Token | null, stage: string, replaces: string | null, moment: Moment): token is Token {
    return this.holds(token, { kind: 'enrollment', stage, replaces }, moment)
  }

  enroll(resume: Token | null, replaces: string | null, proof: Proof, moment: Moment): Verdict {
    if (this.permit !== null) return refused('permit_required', ...this.proofFaults(proof, moment))
    if (this.resumes(resume, 'profile', replaces, moment)) return acceptedUnwritten
    const faults: string[] = []
    const shut = this.enrolling.mayAnswer(moment.now) ? null : this.enrolling.shut(moment.now)
    if (shut !== null) return refused(shut, ...this.proofFaults(proof, moment))
    if (replaces !== null && !this.held.some(one => one.id === replaces)) faults.push('not_found')
    const limit = Math.min(5, Math.floor(21 / (2 * this.rules.window + 1)))
    if (replaces === null && this.held.length >= limit) faults.push('limit_reached')
    if (this.held.length > 0 || proof !== null) return this.prove(proof, moment, faults)
    return faults.length > 0 ? refused(...faults) : acceptedUnwritten
  }

  loginEnroll(challenge: Token | null, moment: Moment): Verdict {
    const shut = this.enrolling.mayAnswer(moment.now) ? null : this.enrolling.shut(moment.now)
    const holds = this.holds(challenge, { kind: 'challenge', stage: 'enroll' }, moment)
    const faults = [...(holds ? [] : ['challenge_expired']), ...(shut === null ? [] : [shut])]
    return faults.length > 0 ? refused(...faults) : acceptedUnwritten
  }

  confirm(pending: Token | null, stage: string, answer: Answer, moment: Moment): Verdict {
    const faults: string[] = []
    const holds = this.holds(pending, { kind: 'enrollment', stage }, moment)
    if (!holds) faults.push('enrollment_expired')
    if (stage === 'profile' && this.permit !== null) faults.push('permit_required')
    if (answer.code === null) faults.push('invalid_code')
    const shut = this.enrolling.shut(moment.now)
    if (shut !== null) faults.push(shut)
    if (faults.length > 0 || !holds || answer.code === null) return this.refuse(faults, this.enrolling, moment)
    const secret = pending.secret ?? ''
    const step = fittingSteps(secret, answer.code, moment.now, this.rules.window).at(-1)
    if (step === undefined) return this.enrolling.fail(moment.now, 2 * this.rules.window + 1)
    if (this.held.length === 0) {
      this.recovery = new Map()
      this.recoveryAt = moment.now
    }
    this.enrolling.failures = 0
    this.burn(answer.code, moment.now)
    this.held = this.held.filter(one => one.id !== pending.replaces)
    this.held.push({ secret, id: null, lastStep: step, createdAt: moment.now, lastUsedAt: null })
    this.permit = null
    return this.change(moment.now)
  }

  remove(id: string, proof: Proof, moment: Moment): Verdict {
    const faults: string[] = []
    if (!this.held.some(one => one.id === id)) faults.push('not_found')
    else if (this.held.length === 1) faults.push('would_lock_out')
    const verdict = this.prove(proof, moment, faults)
    if (verdict.is !== 'accepted') return verdict
    this.held = this.held.filter(one => one.id !== id)
    return this.change(moment.now)
  }

  regenerate(proof: Proof, moment: Moment): Verdict {
    const verdict = this.prove(proof, moment, [])
    if (verdict.is !== 'accepted') return verdict
    this.recovery = new Map()
    this.recoveryAt = moment.now
    return this.change(moment.now)
  }

  disable(proof: Proof, moment: Moment): Verdict {
    const verdict = this.prove(proof, moment, [])
    return verdict.is === 'accepted' ? this.wipe(moment.now) : verdict
  }

  /** No factor is left, and with them go recovery codes, counts and locks. */
  wipe(now: number): Verdict {
    const { era, generation } = this
    Object.assign(this, new Account(this.rules), { era, generation })
    return this.change(now)
  }

  import(secret: string, now: number): Verdict {
    const faults = [...(this.permit ? ['permit_required'] : []), ...(this.held.length > 0 ? ['proof_required'] : [])]
    if (faults.length > 0) return refused(...faults)
    this.held = [{ secret, id: null, lastStep: -1, createdAt: now, lastUsedAt: null }]
    return this.change(now)
  }

  unlock(): Verdict {
    const opened = [this.totp.open(), this.enrolling.open()]
    return opened.includes(true) ? accepted : acceptedUnwritten
  }

  private answerFaults({ method, code }: Answer, now: number): string[] {
    const faults = code === null ? ['invalid_code'] : []
    if (method === 'totp') {
      const shut = this.totp.shut(now)
      if (this.held.length === 0) faults.push('method_unavailable')
      if (shut !== null) faults.push(shut)
    } else if (this.held.length === 0 || this.recoveryLeft() === 0) faults.push('method_unavailable')
    return faults
  }

  private proofFaults(proof: Proof, moment: Moment): string[] {
    const faults: string[] = []
    if (this.permit !== null) faults.push('permit_required')
    if (this.held.length === 0) faults.push('not_enrolled')
    if (proof === null) faults.push('proof_required')
    else if ('answer' in proof) faults.push(...this.answerFaults(proof.answer, moment.now))
    else if (!this.holds(proof.grant, { kind: 'grant', purpose: 'factors' }, moment)) faults.push('proof_required')
    return faults
  }

  private prove(proof: Proof, moment: Moment, others: readonly string[]): Verdict {
    const faults = [...others, ...this.proofFaults(proof, moment)]
    if (faults.length > 0 || proof === null) return this.refuse(faults, this.totp, moment)
    if ('answer' in proof) return this.take(proof.answer, moment.now)
    if (proof.grant !== null) this.used.add(proof.grant)
    return accepted
  }

  private take({ method, code }: Answer, now: number): Verdict {
    if (code === null) return refused('invalid_code')
    if (method === 'recovery_code') {
      if (this.recovery?.get(code) !== false) return { is: 'wrong', counted: false, retryAfter: null }
      this.recovery.set(code, true)
      this.totp.suspended = false
      this.enrolling.suspended = false
      return accepted
    }
    if (!this.burn(code, now)) return this.totp.fail(now, this.held.length * (2 * this.rules.window + 1))
    this.totp.open()
    this.totp.failures = 0
    this.enrolling.suspended = false
    return accepted
  }

  /** Burns the code in whatever it fits; whether it was fresh anywhere. */
  private burn(code: string, now: number): boolean {
    let fresh = false
    for (const one of this.held) {
      const step = fittingSteps(one.secret, code, now, this.rules.window).at(-1)
      if (step === undefined || step <= one.lastStep) continue
      Object.assign(one, { lastStep: step, lastUsedAt: now })
      fresh = true
    }
    return fresh
  }

  /** A lock from a clock that was ahead is brought to a day from now by the answer that meets it. */
  private refuse(codes: readonly string[], budget: Budget, { now }: Moment): Verdict {
    return { is: 'refused', codes, brings: budget.isTooFarAhead(now) ? () => budget.bring(now) : null }
  }

  private change(now: number): Verdict {
    this.era = ++eras
    this.generation = Math.max(this.generation + 1, Math.floor(now / 1000))
    this.used.clear()
    return changed
  }
}

/** Verbs that may meet: each as it is asked of the application, and as the reference judges it. */
import type { TwoFactor } from '@sallyport/core'
import fc from 'fast-check'
import { codeAt } from './codes.js'
import { contextOf } from './picks.js'
import type { Account } from './reference.js'
import * as verbs from './verbs.js'
import type { Answer, Moment, Proof, Token, Verdict } from './words.js'
import { type Place, places, type World } from './world.js'

/** What is on the table when the verbs begin. */
export interface Table {
  alice: Place
  moment: Moment
  /** Of two authenticators. */
  secrets: readonly string[]
  /** The id of the second. */
  tablet: string
  recoveryCodes: readonly string[]
  logins: readonly Token[]
  stepUps: readonly Token[]
  transfers: readonly Token[]
  grants: readonly Token[]
  pending: Token | null
}

export interface Operation {
  name: string
  /** What the operation uses up if it succeeds: no two that name the same may. */
  uses: readonly string[]
  changes: boolean
  run(application: TwoFactor): Promise<unknown>
  /** What must come of it in this state; `result` is what came, for what only core can choose. */
  judge(account: Account, result: unknown): Verdict
}

const here = { follow: true, binding: 'session-1', credential: undefined } as const
const fresh = { kind: 'fresh', nth: 0, offset: 0, spelling: 'as written' } as const

/** Two authenticators, three challenges of each sort, two grants of each sort, and an enrolment that waits. */
export async function layTable(world: World): Promise<Table> {
  const alice = places[0] as Place
  const wait = () => world.clock.advance(60_000)
  for (const proof of [{ none: true } as const, { answer: fresh }]) {
    const token = await verbs.enroll(world, alice, { context: here, resume: null, replaces: null, proof })
    await verbs.confirm(world, alice, token, fresh, here)
    wait()
  }
  const { held } = world.account(alice)
  const secrets = held.map(one => one.secret)
  const tablet = held[1]?.id ?? ''
  const grantFor = async (purpose: string) => {
    const grant = await verbs.stepUp(world, alice, { purpose, answer: fresh, context: here, answerOlder: null })
    wait()
    return grant as Token
  }
  const transfers = [await grantFor('transfer')]
  const grants = [await grantFor('factors')]
  const pending = await verbs.enroll(world, alice, {
    context: here,
    resume: null,
    replaces: null,
    proof: { answer: fresh },
  })
  wait()
  const moment = world.moment(alice, 'session-1', undefined)
  const logins: Token[] = []
  const stepUps: Token[] = []
  for (let count = 0; count < 3; count++) {
    const pick = { context: here, eligible: true, permit: null, seen: 'nothing' } as const
    logins.push((await verbs.begin(world, alice, pick)) as Token)
    const asked = await world.application(alice).stepUp.begin('alice', 'transfer', contextOf(moment))
    const { era } = world.account(alice)
    const text = asked.challenge
    const expiresAt = asked.expiresAt.getTime()
    stepUps.push({ kind: 'challenge', stage: 'step_up', purpose: 'transfer', ...moment, era, text, expiresAt })
  }
  const recoveryCodes = [...(world.account(alice).recovery?.keys() ?? [])]
  return { alice, moment, secrets, tablet, recoveryCodes, logins, stepUps, transfers, grants, pending }
}

/** The few codes that are typed: few, so that they meet. */
export type Typed = { code: 'phone' | 'tablet'; offset: number } | { recovery: number } | 'wrong'

export const aCode: fc.Arbitrary<Typed> = fc.oneof(
  fc.record({ code: fc.constantFrom('phone' as const, 'tablet' as const), offset: fc.constantFrom(0, 0, 1) }),
  fc.record({ recovery: fc.nat({ max: 1 }) }),
  fc.constant('wrong' as const),
)

const aProof: fc.Arbitrary<Typed | 'grant'> = fc.oneof(aCode, fc.constant('grant' as const))
const nth = fc.nat({ max: 2 })

export const anOperation: fc.Arbitrary<(table: Table) => Operation> = fc.oneof(
  {
    weight: 4,
    arbitrary: fc.tuple(nth, aCode).map(
      ([at, code]) =>
        (table: Table) =>
          login(table, at, code),
    ),
  },
  {
    weight: 3,
    arbitrary: fc.tuple(nth, aCode).map(
      ([at, code]) =>
        (table: Table) =>
          stepUp(table, at, code),
    ),
  },
  { weight: 2, arbitrary: fc.constant(redeem) },
  { weight: 1, arbitrary: fc.constant(confirm) },
  { weight: 1, arbitrary: aProof.map(proof => (table: Table) => enroll(table, proof)) },
  {
    weight: 3,
    arbitrary: fc.tuple(fc.constantFrom('regenerate' as const, 'disable' as const, 'remove' as const), aProof).map(
      ([verb, proof]) =>
        (table: Table) =>
          care(table, verb, proof),
    ),
  },
  { weight: 1, arbitrary: fc.constantFrom(reset, unlock) },
)

function answerOf(table: Table, typed: Typed): Answer {
  if (typed === 'wrong') {
    const right = new Set(table.secrets.flatMap(secret => [-1, 0, 1].map(by => codeAt(secret, stepOf(table) + by))))
    const code = ['000000', '111111', '222222', '333333', '444444', '555555', '666666'].find(one => !right.has(one))
    return { method: 'totp', code: code ?? '', spelt: code }
  }
  if ('recovery' in typed) {
    const code = table.recoveryCodes[typed.recovery] ?? ''
    return { method: 'recovery_code', code, spelt: code.toLowerCase() }
  }
  const code = codeAt(table.secrets[typed.code === 'phone' ? 0 : 1] ?? '', stepOf(table) + typed.offset)
  return { method: 'totp', code, spelt: code }
}

const stepOf = ({ moment }: Table) => Math.floor(moment.now / 30_000)
const typedOf = ({ method, spelt }: Answer) => ({ method, code: spelt })

function login(table: Table, at: number, typed: Typed): Operation {
  const challenge = table.logins[at] as Token
  const answer = answerOf(table, typed)
  return {
    name: `login ${at} by ${JSON.stringify(typed)}`,
    uses: [challenge.text, answer.code ?? ''],
    changes: false,
    run: application => application.login.verify(challenge.text, typedOf(answer), contextOf(table.moment)),
    judge: account => account.answer(challenge, 'login', answer, table.moment),
  }
}

function stepUp(table: Table, at: number, typed: Typed): Operation {
  const challenge = table.stepUps[at] as Token
  const answer = answerOf(table, typed)
  return {
    name: `step-up ${at} by ${JSON.stringify(typed)}`,
    uses: [challenge.text, answer.code ?? ''],
    changes: false,
    run: application => application.stepUp.verify('alice', challenge.text, typedOf(answer), contextOf(table.moment)),
    judge: account => account.answer(challenge, 'step_up', answer, table.moment),
  }
}

function redeem({ transfers: [grant], moment }: Table): Operation {
  return {
    name: 'redeem',
    uses: [grant?.text ?? ''],
    changes: false,
    run: application => application.stepUp.redeem(grant?.text, 'alice', 'transfer', contextOf(moment)),
    judge: account => account.redeem(grant ?? null, 'transfer', moment),
  }
}

function confirm(table: Table): Operation {
  const { pending, moment } = table
  const code = codeAt(pending?.secret ?? '', stepOf(table))
  const answer: Answer = { method: 'totp', code, spelt: code }
  return {
    name: 'confirm',
    uses: [pending?.text ?? ''],
    changes: true,
    run: application => application.totp.confirm('alice', pending?.text, { code }, contextOf(moment)),
    judge: account => account.confirm(pending, 'profile', answer, moment),
  }
}

function proofOf(table: Table, typed: Typed | 'grant') {
  if (typed !== 'grant') {
    const answer = answerOf(table, typed)
    return { proof: { answer } as Proof, given: typedOf(answer), uses: [answer.code ?? ''] }
  }
  const grant = table.grants[0] as Token
  return { proof: { grant } as Proof, given: { grant: grant.text }, uses: [grant.text] }
}

function enroll(table: Table, typed: Typed | 'grant'): Operation {
  const { proof, given, uses } = proofOf(table, typed)
  const options = { account: 'alice', proof: given }
  return {
    name: `enroll by ${JSON.stringify(typed)}`,
    uses,
    changes: false,
    run: application => application.totp.enroll('alice', options, contextOf(table.moment)),
    judge: account => account.enroll(null, null, proof, table.moment),
  }
}

function care(table: Table, verb: 'regenerate' | 'disable' | 'remove', typed: Typed | 'grant'): Operation {
  const { moment, tablet } = table
  const { proof, given, uses } = proofOf(table, typed)
  const context = contextOf(moment)
  return {
    name: `${verb} by ${JSON.stringify(typed)}`,
    uses,
    changes: true,
    async run(application) {
      if (verb === 'regenerate') return application.recoveryCodes.regenerate('alice', given, context)
      if (verb === 'disable') return application.disable('alice', given, context)
      return application.totp.remove('alice', tablet, given, context)
    },
    judge(account, result) {
      if (verb === 'disable') return account.disable(proof, moment)
      if (verb === 'remove') return account.remove(tablet, proof, moment)
      const verdict = account.regenerate(proof, moment)
      const { recoveryCodes } = (result ?? { recoveryCodes: [] }) as { recoveryCodes: readonly string[] }
      if (verdict.is === 'accepted') {
        account.recovery = new Map(recoveryCodes.map(code => [code.replaceAll('-', ''), false]))
      }
      return verdict
    },
  }
}

function reset({ moment }: Table): Operation {
  return {
    name: 'reset',
    uses: [],
    changes: true,
    run: application => application.operator.reset('alice', { by: 'operator', reason: 'a test', next: 'open' }),
    judge: account => account.wipe(moment.now),
  }
}

function unlock(): Operation {
  return {
    name: 'unlock',
    uses: [],
    changes: false,
    run: application => application.operator.unlock('alice', { by: 'operator', reason: 'a test' }),
    judge: account => account.unlock(),
  }
}

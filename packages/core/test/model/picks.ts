/** What a command asks for in general terms, and what that comes to in the world as it is. */
import fc from 'fast-check'
import { codeAt, fittingSteps } from './codes.js'
import type { Answer, Moment, Proof, Token } from './words.js'
import { type Place, places, type World } from './world.js'

export interface AnswerPick {
  kind: 'fresh' | 'near' | 'lost' | 'wrong' | 'malformed' | 'recovery' | 'any recovery' | 'wrong recovery'
  nth: number
  /** Steps from now. */
  offset: number
  spelling: 'as written' | 'lower' | 'spaced' | 'alike'
}

export interface TokenPick {
  nth: number
  from: 'here' | 'anywhere' | 'nonsense'
}

export interface ContextPick {
  /** Whether to take the binding and credential of the token in hand. */
  follow: boolean
  binding: string
  credential: string | undefined
}

export type ProofPick = { answer: AnswerPick } | { grant: TokenPick } | { earn: AnswerPick } | { none: true }

const small = fc.nat({ max: 5 })

export const aPlace: fc.Arbitrary<Place> = fc.oneof(
  { weight: 6, arbitrary: fc.constant(places[0] as Place) },
  { weight: 1, arbitrary: fc.constantFrom(...places) },
)

export const anAnswer: fc.Arbitrary<AnswerPick> = fc.record({
  kind: fc.oneof(
    { weight: 14, arbitrary: fc.constant('fresh' as const) },
    { weight: 3, arbitrary: fc.constantFrom('near' as const, 'recovery' as const) },
    {
      weight: 2,
      arbitrary: fc.constantFrom<AnswerPick['kind'][]>('wrong', 'malformed', 'lost', 'any recovery', 'wrong recovery'),
    },
  ),
  nth: small,
  offset: fc.integer({ min: -3, max: 3 }),
  spelling: fc.constantFrom('as written', 'lower', 'spaced', 'alike'),
})

export const aToken: fc.Arbitrary<TokenPick> = fc.record({
  nth: fc.oneof({ weight: 3, arbitrary: fc.constant(0) }, { weight: 1, arbitrary: small }),
  from: fc.oneof(
    { weight: 8, arbitrary: fc.constant('here' as const) },
    { weight: 2, arbitrary: fc.constant('anywhere' as const) },
    { weight: 1, arbitrary: fc.constant('nonsense' as const) },
  ),
})

export const aContext: fc.Arbitrary<ContextPick> = fc.record({
  follow: fc.oneof({ weight: 7, arbitrary: fc.constant(true) }, { weight: 1, arbitrary: fc.constant(false) }),
  binding: fc.oneof(
    { weight: 4, arbitrary: fc.constant('session-1') },
    { weight: 1, arbitrary: fc.constant('session-2') },
  ),
  credential: fc.oneof(
    { weight: 4, arbitrary: fc.constant(undefined) },
    { weight: 1, arbitrary: fc.constant('password-2') },
  ),
})

export const aProof: fc.Arbitrary<ProofPick> = fc.oneof(
  { weight: 6, arbitrary: fc.record({ answer: anAnswer }) },
  { weight: 3, arbitrary: fc.record({ earn: anAnswer }) },
  { weight: 2, arbitrary: fc.record({ grant: aToken }) },
  { weight: 1, arbitrary: fc.constant({ none: true as const }) },
)

/** A token of the wallet; null is one that there is not. */
export function pickToken(world: World, place: Place, kind: Token['kind'], { nth, from }: TokenPick): Token | null {
  if (from === 'nonsense') return null
  const candidates = world.wallet.filter(
    token => from === 'anywhere' || (token.kind === kind && token.place === place.name),
  )
  return candidates[nth % Math.max(1, candidates.length)] ?? null
}

/** What is typed in place of a token. */
export const textOf = (token: Token | null): string => token?.text ?? 'bm9uc2Vuc2U'

export function pickMoment(world: World, place: Place, pick: ContextPick, token: Token | null): Moment {
  const { binding, credential } = pick.follow && token !== null ? token : pick
  return world.moment(place, binding, credential)
}

export const contextOf = ({ binding, credential }: Moment) => ({ binding, credential })

/** A code; `secrets` are those that it should be of. */
export function pickAnswer(world: World, place: Place, pick: AnswerPick, secrets?: readonly string[]): Answer {
  const { kind, nth } = pick
  if (kind === 'recovery' || kind === 'any recovery') return recoveryAnswer(world, place, pick)
  if (kind === 'wrong recovery') return spelt({ ...pick, spelling: 'lower' }, 'WRNG00'.repeat(4))
  const totp = (code: string | null, typed: unknown = code): Answer => ({ method: 'totp', code, spelt: typed })
  if (kind === 'malformed') {
    const nonsense = [null, 123456, '12345', '１２３４５６', ['123456'], ''][nth]
    return totp(null, nonsense)
  }
  const held = world.account(place).held
  const own = secrets ?? held.map(one => one.secret)
  const lost = [...world.secrets.values()].flat().filter(secret => !own.includes(secret))
  const candidates = kind === 'lost' ? lost : own
  const secret = candidates[nth % Math.max(1, candidates.length)]
  if (secret === undefined || kind === 'wrong') return totp(wrongCode(world, own, nth))
  const { window } = world.rules
  const current = Math.floor(world.clock() / 30_000)
  if (kind !== 'fresh') return totp(codeAt(secret, current + (pick.offset % (window + 2))))
  const last = held.find(one => one.secret === secret)?.lastStep ?? -1
  const code = codeAt(secret, Math.min(current + window, Math.max(current - (nth % (window + 1)), last + 1)))
  return totp(code, pick.spelling === 'spaced' ? ` ${code.slice(0, 3)}-${code.slice(3)} ` : code)
}

/** A proof; `earn` steps up for it first. */
export async function pickProof(
  world: World,
  place: Place,
  pick: ProofPick,
  moment: Moment,
  earn: (answer: AnswerPick) => Promise<Token | null>,
): Promise<{
  proof: Proof
  typed: { method: string; code: unknown } | { grant: string } | undefined
  tokens: Token[]
}> {
  if ('answer' in pick) {
    const answer = pickAnswer(world, place, pick.answer)
    return { proof: { answer }, typed: { method: answer.method, code: answer.spelt }, tokens: [] }
  }
  if ('none' in pick) return { proof: null, typed: undefined, tokens: [] }
  const grant = 'earn' in pick ? await earn(pick.earn) : pickToken(world, place, 'grant', pick.grant)
  const followed = grant !== null && (grant.binding !== moment.binding || grant.credential !== moment.credential)
  if (followed) Object.assign(moment, { binding: grant.binding, credential: grant.credential })
  return { proof: { grant }, typed: { grant: textOf(grant) }, tokens: grant === null ? [] : [grant] }
}

function recoveryAnswer(world: World, place: Place, pick: AnswerPick): Answer {
  const set = [...(world.account(place).recovery ?? [])]
  const unused = set.filter(([, used]) => !used).map(([code]) => code)
  const ever = pick.nth === 0 ? [...world.recoveryCodes.values()].flat() : (world.recoveryCodes.get(place.name) ?? [])
  const candidates = pick.kind === 'recovery' ? unused : ever
  return spelt(pick, candidates[(pick.nth * 7 + pick.offset + 3) % Math.max(1, candidates.length)] ?? '0'.repeat(24))
}

function spelt({ spelling }: AnswerPick, code: string): Answer {
  const typed = {
    'as written': code.replace(/.{6}(?=.)/g, '$&-'),
    lower: code.toLowerCase(),
    spaced: ` ${code.replace(/.{4}/g, '$& ')}`,
    alike: code.replaceAll('0', 'o').replaceAll('1', 'l'),
  }[spelling]
  return { method: 'recovery_code', code, spelt: typed }
}

function wrongCode(world: World, secrets: readonly string[], from: number): string {
  for (let guess = from * 100_003; ; guess++) {
    const code = String(guess % 1_000_000).padStart(6, '0')
    if (secrets.every(secret => fittingSteps(secret, code, world.clock(), world.rules.window).length === 0)) return code
  }
}

/**
 * Random sequences of what decides who passes without a code: addresses, lists, trusted browsers, and policies that change meanwhile. What
 * the gate answers is held against a reference after every step, which knows the rules by another way: it remembers who did what.
 */
import { createTwoFactor, isRefusal, type Policy, type TwoFactor } from '@sallyport/core'
import { virtualAuthenticator } from '@sallyport/core/testing'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { day, makeApplication, minute } from '../support/harness.js'

/** Addresses, with the networks below that hold each. */
const holding: Record<string, readonly string[]> = {
  '10.0.0.5': ['10.0.0.0/24', '10.0.0.5/32'],
  '::ffff:10.0.0.5': ['10.0.0.0/24', '10.0.0.5/32'],
  '10.0.1.5': [],
  '2001:DB8::5': ['2001:db8::/64'],
  unknown: [],
}
const addresses = Object.keys(holding)
const networks = ['10.0.0.0/24', '10.0.0.5/32', '2001:db8::/64']

const base = { required: true, firstEnrollment: 'password' } as const
const policies: readonly Policy[] = [
  {},
  { ...base, trustedDevices: { days: 5 } },
  { ...base, unenrolled: 'deny', trustedDevices: false },
  ...(['restrict', 'bypass'] as const).flatMap((mode): Policy[] => [
    { ...base, allowlist: { mode, networks: ['10.0.0.0/24'] } },
    { ...base, allowlist: { mode, perSubject: true } },
    { ...base, allowlist: { mode, perSubject: true, satisfiesRequirement: true } },
    { ...base, unenrolled: 'deny', allowlist: { mode, perSubject: true, satisfiesRequirement: true } },
    { allowlist: { mode, networks: ['2001:db8::/64'], perSubject: true, satisfiesRequirement: true } },
  ]),
]

interface Request {
  ip: string
  credential: 'first' | 'second'
  /** Which of the tokens ever given the browser brings. */
  token: number
  eligible: boolean
}

type Step = { request: Request; policy: number } & (
  | { act: 'begin' | 'trust' | 'trust by recovery code' | 'revokeAll' | 'regenerate' | 'toggle' | 'reset' | 'clear' }
  | { act: 'revoke'; nth: number }
  | { act: 'add' | 'remove'; network: string; acceptLockOut: boolean }
  | { act: 'wait'; days: number }
)

const request: fc.Arbitrary<Request> = fc.record({
  ip: fc.constantFrom(...addresses),
  credential: fc.constantFrom('first', 'first', 'second'),
  token: fc.nat(3),
  eligible: fc.constantFrom(true, true, false),
})
const plain = fc.constantFrom(
  ...(['begin', 'begin', 'begin', 'trust', 'trust', 'trust', 'trust by recovery code'] as const),
  ...(['revokeAll', 'regenerate', 'toggle', 'toggle', 'reset', 'clear'] as const),
)
const act = fc.oneof(
  { weight: 3, arbitrary: fc.record({ act: plain }) },
  { weight: 2, arbitrary: fc.record({ act: fc.constant('revoke' as const), nth: fc.nat(9) }) },
  {
    weight: 3,
    arbitrary: fc.record({
      act: fc.constantFrom('add' as const, 'add' as const, 'remove' as const),
      network: fc.constantFrom(...networks),
      acceptLockOut: fc.boolean(),
    }),
  },
  { weight: 1, arbitrary: fc.record({ act: fc.constant('wait' as const), days: fc.constantFrom(1, 4, 26) }) },
)
const step: fc.Arbitrary<Step> = fc
  .tuple(act, request, fc.nat(policies.length - 1))
  .map(([one, by, policy]) => ({ ...one, request: by, policy }))

interface Device {
  token: string
  credential: string
  at: number
  days: number
}

/** What somebody who watched everything would know. */
class Memory {
  enrolled = false
  /** A permit is waited for. */
  permit: string | null = null
  devices: Device[] = []
  /** The subject's networks, with whether a factor vouched for each. */
  list = new Map<string, boolean>()

  expected(policy: Policy, { ip, credential, eligible }: Request, token: string | undefined, now: number): string {
    const { allowlist } = policy
    const own = allowlist?.perSubject ? [...this.list] : []
    const counted = own.filter(([, proven]) => allowlist?.mode === 'restrict' || !this.enrolled || proven)
    const counts = [...(allowlist?.networks ?? []), ...counted.map(([network]) => network)]
    const listed = counts.some(network => holding[ip]?.includes(network))
    if (allowlist?.mode === 'restrict' && counts.length > 0 && !listed) return 'address_not_allowed'
    if (this.permit !== null) return 'permit_required'
    if (this.enrolled) {
      if (this.trusts(policy, credential, token, now)) return 'trusted_device'
      return allowlist?.mode === 'bypass' && listed ? 'allowlisted_address' : 'challenge'
    }
    if (!eligible) return 'not_eligible'
    if (allowlist?.satisfiesRequirement && listed) return 'allowlisted_address'
    if (!policy.required) return 'not_required'
    return policy.unenrolled === 'deny' ? 'not_enrolled' : 'enroll'
  }

  trusts(policy: Policy, credential: string, token: string | undefined, now: number): boolean {
    const most = policy.trustedDevices === false ? 0 : (policy.trustedDevices?.days ?? 30)
    const found = this.devices.find(device => device.token === token && device.credential === credential)
    return found !== undefined && now < found.at + Math.min(most, found.days) * day
  }
}

class World {
  readonly memory = new Memory()
  readonly application = makeApplication()
  readonly given: string[] = []
  readonly clock = this.application.clock
  phone = { code: () => '' }
  recoveryCodes: string[] = []
  twoFactor: TwoFactor = this.application.twoFactor

  under(policy: Policy): void {
    this.twoFactor = createTwoFactor({ ...this.application.settings, policy })
  }

  contextOf({ ip, token, ...more }: Request) {
    return { binding: 'session-1', ip: ip === 'unknown' ? null : ip, trustedDevice: this.given[token], ...more }
  }

  async begin(by: Request): Promise<string> {
    try {
      const gate = await this.twoFactor.login.begin('alice', this.contextOf(by))
      return gate.outcome === 'passed' ? gate.passed.because : gate.outcome
    } catch (error) {
      if (isRefusal(error)) return error.code
      throw error
    }
  }

  /** With a factor a code of the app; without one nothing. */
  proof() {
    this.clock.advance(minute)
    return this.memory.enrolled ? { method: 'totp', code: this.phone.code() } : null
  }

  /** A change of factors. */
  changed(): void {
    this.memory.devices = []
  }

  async enroll(by: Request): Promise<void> {
    const open = createTwoFactor({ ...this.application.settings, policy: {} })
    const context = this.contextOf(by)
    const pending = await open.totp.enroll('alice', { account: 'alice' }, context)
    this.phone = virtualAuthenticator(pending.uri, this.clock)
    const done = await open.totp.confirm('alice', pending.token, { code: this.phone.code() }, context)
    this.recoveryCodes = [...(done.recoveryCodes ?? [])]
    this.memory.enrolled = true
    this.changed()
  }
}

/** Does a step, in the world and in memory; gives what came of it. */
async function take(world: World, one: Step, policy: Policy): Promise<string> {
  const { memory, clock } = world
  const by = one.request
  const context = world.contextOf(by)
  const { twoFactor } = world
  switch (one.act) {
    case 'begin':
      return world.begin(by)
    case 'wait':
      clock.advance(one.days * day)
      return 'waited'
    case 'trust':
    case 'trust by recovery code': {
      clock.advance(minute)
      const gate = await twoFactor.login.begin('alice', context).catch(() => null)
      if (gate?.outcome !== 'challenge') return 'no challenge'
      const answer =
        one.act === 'trust'
          ? { method: 'totp', code: world.phone.code() }
          : { method: 'recovery_code', code: world.recoveryCodes.shift() }
      if (answer.code === undefined) return 'no codes left'
      const passed = await twoFactor.login.verify(gate.challenge, { ...answer, trustDevice: true }, context)
      const days = policy.trustedDevices === false ? 0 : (policy.trustedDevices?.days ?? 30)
      const expected = one.act === 'trust' && days > 0
      expect(passed.trustedDevice !== null).toBe(expected)
      if (passed.trustedDevice === null) return 'not trusted'
      memory.devices = memory.devices.filter(({ token }) => token !== context.trustedDevice)
      if (memory.devices.length === 10) {
        // Of another password, or over by the policy of now: else the oldest.
        const good = ({ token }: Device) => memory.trusts(policy, by.credential, token, clock())
        const loser = memory.devices.find(device => !good(device)) ?? memory.devices[0]
        memory.devices = memory.devices.filter(device => device !== loser)
      }
      const { token } = passed.trustedDevice
      memory.devices.push({ token, credential: by.credential, at: clock(), days })
      world.given[by.token] = token
      return 'trusted'
    }
    case 'revoke': {
      const { trustedDevices } = await twoFactor.status('alice')
      const device = trustedDevices[one.nth % trustedDevices.length]
      if (device === undefined) return 'nothing to revoke'
      await twoFactor.trustedDevices.revoke('alice', device.id)
      const at = device.createdAt.getTime()
      memory.devices = memory.devices.filter(other => other.at !== at)
      return 'revoked'
    }
    case 'revokeAll':
      await twoFactor.trustedDevices.revokeAll('alice')
      memory.devices = []
      return 'revoked all'
    case 'regenerate': {
      if (!memory.enrolled) return 'nothing to regenerate'
      const proof = world.proof()
      if (proof === null) return 'nothing to regenerate'
      const made = await twoFactor.recoveryCodes.regenerate('alice', proof, context)
      world.recoveryCodes = [...made.recoveryCodes]
      world.changed()
      return 'regenerated'
    }
    case 'toggle': {
      const proof = world.proof()
      if (memory.permit !== null) return 'waits for a permit'
      if (proof === null) {
        await world.enroll(by)
        return 'enrolled'
      }
      await twoFactor.disable('alice', proof, context)
      memory.enrolled = false
      // Whoever had the password may have vouched for them with a factor of his own.
      for (const network of memory.list.keys()) memory.list.set(network, false)
      world.changed()
      return 'disabled'
    }
    case 'reset': {
      const next = one.request.eligible ? 'open' : 'permit'
      const { permit } = await twoFactor.operator.reset('alice', { by: 'op', reason: 'lost', next })
      Object.assign(memory, { enrolled: false, permit: permit?.token ?? null, list: new Map() })
      world.changed()
      return 'reset'
    }
    case 'clear':
      await twoFactor.operator.clearAllowlist('alice', { by: 'op', reason: 'moved' })
      memory.list.clear()
      world.changed()
      return 'cleared'
    case 'add':
    case 'remove':
      return changeList(world, one, policy)
  }
}

async function changeList(
  world: World,
  { act, network, acceptLockOut, request: by }: Extract<Step, { act: 'add' | 'remove' }>,
  policy: Policy,
): Promise<string> {
  const { memory, clock, twoFactor } = world
  if (act === 'add' && !policy.allowlist?.perSubject) return 'no lists'
  const proof = world.proof()
  const context = world.contextOf(by)
  const known = (await twoFactor.status('alice')).allowlist.find(entry => entry.network === network)
  const after = new Map(memory.list)
  if (act === 'add') after.set(network, memory.enrolled)
  else after.delete(network)
  // No device is trusted after a change.
  const outcomeWith = (list: Memory['list']) =>
    Object.assign(new Memory(), { enrolled: memory.enrolled, list }).expected(policy, by, undefined, clock())
  const denied = (list: Memory['list']) => outcomeWith(list) === 'address_not_allowed'
  const refused = (list: Memory['list']) => denied(list) || outcomeWith(list) === 'not_enrolled'
  const worse = (is: (list: Memory['list']) => boolean) => is(after) && !is(memory.list)
  const shutsOut = !acceptLockOut && (worse(denied) || worse(refused))
  const expected = () => {
    if (memory.permit !== null) return 'permit_required'
    if (act === 'add' && memory.list.has(network)) return 'limit_reached'
    if (act === 'remove' && !memory.list.has(network)) return 'not_found'
    return shutsOut ? 'would_lock_out' : 'ok'
  }
  const call =
    act === 'add'
      ? twoFactor.allowlist.add('alice', { network, acceptLockOut }, proof, context)
      : twoFactor.allowlist.remove('alice', { id: known?.id ?? 'none', acceptLockOut }, proof, context)
  const outcome = await call.then(
    () => 'ok',
    error => (isRefusal(error) ? error.code : Promise.reject(error)),
  )
  // What cannot be an id is not looked for.
  const unlisted = act === 'remove' && known === undefined
  expect(outcome).toBe(unlisted ? 'not_found' : expected())
  if (outcome === 'ok') {
    memory.list = after
    world.changed()
  }
  return outcome === 'ok' ? act : outcome
}

const runs = Number(process.env['MODEL_RUNS'] ?? 400)

describe('whoever comes from wherever', () => {
  it('R31, R33, R35, R36, R44, R50, R51, R55: passes without a code where the rules say so, and nowhere else', {
    timeout: 60_000 + runs * 500,
  }, async () => {
    const reached = new Map<string, number>()
    await fc.assert(
      fc.asyncProperty(fc.array(step, { minLength: 5, maxLength: 40 }), fc.boolean(), async (steps, enrolled) => {
        const world = new World()
        if (enrolled) await world.enroll({ ip: 'unknown', credential: 'first', token: 0, eligible: true })
        for (const one of steps) {
          const policy = policies[one.policy] ?? {}
          world.under(policy)
          const came = await take(world, one, policy)
          reached.set(came, (reached.get(came) ?? 0) + 1)
          const token = world.given[one.request.token]
          const outcome = world.memory.expected(policy, one.request, token, world.clock())
          expect(await world.begin(one.request)).toBe(outcome)
          reached.set(outcome, (reached.get(outcome) ?? 0) + 1)
          const { allowlist } = await world.twoFactor.status('alice')
          expect(new Map(allowlist.map(({ network, proven }) => [network, proven]))).toEqual(world.memory.list)
        }
      }),
      { numRuns: runs },
    )
    // Not one run in which the interesting never came about.
    const interesting = [
      ...['address_not_allowed', 'permit_required', 'trusted_device', 'allowlisted_address', 'challenge', 'enroll'],
      ...['not_eligible', 'not_required', 'not_enrolled', 'trusted', 'not trusted', 'revoked', 'add', 'remove'],
      ...['would_lock_out', 'limit_reached', 'not_found', 'disabled', 'enrolled', 'regenerated', 'reset', 'cleared'],
    ]
    for (const outcome of interesting) expect(reached.get(outcome) ?? 0, outcome).toBeGreaterThanOrEqual(1)
  })
})

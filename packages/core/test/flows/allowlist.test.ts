import { createTwoFactor, type Policy, type Proof } from '@sallyport/core'
import { memoryChannel, virtualAuthenticator } from '@sallyport/core/testing'
import { describe, expect, it } from 'vitest'
import { errorOf, expectRefusal, makeApplication, minute, tally } from '../support/harness.js'

const office = '203.0.113.7'
const elsewhere = '198.51.100.9'
const networks = ['203.0.113.0/24', '2001:db8:1::/48']
const binding = 'session-1'
const account = 'alice@example.com'

const from = (ip: string | null, more: object = {}) => ({ binding, ip, ...more })

/** Alice is enrolled, and then the application has this policy. */
async function withPolicy(policy: Policy, options: Parameters<typeof makeApplication>[0] = {}) {
  const application = makeApplication({ policy, ...options })
  const before = createTwoFactor({ ...application.settings, policy: {} })
  const pending = await before.totp.enroll('alice', { account }, { binding })
  const device = virtualAuthenticator(pending.uri, application.clock)
  const { recoveryCodes } = await before.totp.confirm('alice', pending.token, { code: device.code() }, { binding })
  application.clock.advance(minute)
  application.events.length = 0
  application.endedSessions.length = 0
  application.reset()
  const { twoFactor } = application
  let used = 0
  const proof = (): Proof => ({ method: 'recovery_code', code: recoveryCodes?.[used++] })
  const begin = (ip: string | null, more: object = {}) => twoFactor.login.begin('alice', from(ip, more))
  const challengeAt = async (ip: string | null) => {
    const gate = await begin(ip)
    if (gate.outcome === 'passed') throw new Error('passed')
    return gate.challenge
  }
  const add = (network: unknown, ip: string | null, more: object = {}) =>
    twoFactor.allowlist.add('alice', { network, ...more }, proof(), from(ip))
  const list = async () => (await twoFactor.status('alice')).allowlist
  return { ...application, proof, begin, challengeAt, add, list, code: () => device.code() }
}

describe('an allowlist that restricts', () => {
  it('R44: denies every other address at begin, before anything is read, with an event of the network alone', async () => {
    const { begin, calls, events, reset } = await withPolicy({ allowlist: { mode: 'restrict', networks } })
    expect((await begin(office)).outcome).toBe('challenge')
    reset()
    await expectRefusal(begin(elsewhere), 'address_not_allowed')
    await expectRefusal(begin('2001:db8:2:3:4::5'), 'address_not_allowed')
    await expectRefusal(begin(null), 'address_not_allowed')
    await expectRefusal(begin('203.0.113.7:443'), 'address_not_allowed')
    expect(calls).toEqual({ get: 0, put: 0, delete: 0 })
    expect(events.map(event => [event.type, 'network' in event && event.network, event.subject])).toEqual([
      ['denied', '198.51.100.0/24', 'alice'],
      ['denied', '2001:db8:2::/48', 'alice'],
      ['denied', 'unknown', 'alice'],
      ['denied', 'unknown', 'alice'],
    ])
  })

  it('R44: denies also with the right code, which stays unused, and counts no guess', async () => {
    const { challengeAt, twoFactor, code, calls, reset, events, proof } = await withPolicy({
      allowlist: { mode: 'restrict', networks },
    })
    const challenge = await challengeAt(office)
    const answer = { method: 'totp', code: code() }
    reset()
    for (let guess = 0; guess < 6; guess++) {
      await expectRefusal(twoFactor.login.verify(challenge, answer, from(elsewhere)), 'address_not_allowed')
    }
    await expectRefusal(twoFactor.login.verify(challenge, answer, { binding }), 'address_not_allowed')
    await expectRefusal(twoFactor.login.verify(challenge, proof() as never, from(elsewhere)), 'address_not_allowed')
    expect(calls).toEqual({ get: 0, put: 0, delete: 0 })
    expect(new Set(events.map(({ type }) => type))).toEqual(new Set(['denied']))
    expect((await twoFactor.login.verify(challenge, answer, from(office))).because).toBe('verified')
  })

  it('R43, R44: admits an address however it is spelled, and nothing that is not strictly one', async () => {
    const { begin } = await withPolicy({ allowlist: { mode: 'restrict', networks } })
    for (const ip of ['::ffff:203.0.113.7', '::FFFF:CB00:7107', '0:0:0:0:0:ffff:203.0.113.7', '2001:DB8:1::1']) {
      expect((await begin(ip)).outcome).toBe('challenge')
    }
    for (const ip of ['203.0.113.007', '0xcb.0.113.7', '203.0.28935', '3405803783', '2001:db8:1::1%eth0', ' ', '']) {
      await expectRefusal(begin(ip), 'address_not_allowed')
    }
  })

  it.each([
    { of: 'the policy', allowlist: { mode: 'restrict', networks } as const },
    { of: 'the subject', allowlist: { mode: 'restrict', perSubject: true } as const },
  ])('R44: by the list of $of holds for sending a code and for the first enrolment, too', async ({ allowlist }) => {
    const email = memoryChannel('email', async subject => `${subject}@example.com`)
    const { twoFactor, clock, settings } = makeApplication({
      channels: [email],
      policy: { required: true, firstEnrollment: { channel: 'email' }, allowlist },
    })
    if ('perSubject' in allowlist) {
      const before = createTwoFactor({ ...settings, policy: { allowlist } })
      await before.allowlist.add('bob', { network: office }, null, from(office))
    }
    await expectRefusal(twoFactor.login.begin('bob', from(elsewhere)), 'address_not_allowed')
    const gate = await twoFactor.login.begin('bob', from(office))
    if (gate.outcome !== 'enroll') throw new Error(gate.outcome)
    await expectRefusal(twoFactor.sendCode(gate.challenge, 'email', from(elsewhere)), 'address_not_allowed')
    expect(email.sent).toEqual([])
    await twoFactor.sendCode(gate.challenge, 'email', from(office))
    const options = { account, answer: { method: 'email', code: email.sent[0]?.code } }
    await expectRefusal(twoFactor.login.enroll(gate.challenge, options, from(elsewhere)), 'address_not_allowed')
    const pending = await twoFactor.login.enroll(gate.challenge, options, from(office))
    const answer = { code: virtualAuthenticator(pending.uri, clock).code() }
    await expectRefusal(twoFactor.login.confirm(pending.token, answer, from(elsewhere)), 'address_not_allowed')
    expect((await twoFactor.login.confirm(pending.token, answer, from(office))).because).toBe('enrolled')
  })

  it('R44, R50: denies who brings the permit of a reset, and who comes on a trusted device', async () => {
    const { twoFactor, begin, challengeAt, code } = await withPolicy({ allowlist: { mode: 'restrict', networks } })
    const answer = { method: 'totp', code: code(), trustDevice: true }
    const { trustedDevice } = await twoFactor.login.verify(await challengeAt(office), answer, from(office))
    const trusted = { trustedDevice: trustedDevice?.token }
    expect((await begin(office, trusted)).outcome).toBe('passed')
    await expectRefusal(begin(elsewhere, trusted), 'address_not_allowed')
    const { permit } = await twoFactor.operator.reset('alice', { by: 'op', reason: 'lost' })
    await expectRefusal(begin(elsewhere, { permit: permit?.token }), 'address_not_allowed')
    expect((await begin(office, { permit: permit?.token })).outcome).toBe('enroll')
  })

  it('R44: denies who is not enrolled, not eligible or not required, too', async () => {
    const { twoFactor } = makeApplication({ policy: { allowlist: { mode: 'restrict', networks } } })
    for (const more of [{}, { eligible: false }, { required: false }]) {
      await expectRefusal(twoFactor.login.begin('bob', from(elsewhere, more)), 'address_not_allowed')
      expect((await twoFactor.login.begin('bob', from(office, more))).outcome).toBe('passed')
    }
  })

  it('R44: admits by the subject’s own list as well, and by an empty one everybody', async () => {
    const { begin, add, twoFactor, challengeAt, code, list, proof, clock, events } = await withPolicy({
      allowlist: { mode: 'restrict', perSubject: true },
    })
    expect((await begin(elsewhere)).outcome).toBe('challenge')
    expect((await begin(null)).outcome).toBe('challenge')
    await add('203.0.113.0/24', office)
    await expectRefusal(begin(elsewhere), 'address_not_allowed')
    expect(events.at(-1)).toMatchObject({ type: 'denied', subject: 'alice', network: '198.51.100.0/24' })
    await expectRefusal(begin(null), 'address_not_allowed')
    const challenge = await challengeAt(office)
    const answer = { method: 'totp', code: code() }
    await expectRefusal(twoFactor.login.verify(challenge, answer, from(elsewhere)), 'address_not_allowed')
    clock.advance(minute)
    // A subject without a list is not restricted by that of another.
    expect((await twoFactor.login.begin('bob', from(elsewhere))).outcome).toBe('passed')
    const [entry] = await list()
    await twoFactor.allowlist.remove('alice', { id: entry?.id }, proof(), from(office))
    expect((await begin(elsewhere)).outcome).toBe('challenge')
  })

  it('R44: admits what either list holds', async () => {
    const { begin, add, twoFactor } = await withPolicy({ allowlist: { mode: 'restrict', networks, perSubject: true } })
    await add(elsewhere, office)
    expect((await begin(office)).outcome).toBe('challenge')
    expect((await begin(elsewhere)).outcome).toBe('challenge')
    await expectRefusal(begin('192.0.2.1'), 'address_not_allowed')
    await expectRefusal(twoFactor.login.begin('bob', from(elsewhere)), 'address_not_allowed')
  })

  it('R44: denies a challenge that was begun before the list was there', async () => {
    const { challengeAt, code, settings } = await withPolicy({})
    const challenge = await challengeAt(elsewhere)
    const restricted = createTwoFactor({ ...settings, policy: { allowlist: { mode: 'restrict', networks } } })
    const answer = { method: 'totp', code: code() }
    await expectRefusal(restricted.login.verify(challenge, answer, from(elsewhere)), 'address_not_allowed')
  })

  it('R44: sends no code for a challenge that is taken elsewhere, by the list of the policy or of the subject', async () => {
    for (const allowlist of [
      { mode: 'restrict', networks },
      { mode: 'restrict', perSubject: true },
    ] as const) {
      const email = memoryChannel('email')
      const { twoFactor, challengeAt, proof, add } = await withPolicy({ allowlist }, { channels: [email] })
      const { enrollment } = await twoFactor.destinations.add('alice', 'email', account, proof(), from(office))
      await twoFactor.destinations.confirm('alice', enrollment, email.sent[0]?.code, from(office))
      if ('perSubject' in allowlist) await add(office, office)
      const challenge = await challengeAt(office)
      await expectRefusal(twoFactor.sendCode(challenge, 'email', from(elsewhere)), 'address_not_allowed')
      expect(email.sent).toHaveLength(1)
      await twoFactor.sendCode(challenge, 'email', from(office))
      // Within a session it is not asked where somebody is.
      const { challenge: stepUp } = await twoFactor.stepUp.begin('alice', 'pay', from(elsewhere))
      await twoFactor.sendCode(stepUp, 'email', from(elsewhere))
      expect(email.sent).toHaveLength(3)
    }
  })

  it('R37: tells of a denied address with the request, at begin and at verify', async () => {
    const requests: unknown[] = []
    const onEvent = (event: { type: string }, request: unknown) => {
      if (event.type === 'denied') requests.push(request)
    }
    const { begin, challengeAt, twoFactor, code, add } = await withPolicy(
      { allowlist: { mode: 'restrict', perSubject: true } },
      { onEvent },
    )
    await add(office, office)
    const challenge = await challengeAt(office)
    await expectRefusal(begin(elsewhere, { request: 'first' }), 'address_not_allowed')
    const answer = { method: 'totp', code: code() }
    const verify = twoFactor.login.verify(challenge, answer, from(elsewhere, { request: 'second' }))
    await expectRefusal(verify, 'address_not_allowed')
    expect(requests).toEqual(['first', 'second'])
  })

  it('R46: does not ask a record that cannot be believed before the policy’s networks, and asks it before the subject’s', async () => {
    const restrict = await withPolicy({ allowlist: { mode: 'restrict', networks } })
    await expectRefusal(restrict.begin(elsewhere, { generation: 2 ** 40 }), 'address_not_allowed')
    const own = await withPolicy({ allowlist: { mode: 'restrict', networks, perSubject: true } })
    expect((await errorOf(own.begin(elsewhere, { generation: 2 ** 40 }))).code).toBe('record_stale')
  })
})

describe('an allowlist that bypasses', () => {
  it('R44: skips the prompt from a listed address and nothing else', async () => {
    const { begin, twoFactor, calls, reset } = await withPolicy({
      required: true,
      firstEnrollment: 'password',
      allowlist: { mode: 'bypass', networks },
    })
    reset()
    expect(await begin(office)).toMatchObject({
      outcome: 'passed',
      passed: { because: 'allowlisted_address', method: null, amr: [], trustedDevice: null },
    })
    expect(calls).toEqual({ get: 1, put: 0, delete: 0 })
    for (const ip of [elsewhere, null, '', '203.0.113.07', '::ffff:203.0.114.7']) {
      expect((await begin(ip)).outcome).toBe('challenge')
    }
    expect((await twoFactor.login.begin('alice', { binding })).outcome).toBe('challenge')
    // Who has no factor is asked to enrol, listed or not.
    expect((await twoFactor.login.begin('bob', from(office))).outcome).toBe('enroll')
  })

  it('R31, R44: is no proof of a change of factors, and no challenge of its own', async () => {
    const { twoFactor, calls } = await withPolicy({ allowlist: { mode: 'bypass', networks, perSubject: true } })
    const context = from(office)
    await expectRefusal(twoFactor.disable('alice', null as never, context), 'proof_required')
    await expectRefusal(twoFactor.recoveryCodes.regenerate('alice', null as never, context), 'proof_required')
    await expectRefusal(twoFactor.totp.enroll('alice', { account }, context), 'proof_required')
    await expectRefusal(twoFactor.allowlist.add('alice', { network: elsewhere }, null, context), 'proof_required')
    expect((await twoFactor.stepUp.begin('alice', 'factors', context)).methods).not.toEqual([])
    expect(calls.put).toBe(0)
  })

  it('R44: by an empty list exempts nobody', async () => {
    const { begin, add } = await withPolicy({ allowlist: { mode: 'bypass', perSubject: true } })
    for (const ip of [office, elsewhere, null, '']) expect((await begin(ip)).outcome).toBe('challenge')
    await add(office, office)
    expect((await begin(office)).outcome).toBe('passed')
    expect((await begin('203.0.113.8')).outcome).toBe('challenge')
  })

  it('R50: lets nobody in while the permit of a reset is outstanding', async () => {
    const { begin, twoFactor } = await withPolicy({
      allowlist: { mode: 'bypass', networks, perSubject: true, satisfiesRequirement: true },
    })
    await twoFactor.operator.reset('alice', { by: 'op', reason: 'lost' })
    await expectRefusal(begin(office), 'permit_required')
    await expectRefusal(twoFactor.allowlist.add('alice', { network: office }, null, from(office)), 'permit_required')
  })

  it('R44: of a subject’s own list counts no more once subjects have none', async () => {
    const { add, begin, settings } = await withPolicy({ allowlist: { mode: 'bypass', perSubject: true } })
    await add(office, office)
    expect((await begin(office)).outcome).toBe('passed')
    for (const allowlist of [undefined, { mode: 'bypass', networks: ['192.0.2.0/24'] } as const]) {
      const changed = createTwoFactor({ ...settings, policy: { allowlist } })
      expect((await changed.login.begin('alice', from(office))).outcome).toBe('challenge')
    }
  })
})

describe('a listed address that satisfies the requirement', () => {
  const base = { required: true, firstEnrollment: 'password' } as const

  it('S11: protects the account by listed addresses, by a second factor, or by both', async () => {
    const allowlist = { mode: 'restrict', networks, perSubject: true, satisfiesRequirement: true } as const
    const { twoFactor, begin } = await withPolicy({ ...base, allowlist })
    const bob = (ip: string) => twoFactor.login.begin('bob', from(ip))
    expect(await bob(office)).toMatchObject({ outcome: 'passed', passed: { because: 'allowlisted_address', amr: [] } })
    await expectRefusal(bob(elsewhere), 'address_not_allowed')
    expect((await begin(office)).outcome).toBe('challenge')
    await expectRefusal(begin(elsewhere), 'address_not_allowed')
  })

  it('R44: is none where the list is empty: then there is nothing that satisfies', async () => {
    const allowlist = { mode: 'restrict', perSubject: true, satisfiesRequirement: true } as const
    const { twoFactor } = makeApplication({ policy: { ...base, allowlist } })
    expect((await twoFactor.login.begin('bob', from(office))).outcome).toBe('enroll')
    const open = createTwoFactor({ ...makeApplication().settings, policy: { allowlist } })
    await open.allowlist.add('bob', { network: office }, null, from(office))
    expect(await open.login.begin('bob', from(office))).toMatchObject({
      outcome: 'passed',
      passed: { because: 'allowlisted_address' },
    })
  })

  it('S11: is what the status says, too: nothing is required where the address of the request is enough', async () => {
    const date = new Date('2200-01-01T00:00:00Z')
    const allowlist = { mode: 'bypass', networks, satisfiesRequirement: true } as const
    const { twoFactor, settings } = makeApplication({ policy: { ...base, allowlist } })
    const status = async (ip: string, of = twoFactor) => {
      const { required, enrollBy } = await of.status('bob', from(ip))
      return { required, enrollBy }
    }
    expect(await status(office)).toEqual({ required: false, enrollBy: null })
    expect(await status(elsewhere)).toEqual({ required: true, enrollBy: null })
    const later = createTwoFactor({ ...settings, policy: { ...base, required: date, allowlist } })
    expect(await status(office, later)).toEqual({ required: false, enrollBy: null })
    expect(await status(elsewhere, later)).toEqual({ required: false, enrollBy: date })
  })

  it('S11: does not satisfy where the policy does not say so', async () => {
    const { twoFactor } = makeApplication({ policy: { ...base, allowlist: { mode: 'restrict', networks } } })
    expect((await twoFactor.login.begin('bob', from(office))).outcome).toBe('enroll')
  })
})

describe('the subject’s own list', () => {
  const policy: Policy = { allowlist: { mode: 'restrict', perSubject: true } }

  it('is shown in the status, in the one written form of each network', async () => {
    const { add, list, clock, events, twoFactor, calls, reset } = await withPolicy(policy)
    reset()
    const { id, generation } = await add('::ffff:203.0.113.7', office, { name: ' Office ' })
    expect(calls).toEqual({ get: 1, put: 1, delete: 0 })
    await add(' 2001:DB8:1:0::/64 ', office)
    expect(await list()).toEqual([
      { id, network: '203.0.113.7/32', name: 'Office', proven: true, createdAt: new Date(clock()) },
      {
        id: expect.any(String),
        network: '2001:db8:1::/64',
        name: '2001:db8:1::/64',
        proven: true,
        createdAt: new Date(clock()),
      },
    ])
    expect(events.filter(({ type }) => type === 'allowlist_changed')).toHaveLength(2)
    expect((await twoFactor.status('alice')).generation).toBeGreaterThan(generation)
  })

  it('R45: takes no network that is none, too wide, or cut at the wrong bit, before the store is asked', async () => {
    const { twoFactor, proof, calls } = await withPolicy(policy)
    const odd: unknown[] = [
      undefined,
      null,
      7,
      [],
      {},
      '',
      'office',
      '203.0.113.0/23',
      '203.0.113.1/24',
      '203.0.113.0/33',
      '203.0.113.0/-1',
      '203.0.113.0/024',
      '203.0.113.0/',
      '203.0.113.0/255.255.255.0',
      '203.0.113.*',
      '203.0.113.1-9',
      '0.0.0.0/0',
      '::/0',
      '2001:db8::/47',
      '::ffff:203.0.113.0/119',
      '2001:db8:1::%eth0/64',
      '010.0.0.1',
      '10.1',
      '１０.0.0.1',
      `203.0.113.7${' '.repeat(10_000)}`,
    ]
    for (const network of odd) {
      const refused = await expectRefusal(
        twoFactor.allowlist.add('alice', { network }, proof(), from(office)),
        'invalid_input',
      )
      expect(refused.field).toBe('network')
    }
    const named = { network: office, name: 'x'.repeat(65) }
    const refused = await expectRefusal(twoFactor.allowlist.add('alice', named, proof(), from(office)), 'invalid_input')
    expect(refused.field).toBe('name')
    expect(calls).toEqual({ get: 0, put: 0, delete: 0 })
  })

  it('tells a programmer what is wrong with an entry, or with a policy that has no such lists', async () => {
    const { twoFactor, settings } = await withPolicy(policy)
    const add = async (entry: unknown) => errorOf(twoFactor.allowlist.add('alice', entry as never, null, from(office)))
    for (const [entry, message] of [
      [undefined, 'entry must be a plain object'],
      ['203.0.113.7', 'entry must be a plain object'],
      [{ network: office, acceptLockOut: 'yes' }, 'entry.acceptLockOut must be of type boolean'],
      [{ address: office }, 'entry has no option "address"'],
    ] as const) {
      const fault = await add(entry)
      expect([fault.kind, fault.message]).toEqual(['usage', message])
    }
    const without = createTwoFactor({ ...settings, policy: { allowlist: { mode: 'bypass', networks } } })
    const fault = await errorOf(without.allowlist.add('alice', { network: office }, null, from(office)))
    expect([fault.kind, fault.message]).toEqual(['usage', expect.stringContaining('perSubject')])
  })

  it('R53: holds fifty networks, none of them twice, and refuses more before the proof is used', async () => {
    const { twoFactor, list } = makeFull()
    for (let count = 0; count < 50; count++) {
      await twoFactor.allowlist.add('bob', { network: `10.0.0.${count}` }, null, from('10.0.0.0'))
    }
    const full = (network: string) => twoFactor.allowlist.add('bob', { network }, null, from('10.0.0.0'))
    await expectRefusal(full('10.0.1.0'), 'limit_reached')
    const [first] = await list()
    await twoFactor.allowlist.remove('bob', { id: first?.id, acceptLockOut: true }, null, from('10.0.0.0'))
    await expectRefusal(full('::ffff:10.0.0.9'), 'limit_reached')
    await full('10.0.1.0')
    expect(await list()).toHaveLength(50)

    function makeFull() {
      const { twoFactor } = makeApplication({ policy })
      return { twoFactor, list: async () => (await twoFactor.status('bob')).allowlist }
    }
  })

  it('R32: loses an entry by its id, and none of another subject’s', async () => {
    const { twoFactor, add, proof, list } = await withPolicy(policy)
    const { id } = await add(office, office)
    const bobs = await twoFactor.allowlist.add('bob', { network: office }, null, from(office))
    for (const odd of [bobs.id, 'nonsense', '', 7, null, undefined, [id]]) {
      await expectRefusal(twoFactor.allowlist.remove('alice', { id: odd }, proof(), from(office)), 'not_found')
    }
    await twoFactor.allowlist.remove('alice', { id }, proof(), from(office))
    expect(await list()).toEqual([])
    expect((await twoFactor.status('bob')).allowlist).toHaveLength(1)
  })

  it('R31: takes a proof of a factor where there is one: a thief with a session adds no address of his', async () => {
    const { twoFactor, code, calls, list, clock } = await withPolicy({
      allowlist: { mode: 'bypass', perSubject: true },
    })
    const thief = from(elsewhere)
    const entry = { network: elsewhere }
    for (const none of [null, undefined, {}, { grant: 'x' }, { method: 'totp', code: '000000' }]) {
      const refused = twoFactor.allowlist.add('alice', entry, none as never, thief)
      await expect(refused).rejects.toMatchObject({ kind: 'refusal' })
    }
    expect(await list()).toEqual([])
    expect(calls.put).toBe(1)
    clock.advance(minute)
    await twoFactor.allowlist.add('alice', entry, { method: 'totp', code: code() }, thief)
    const [added] = await list()
    await expectRefusal(twoFactor.allowlist.remove('alice', { id: added?.id }, null, thief), 'proof_required')
  })

  it('R18, R31: takes one proof once: of sixteen additions by one recovery code exactly one counts', async () => {
    const { twoFactor, proof, list } = await withPolicy({ allowlist: { mode: 'bypass', perSubject: true } })
    const one = proof()
    const counts = await tally(
      Array.from({ length: 16 }, (_, count) =>
        twoFactor.allowlist.add('alice', { network: `10.0.0.${count}` }, one, from(office)),
      ),
    )
    expect(counts['ok']).toBe(1)
    expect(await list()).toHaveLength(1)
  })

  it('R30: before the first factor takes what a first enrolment takes, where the policy asks for a code', async () => {
    const email = memoryChannel('email', async subject => `${subject}@example.com`)
    const { twoFactor } = makeApplication({
      channels: [email],
      policy: {
        firstEnrollment: { channel: 'email' },
        allowlist: { mode: 'bypass', perSubject: true, satisfiesRequirement: true },
      },
    })
    const add = (network: string, proof: Proof | null) =>
      twoFactor.allowlist.add('bob', { network }, proof, from(office))
    await expectRefusal(add(office, null), 'proof_required')
    const { challenge } = await twoFactor.stepUp.begin('bob', 'factors', from(office))
    await twoFactor.sendCode(challenge, 'email', from(office))
    const answer = { method: 'email', code: email.sent[0]?.code }
    const { grant } = await twoFactor.stepUp.verify('bob', challenge, answer, from(office))
    const added = await add(office, { grant: grant.token })
    await expectRefusal(add('10.0.0.1', { grant: grant.token }), 'proof_required')
    // It comes back renewed, so that a page can do several things after one code.
    await add('10.0.0.1', { grant: added.grant?.token })
    // A code on the account's own address is asked for then, and is no factor: what it lists skips no prompt later.
    expect((await twoFactor.status('bob')).allowlist).toMatchObject([{ proven: false }, { proven: false }])
  })

  it('R31: takes no proof where there is nothing to prove', async () => {
    const { twoFactor } = makeApplication({ policy })
    const proof = { method: 'totp', code: '123456' }
    await expectRefusal(twoFactor.allowlist.add('bob', { network: office }, proof, from(office)), 'not_enrolled')
  })

  describe('under a list that bypasses', () => {
    const bypass: Policy = { allowlist: { mode: 'bypass', perSubject: true } }
    const secret = 'NB2HI4DTHIXS653XO4XHS33VMJSXG5BA'

    /** Somebody at an address, with a phone and a mailbox that are nobody else's; who of the two is the owner, only we know. */
    function withThief(options: Parameters<typeof makeApplication>[0] = {}) {
      const email = memoryChannel('email')
      const application = makeApplication({ policy: bypass, channels: [email], ...options })
      const { twoFactor, clock } = application
      const enroll = async (ip: string, proof?: Proof) => {
        const pending = await twoFactor.totp.enroll('alice', { account, proof }, from(ip))
        const phone = virtualAuthenticator(pending.uri, clock)
        await twoFactor.totp.confirm('alice', pending.token, { code: phone.code() }, from(ip))
        return () => {
          clock.advance(minute)
          return { method: 'totp', code: phone.code() }
        }
      }
      const mailGrant = async (ip: string) => {
        clock.advance(minute)
        const { challenge } = await twoFactor.stepUp.begin('alice', 'factors', from(ip))
        await twoFactor.sendCode(challenge, 'email', from(ip))
        const answer = { method: 'email', code: email.sent.at(-1)?.code }
        return { grant: (await twoFactor.stepUp.verify('alice', challenge, answer, from(ip))).grant.token }
      }
      const addMail = async (ip: string, address: string) => {
        const { enrollment } = await twoFactor.destinations.add('alice', 'email', address, null, from(ip))
        await twoFactor.destinations.confirm('alice', enrollment, email.sent.at(-1)?.code, from(ip))
      }
      const plant = (proof: Proof | null) =>
        twoFactor.allowlist.add('alice', { network: elsewhere }, proof, from(elsewhere))
      const atThiefs = async () => (await twoFactor.login.begin('alice', from(elsewhere))).outcome
      const proven = async () => (await twoFactor.status('alice')).allowlist.map(entry => entry.proven)
      return { ...application, enroll, mailGrant, addMail, plant, atThiefs, proven }
    }

    it('R31, R44: skips no prompt by what was listed before the first factor, until it is added anew', async () => {
      const { twoFactor, enroll, plant, atThiefs, proven } = withThief()
      const { id } = await plant(null)
      const proof = await enroll(office)
      expect([await atThiefs(), await proven()]).toEqual(['challenge', [false]])
      await twoFactor.allowlist.remove('alice', { id }, proof(), from(office))
      await plant(proof())
      expect([await atThiefs(), await proven()]).toEqual(['passed', [true]])
    })

    it('R31, R44: skips no prompt by what a factor had vouched for that was turned off again', async () => {
      const { twoFactor, enroll, plant, atThiefs, proven } = withThief()
      const thiefs = await enroll(elsewhere)
      await plant(thiefs())
      await twoFactor.disable('alice', thiefs(), from(elsewhere))
      await enroll(office)
      expect([await atThiefs(), await proven()]).toEqual(['challenge', [false]])
    })

    it('R31, R44: skips no prompt by what a mailbox had vouched for that was turned off again', async () => {
      const { twoFactor, enroll, addMail, mailGrant, plant, atThiefs } = withThief()
      await addMail(elsewhere, 'thief@example.com')
      const planted = await plant(await mailGrant(elsewhere))
      expect(await atThiefs()).toBe('passed')
      await twoFactor.disable('alice', { grant: planted.grant?.token }, from(elsewhere))
      await enroll(office)
      expect(await atThiefs()).toBe('challenge')
    })

    it.each(['unproven', 'turned off'])(
      'R31, R44: skips no prompt of a factor that was imported after it (%s)',
      async how => {
        const { twoFactor, enroll, plant, atThiefs } = withThief()
        if (how === 'unproven') await plant(null)
        else {
          const thiefs = await enroll(elsewhere)
          await plant(thiefs())
          await twoFactor.disable('alice', thiefs(), from(elsewhere))
        }
        await twoFactor.operator.import('alice', { totp: { secret } }, { by: 'op', reason: 'moved' })
        expect(await atThiefs()).toBe('challenge')
      },
    )

    it('R27, R44: skips no prompt of an authenticator by what a code that was sent had vouched for', async () => {
      const { settings, enroll, addMail, mailGrant, plant, atThiefs, proven } = withThief()
      await addMail(office, account)
      await plant(await mailGrant(elsewhere))
      expect([await atThiefs(), await proven()]).toEqual(['passed', [true]])
      await enroll(office, await mailGrant(office))
      expect([await atThiefs(), await proven()]).toEqual(['challenge', [false]])
      const weak = createTwoFactor({ ...settings, policy: { ...bypass, weakProofs: true } })
      expect((await weak.login.begin('alice', from(elsewhere))).outcome).toBe('passed')
    })
  })

  it('R50: is emptied by an operator, who names who and why, and the factors stay', async () => {
    const { twoFactor, add, list, begin, events, endedSessions, calls, reset } = await withPolicy(policy)
    const { generation } = await add(office, office)
    await expectRefusal(begin(elsewhere), 'address_not_allowed')
    endedSessions.length = 0
    reset()
    const changed = await twoFactor.operator.clearAllowlist('alice', { by: 'op', reason: 'moved away' })
    expect(calls).toEqual({ get: 1, put: 1, delete: 0 })
    expect(events.at(-1)).toMatchObject({ type: 'allowlist_cleared', by: 'op', reason: 'moved away' })
    expect([changed.generation > generation, changed.otherSessions, endedSessions]).toEqual([true, 'ended', ['alice']])
    expect(await list()).toEqual([])
    expect((await begin(elsewhere)).outcome).toBe('challenge')
    for (const audit of [{ by: 'alice', reason: 'x' }, { by: 'op' }, {}, null]) {
      const fault = await errorOf(twoFactor.operator.clearAllowlist('alice', audit as never))
      expect(fault.kind).toBe('usage')
    }
  })

  it('stays when two-factor authentication is turned off, and goes with an operator’s reset', async () => {
    const { twoFactor, add, proof, list, begin } = await withPolicy(policy)
    await add(office, office)
    await twoFactor.disable('alice', proof(), from(office))
    expect(await list()).toHaveLength(1)
    await expectRefusal(begin(elsewhere), 'address_not_allowed')
    const { permit } = await twoFactor.operator.reset('alice', { by: 'op', reason: 'moved away' })
    expect(await list()).toEqual([])
    expect((await begin(elsewhere, { permit: permit?.token })).outcome).toBe('enroll')
  })
})

describe('a change that would shut out who makes it', () => {
  const policy: Policy = { allowlist: { mode: 'restrict', perSubject: true } }
  const demandsOneOrTheOther: Policy = {
    required: true,
    unenrolled: 'deny',
    firstEnrollment: 'password',
    allowlist: { mode: 'bypass', perSubject: true, satisfiesRequirement: true },
  }

  it('is refused before its proof is used, unless it is accepted', async () => {
    const { twoFactor, proof, list, begin, calls } = await withPolicy(policy)
    const one = proof()
    for (const here of [from(elsewhere), from(null), { binding }]) {
      await expectRefusal(twoFactor.allowlist.add('alice', { network: office }, one, here), 'would_lock_out')
    }
    expect(calls.put).toBe(0)
    const accepted = { network: office, acceptLockOut: true }
    await twoFactor.allowlist.add('alice', accepted, one, from(elsewhere))
    expect(await list()).toHaveLength(1)
    await expectRefusal(begin(elsewhere), 'address_not_allowed')
  })

  it('is refused where the last entry that holds the address goes, and not where another holds it, or none is left', async () => {
    const { twoFactor, proof, add } = await withPolicy(policy)
    const wide = await add('203.0.113.0/24', office)
    const narrow = await add(office, office)
    const other = await add(elsewhere, office)
    const remove = (id: string, ip: string) => twoFactor.allowlist.remove('alice', { id }, proof(), from(ip))
    await remove(wide.id, office)
    await expectRefusal(remove(narrow.id, office), 'would_lock_out')
    // From there nobody could sign in before either: it is not this change that shuts out.
    await remove(narrow.id, '192.0.2.1')
    await remove(other.id, elsewhere)
    expect((await twoFactor.status('alice')).allowlist).toEqual([])
  })

  it('is not refused where the policy’s networks admit the address, or where the list only bypasses', async () => {
    const shared = await withPolicy({ allowlist: { mode: 'restrict', networks, perSubject: true } })
    await shared.add(elsewhere, office)
    const bypass = await withPolicy({ allowlist: { mode: 'bypass', perSubject: true } })
    await bypass.add(office, elsewhere)
    await bypass.add(elsewhere, null)
  })

  it('is refused whatever else keeps the person out now: a factor may come, and the address stays shut out', async () => {
    const { twoFactor } = makeApplication({
      policy: {
        required: true,
        unenrolled: 'deny',
        firstEnrollment: 'password',
        allowlist: { mode: 'restrict', perSubject: true },
      },
    })
    await expectRefusal(twoFactor.login.begin('bob', from(office)), 'not_enrolled')
    const add = (network: string) => twoFactor.allowlist.add('bob', { network }, null, from(office))
    await expectRefusal(add(elsewhere), 'would_lock_out')
    await add(office)
    await add(elsewhere)
  })

  it('goes by the whole context: who is exempt is shut out by no missing factor', async () => {
    const { twoFactor, settings } = makeApplication({ policy })
    const { id } = await twoFactor.allowlist.add('bob', { network: office }, null, from(office))
    const demanding = createTwoFactor({ ...settings, policy: demandsOneOrTheOther })
    const remove = (more: object) => demanding.allowlist.remove('bob', { id }, null, from(office, more))
    await expectRefusal(remove({}), 'would_lock_out')
    await expectRefusal(remove({ required: true, eligible: true }), 'would_lock_out')
    await remove({ eligible: false })
  })

  it('is refused, too, where the address was all that stood in for a factor that is demanded', async () => {
    const { twoFactor, settings } = makeApplication({ policy })
    const { id } = await twoFactor.allowlist.add('bob', { network: office }, null, from(office))
    await twoFactor.allowlist.add('bob', { network: elsewhere }, null, from(office))
    const demanding = createTwoFactor({ ...settings, policy: demandsOneOrTheOther })
    expect((await demanding.login.begin('bob', from(office))).outcome).toBe('passed')
    await expectRefusal(demanding.allowlist.remove('bob', { id }, null, from(office)), 'would_lock_out')
    await demanding.allowlist.remove('bob', { id, acceptLockOut: true }, null, from(office))
    await expectRefusal(demanding.login.begin('bob', from(office)), 'not_enrolled')
  })
})

describe('the policy’s networks', () => {
  it('R43: are checked at creation, by position, and never quoted', async () => {
    const create = async (allowlist: unknown) =>
      createTwoFactor({ ...makeApplication().settings, policy: { allowlist: allowlist as never } })
    const faults = [
      ['203.0.113.1/24', 'networks[1] must be an address or a network'],
      ['203.0.113.0/33', 'networks[1] must be an address or a network'],
      ['office', 'networks[1] must be an address or a network'],
      ['010.0.0.0/8', 'networks[1] must be an address or a network'],
      ['0.0.0.0/0', 'networks[1] holds every address there is'],
      ['::/0', 'networks[1] holds every address there is'],
    ] as const
    for (const mode of ['restrict', 'bypass']) {
      for (const [network, problem] of faults) {
        const fault = await errorOf(create({ mode, networks: ['10.0.0.0/8', network] }))
        expect([fault.kind, fault.message]).toEqual(['usage', expect.stringContaining(`allowlist.${problem}`)])
        if (network !== 'office') expect(fault.message).not.toContain(network)
      }
      for (const empty of [{ mode }, { mode, networks: [] }, { mode, perSubject: false }]) {
        const fault = await errorOf(create(empty))
        expect([fault.kind, fault.message]).toEqual(['usage', expect.stringContaining('networks must hold a network')])
      }
      await create({ mode, perSubject: true })
      await create({ mode, networks: ['203.0.113.7'] })
    }
  })
})

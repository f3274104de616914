/** From where people log in: the address that counts, what lists protect, and the page of the policy. */
import { beforeEach, describe, expect, test } from 'vitest'
import type { PolicyFields } from '../src/policy.js'
import {
  again,
  app,
  arrive,
  asked,
  denied,
  headingOf,
  olga,
  outcome,
  place,
  post,
  proxy,
  signedUp,
  start,
} from './behind-proxy.js'
import { home, office, officeNetwork } from './place.js'
import { proxyAddress } from './proxy.js'
import { password, suggestedPolicy as suggested } from './visitor.js'

describe('the address that counts', () => {
  const fromTheOffice = { allowlist: 'restrict', networks: officeNetwork }

  beforeEach(() => start())

  test('S11, R42: behind the proxy it is whom the proxy names, whatever the client wrote before that', async () => {
    const ada = await signedUp()
    await olga.choosePolicy(fromTheOffice)
    expect(await outcome(ada)).toBe('in')
    expect(await outcome(ada, place.origin, { 'x-forwarded-for': home, forwarded: `for=${home}` })).toBe('in')
    place.address = home
    for (const forged of [
      office,
      `${office}, ${office}`,
      `"${office}`,
      `${office}, ${proxyAddress}`,
      ','.repeat(5_000),
    ]) {
      expect(await outcome(ada, place.origin, { 'x-forwarded-for': forged }), forged).toBe(denied)
    }
    expect(await outcome(ada, place.origin, { forwarded: `for=${office}`, 'x-real-ip': office })).toBe(denied)
  })

  test('S11, R42: who connects without the proxy is where the socket says', async () => {
    const ada = await signedUp()
    await olga.choosePolicy(fromTheOffice)
    expect(await outcome(ada, app.origin, { 'x-forwarded-for': office })).toBe(denied)
    await olga.choosePolicy({ ...fromTheOffice, networks: `127.0.0.1\n${officeNetwork}` })
    expect(await outcome(ada, app.origin, { 'x-forwarded-for': home })).toBe('in')
  })

  test('R42: where no proxy is trusted, none is believed', async () => {
    const ada = await signedUp()
    await olga.choosePolicy(fromTheOffice)
    await app.restart({ trustedProxies: '' })
    expect(await outcome(ada)).toBe(denied)
  })

  test('R43: a trusted proxy that does not say whose a request is speaks of nobody who is listed', async () => {
    const ada = await signedUp()
    const silent = await proxy({ forwarding: 'untouched' })
    const odd = await proxy({ forwarding: 'overwrite', clientAddress: () => '203.0.113.07' })
    await olga.choosePolicy({ ...fromTheOffice, networks: `${proxyAddress}\n${officeNetwork}` })
    expect(await outcome(ada, silent)).toBe(denied)
    expect(await outcome(ada, odd)).toBe(denied)
    const profile = await again(ada)
    await profile.sendPassword()
    expect(await (await profile.request.get('/profile')).text()).toContain('cannot log in from that network (unknown)')
  })

  test('S11, R43: all spellings of one address are one', async () => {
    const ada = await signedUp()
    await olga.choosePolicy({ ...fromTheOffice, networks: `2001:DB8:1::/48\n${officeNetwork}` })
    for (const spelled of ['2001:db8:1::7', '2001:0DB8:0001:0:0:0:0:7', '[2001:db8:1::7]:443', `::ffff:${office}`]) {
      place.address = spelled
      expect(await outcome(ada), spelled).toBe('in')
    }
    place.address = '2001:db8:2::7'
    expect(await outcome(ada)).toBe(denied)
  })
})

describe('what protects an account', () => {
  beforeEach(() => start())

  test('S11: by listed networks: from elsewhere nobody gets in, with status 403, and the owner is told once an hour', async () => {
    const ada = await signedUp()
    await olga.choosePolicy({ allowlist: 'restrict', networks: officeNetwork })
    place.address = home
    const thief = await again(ada)
    const refused = await post(thief, '/login', '/login', { email: ada.email, password })
    expect(refused.status()).toBe(403)
    expect(await refused.text()).toContain(denied)
    for (let at = 0; at < 3; at++) expect(await outcome(ada)).toBe(denied)
    await app.noticed()
    const told = () => app.inbox.filter(({ to }) => to.includes(ada.email)).map(({ text }) => text)
    expect(told()).toEqual([expect.stringContaining('in a network that you cannot log in from (198.51.100.0/24)')])
    app.clock.advance(60 * 60_000)
    expect(await outcome(ada)).toBe(denied)
    await app.noticed()
    expect(told()).toHaveLength(2)
    expect(await (await ada.request.get('/profile')).text()).toContain(
      'Your password was right, but you cannot log in from that network (198.51.100.0/24). (5 times)',
    )
  })

  test('S11, R44: by both: at a listed address with the code, and a right code from elsewhere stays unused', async () => {
    const ada = await (await arrive()).enrolled()
    await olga.choosePolicy({ who: 'everybody', allowlist: 'restrict', networks: officeNetwork })
    expect(await outcome(ada)).toBe(asked)
    place.address = home
    expect(await outcome(ada)).toBe(denied)

    place.address = office
    const moving = await again(ada)
    await moving.sendPassword()
    place.address = home
    const code = await moving.nextCode()
    const refused = await post(moving, '/login/code', '/login/code', { method: 'totp', code })
    expect(refused.status()).toBe(403)
    expect(await refused.text()).toContain(denied)
    const recoveryCode = { method: 'recovery_code', code: ada.recoveryCodes[0] ?? '' }
    expect((await post(moving, '/login/code', '/login/code', recoveryCode)).status()).toBe(403)
    expect(await moving.isSignedIn()).toBe(false)
    expect(await moving.send('/login/code', '/login/code/send', { method: 'email' })).toContain(denied)
    place.address = office
    await moving.sendCode(code)
    expect(await moving.isSignedIn()).toBe(true)
  })

  test('S11: a first enrolment that is due at the login is refused from elsewhere, too', async () => {
    const ada = await signedUp()
    await ada.send('/profile', '/logout')
    await olga.choosePolicy({ who: 'everybody', allowlist: 'restrict', networks: officeNetwork })
    expect(headingOf(await ada.sendPassword())).toBe('Set up your authenticator')
    place.address = home
    expect(await (await ada.request.get('/login/enroll')).text()).toContain(denied)
    expect(headingOf(await (await ada.request.get('/login/enroll')).text())).toBe('Welcome back')
  })

  test('S11: by 2FA, but for the office: no code there, and one anywhere else', async () => {
    const ada = await (await arrive()).enrolled()
    const bob = await signedUp('bob@example.com')
    await olga.choosePolicy({ who: 'everybody', allowlist: 'bypass', networks: officeNetwork })
    expect(await outcome(ada)).toBe('in')
    // A network is no second factor.
    expect(await outcome(bob)).toBe('Set up your authenticator')
    place.address = home
    expect(await outcome(ada)).toBe(asked)
    expect(await outcome(ada, place.origin, { 'x-forwarded-for': office })).toBe(asked)
  })

  test('S11: by one or the other: a listed network is enough for who has no second factor', async () => {
    const ada = await (await arrive()).enrolled()
    const bob = await signedUp('bob@example.com')
    const either = { who: 'everybody', allowlist: 'bypass', networks: officeNetwork, listedSuffices: 'yes' } as const
    await olga.choosePolicy({ ...either, allowlist: 'bypass' })
    expect(await outcome(bob)).toBe('in')
    expect(await outcome(ada)).toBe('in')
    // What admins see of others does not depend on where the admin is.
    expect(await (await olga.request.get('/operator')).text()).toContain('Required, but not set up')
    place.address = home
    expect(await outcome(bob)).toBe('Set up your authenticator')
  })
})

describe('the policy page', () => {
  beforeEach(() => start())

  const kept = async () => (await app.database.setting.findUnique({ where: { name: 'policy' } }))?.value ?? null

  const wrong = {
    'line 2 is no network': [{ networks: `${office}\n203.0.113.7/24` }, 'Line 2, “203.0.113.7/24”, is no network.'],
    'line 3, after an empty one': [{ networks: `${office}\n\n<b>` }, 'Line 3, “&lt;b&gt;”, is no network.'],
    'every address there is': [{ networks: '0.0.0.0/0' }, 'Line 1, “0.0.0.0/0”, is no network.'],
    'no network where they are for something': [{ networks: ' \n' }, 'List at least one network'],
    'another use of them': [{ allowlist: 'constructor' as never }, 'Choose what the listed networks are for.'],
    'no number of days': [{ trustedDays: '' }, 'Give 0 to 365 days'],
    'more days than a year has': [{ trustedDays: '366' }, 'Give 0 to 365 days'],
  } satisfies Record<string, [Partial<PolicyFields>, string]>
  test.each(Object.entries(wrong))(
    'R45: %s is told on the form, and changes nothing',
    async (_what, [fields, words]) => {
      const form = { ...suggested, allowlist: 'bypass', networks: officeNetwork, ...fields }
      const refused = await post(olga, '/operator/policy', '/operator/policy', form)
      expect(refused.status()).toBe(422)
      const page = await refused.text()
      expect(page).toContain(words)
      expect(page).not.toContain('<b>')
      expect(await kept()).toBeNull()
    },
  )

  test('S11: an admin who would shut themselves out is told, and does it only by saying so', async () => {
    place.address = home
    const policy = { allowlist: 'restrict', networks: officeNetwork } as const
    expect(await olga.choosePolicy(policy)).toContain(
      `That would shut you out: you are at ${home}, and could not log in from there any more.`,
    )
    expect(await kept()).toBeNull()
    expect(await outcome(olga)).toBe('in')
    // It was a trial: it happened to nobody.
    expect(await (await olga.request.get('/profile')).text()).not.toContain('cannot log in from that network')
    await olga.choosePolicy({ ...policy, sure: 'yes' })
    expect(await outcome(olga)).toBe(denied)
    place.address = office
    expect(await outcome(olga)).toBe('in')
  })

  test('what was kept before there were lists and remembered browsers is as it was', async () => {
    const value = JSON.stringify({ who: 'admins', from: '2026-01-01', graceDays: '7', unenrolled: 'enroll' })
    await app.database.setting.create({ data: { name: 'policy', value } })
    const page = await (await olga.request.get('/operator/policy')).text()
    expect(page).toMatch(/value="off" required checked/)
    expect(page).toMatch(/name="trustedDays"[^>]*value="30"/)
    expect(page).toMatch(/name="graceDays"[^>]*value="7"/)
  })
})

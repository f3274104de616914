/** A person's own list of networks: from the profile, and emptied by an admin. */
import type { APIResponse } from 'playwright-core'
import { describe, expect, test } from 'vitest'
import { makeAccounts } from '../src/accounts.js'
import { again, app, arrive, asked, denied, olga, outcome, place, post, signedUp, start } from './behind-proxy.js'
import { home, office, officeNetwork } from './place.js'
import { password, type Visitor } from './visitor.js'

describe('a list of one’s own', () => {
  const ownLists = { allowlist: 'restrict', ownNetworks: 'yes' } as const
  const page = '/profile/networks'

  async function add(person: Visitor, network: string, more: Record<string, string> = {}): Promise<APIResponse> {
    return post(person, page, page, { network, name: '', ...more })
  }

  async function entryOf(person: Visitor): Promise<string> {
    return /\/profile\/networks\/\w+\/remove/.exec(await (await person.request.get(page)).text())?.[0] ?? ''
  }

  /** The code that opens the page. */
  async function prove(person: Visitor): Promise<void> {
    await person.send(`${page}/code`, `${page}/code`, { method: 'totp', code: await person.nextCode() })
  }

  test('S11: without a second factor it needs no code, and the place where the person is is suggested', async () => {
    await start()
    await olga.choosePolicy(ownLists)
    const ada = await signedUp()
    place.address = '2001:db8:1:2:a5b3:91ff:fe01:7'
    const form = await (await ada.request.get(page)).text()
    expect(form).toContain('value="2001:db8:1:2::/64"')
    expect(form).toContain('You can log in from anywhere.')
    place.address = '::1'
    expect(await (await ada.request.get(page)).text()).toContain('value="::1"')
    await add(ada, '::1')
    expect(await (await ada.request.get(page)).text()).toMatch(/name="network"[^>]* value="" /)
    await post(ada, page, await entryOf(ada), { open: 'yes' })
    place.address = home
    expect(await (await add(ada, home, { name: 'Home' })).text()).toContain('The network was added.')
    expect(await (await ada.request.get('/profile')).text()).toContain(
      '<strong>Home</strong> <code>198.51.100.9</code>',
    )
    expect(await outcome(ada)).toBe('in')
    place.address = office
    expect(await outcome(ada)).toBe(denied)
    // The session goes on, and may remove what shuts it out.
    expect(await (await post(ada, page, await entryOf(ada), { open: 'yes' })).text()).toContain(
      'The network was removed.',
    )
    expect(await outcome(ada)).toBe('in')
  })

  test('S11, R31: with a second factor it takes a code, one for several changes, and ends other sessions', async () => {
    await start()
    await olga.choosePolicy(ownLists)
    const ada = await (await arrive()).enrolled()
    const other = await again(ada)
    await other.signIn()
    expect((await ada.request.get(page)).url()).toContain('/profile/networks/code')
    expect(await (await post(ada, '/profile', page, { network: office, name: '' })).text()).toContain(
      'Confirm once more',
    )
    const wrong = { method: 'totp', code: await ada.wrongCode() }
    expect(await ada.send(`${page}/code`, `${page}/code`, wrong)).toContain('not right')
    await prove(ada)
    expect(await (await add(ada, office)).text()).toContain('The network was added.')
    // What is listed already is not suggested again.
    expect(await (await ada.request.get(page)).text()).toMatch(/name="network"[^>]* value="" /)
    expect(await (await add(ada, home)).text()).toContain('The network was added.')
    expect(await other.isSignedIn()).toBe(false)
    app.clock.advance(5 * 60_000)
    expect(await (await add(ada, '192.0.2.1')).text()).toContain('Confirm once more')
    place.address = '192.0.2.1'
    expect(await outcome(ada)).toBe(denied)
    await app.noticed()
    expect(app.inbox.filter(({ subject }) => subject === 'Your list of networks was changed')).toHaveLength(2)
  })

  test('S11: who would shut themselves out is asked, and nothing is changed before they answer', async () => {
    await start()
    await olga.choosePolicy(ownLists)
    const ada = await (await arrive()).enrolled()
    await prove(ada)
    const question = await add(ada, home, { name: '"><b>Home' })
    expect(question.status()).toBe(409)
    const shown = await question.text()
    expect(shown).toContain(`You are at ${office} now. With this list you could not log in from here any more.`)
    expect(shown).toContain('name="name" value="&quot;&gt;&lt;b&gt;Home"')
    expect(await outcome(ada)).toBe(asked)
    await add(ada, office)
    await add(ada, home)
    expect((await post(ada, page, await entryOf(ada), {})).status()).toBe(409)
    expect(await outcome(ada)).toBe(asked)
    expect(await (await post(ada, page, await entryOf(ada), { sure: 'yes' })).text()).toContain(
      'The network was removed.',
    )
    expect(await outcome(ada)).toBe(denied)
  })

  test('S11: who takes the last network away is told that all addresses are open then, and asked first', async () => {
    await start()
    await olga.choosePolicy(ownLists)
    const ada = await signedUp()
    await add(ada, office)
    const question = async (fields: Record<string, string>) => {
      const answer = await post(ada, page, await entryOf(ada), fields)
      expect(answer.status()).toBe(409)
      return answer.text()
    }
    const shown = await question({})
    expect(shown).toContain('This is the last network on your list.')
    expect(shown).toContain('anybody with your password could log in from anywhere')
    expect(shown).toContain('<input type="hidden" name="open" value="yes">')
    // The answer to another question is none to this one.
    await question({ sure: 'yes' })
    await ada.enrolled()
    await prove(ada)
    expect(await question({})).toContain('anybody with your password and a code could log in from anywhere')
    place.address = home
    expect(await outcome(ada)).toBe(denied)

    // Of two, one goes without a question, unless that shuts out who is there.
    await add(ada, home)
    await post(ada, page, await entryOf(ada), {})
    place.address = office
    expect(await outcome(ada)).toBe(denied)
    expect(await (await post(ada, page, await entryOf(ada), { open: 'yes' })).text()).toContain('was removed')
    expect(await outcome(ada)).toBe(asked)
  })

  test('S11: where the policy lists networks too, or lists skip the code, the last one goes without a question', async () => {
    await start()
    const ada = await signedUp()
    for (const policy of [{ networks: officeNetwork }, { allowlist: 'bypass' }] as const) {
      await olga.choosePolicy({ ...ownLists, ...policy })
      await add(ada, office)
      expect(await (await post(ada, page, await entryOf(ada), {})).text()).toContain('The network was removed.')
    }
  })

  test('R45, R53: what is no network, too wide, twice or badly named is refused in words, and typed text comes back', async () => {
    await start()
    await olga.choosePolicy(ownLists)
    const ada = await signedUp()
    for (const network of [
      '',
      'office',
      '203.0.113.7/24',
      '203.0.0.0/16',
      '203.0.113.*',
      '2001:db8::/32',
      '0.0.0.0/0',
    ]) {
      const refused = await add(ada, network)
      expect(refused.status(), network).toBe(422)
      expect(await refused.text()).toContain('That is no address or network, or one that is too wide.')
    }
    const long = await add(ada, office, { name: 'x'.repeat(65) })
    expect(long.status()).toBe(422)
    expect(await long.text()).toMatch(
      /A name can have up to 64 characters[\s\S]*id="name"[^>]*value="x{65}"[^>]*aria-invalid/,
    )
    await add(ada, office)
    const twice = await add(ada, ` ::ffff:${office} `)
    expect(twice.status()).toBe(409)
    expect(await twice.text()).toContain('That network is on your list already')
    expect((await add(ada, home, { 'network[]': office })).status()).toBe(200)
  })

  test('R32: an entry of somebody else’s list is none', async () => {
    await start()
    await olga.choosePolicy(ownLists)
    const [ada, eve] = [await signedUp(), await signedUp('eve@example.com')]
    await add(ada, office)
    const refused = await post(eve, page, await entryOf(ada), { sure: 'yes' })
    expect(refused.status()).toBe(404)
    expect(await refused.text()).toContain('That network is not on your list any more.')
    expect(await entryOf(ada)).not.toBe('')
  })

  test('R44: under bypass, what was added before the second factor skips no code, and says so', async () => {
    await start()
    await olga.choosePolicy({ ...ownLists, allowlist: 'bypass' })
    const ada = await arrive()
    await ada.send('/signup', '/signup', { email: ada.email, password })
    await add(ada, office)
    await ada.enrolled()
    expect(await outcome(ada)).toBe(asked)
    await prove(ada)
    expect(await (await ada.request.get(page)).text()).toContain('You are asked for a code there all the same')
    await post(ada, page, await entryOf(ada), {})
    expect(await (await add(ada, office)).text()).not.toContain('all the same')
    expect(await outcome(ada)).toBe('in')
  })

  test('R30: where a first factor takes a code on the account’s own address, so does a network before it', async () => {
    await start({ firstEnrollment: 'email' })
    await olga.choosePolicy(ownLists)
    const ada = await signedUp()
    expect((await ada.request.get(page)).url()).toContain('/profile/networks/code')
    expect(await (await post(ada, '/profile', page, { network: office, name: '' })).text()).toContain(
      'Confirm once more',
    )
    await ada.send(`${page}/code`, `${page}/code/send`, { method: 'email' })
    const code = app.inbox.map(({ subject }) => /^\d{6}/.exec(subject)?.[0]).find(found => found !== undefined) ?? ''
    await ada.send(`${page}/code`, `${page}/code`, { method: 'email', code })
    expect(await (await add(ada, office)).text()).toContain('The network was added.')
  })

  test('it is there only where the policy says so', async () => {
    await start()
    const ada = await signedUp()
    for (const policy of [{}, { allowlist: 'restrict', networks: officeNetwork }, { ownNetworks: 'yes' }] as const) {
      await olga.choosePolicy(policy)
      expect((await ada.request.get(page)).status()).toBe(404)
      expect((await post(ada, '/profile', page, { network: home })).status()).toBe(404)
      expect(await (await ada.request.get('/profile')).text()).not.toContain('Your networks')
    }
  })

  test('S11: who is shut out by it is helped by an admin, who gives a reason and a code', async () => {
    await start()
    await olga.choosePolicy(ownLists)
    const ada = await signedUp()
    await add(ada, office)
    place.address = home
    expect(await outcome(ada)).toBe(denied)
    const id = (await makeAccounts(app.database).all())[1]?.id
    const clear = `/operator/users/${id}/networks`
    expect((await olga.request.get(clear)).status()).toBe(403)
    await olga.enrolled()
    expect(await (await olga.request.get('/operator')).text()).toContain(clear)
    const reason = 'Called from the number on file'
    const proof = async () => ({ method: 'totp', code: await olga.nextCode() })
    expect((await post(olga, clear, clear, { reason: ' ', ...(await proof()) })).status()).toBe(422)
    expect(await (await post(olga, clear, clear, { reason, method: 'totp', code: '' })).text()).toContain('not right')
    expect(await outcome(ada)).toBe(denied)
    expect(await (await post(olga, clear, clear, { reason, ...(await proof()) })).text()).toContain('is empty')
    expect(await outcome(ada)).toBe('in')
    expect((await ada.request.get(clear)).url()).toContain('/login')
    await ada.sendPassword()
    expect((await ada.request.get(clear)).status()).toBe(404)
    expect(await (await ada.request.get('/profile')).text()).toContain(`emptied your list of networks: ${reason}`)
  })
})

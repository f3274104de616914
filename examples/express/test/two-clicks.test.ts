/** Two clicks on one button: alone, and where they confirm an authenticator. */
import type { Request, Response } from 'express'
import { type APIRequestContext, request } from 'playwright-core'
import { describe, expect, onTestFinished, test } from 'vitest'
import { makeAccounts, type User } from '../src/accounts.js'
import { joinClicks } from '../src/two-clicks.js'
import { typed } from './authenticator-app.js'
import { type HeldApp, startHeldApp } from './held-app.js'
import type { Settings } from './running-app.js'
import { printedCodes } from './sent-codes.js'
import { password, recoveryCodesOf, Visitor } from './visitor.js'

describe('two clicks', () => {
  const res = {} as Response

  /** Work that goes on until it is told to end, and answers with its number. */
  function slowWork() {
    const answered: string[] = []
    const ends: (() => void)[] = []
    let begun = 0
    const once = joinClicks()
    return {
      answered,
      click(sessionID: string, ...same: unknown[]): Promise<void> {
        return once({ sessionID } as Request, res, same, async () => {
          begun += 1
          const number = begun
          await new Promise<void>(end => ends.push(end))
          return req => void answered.push(`${req.sessionID}: ${number}`)
        })
      },
      end: () => ends.shift()?.(),
    }
  }

  test('at once: the work is done once, and both are answered; afterwards it is done again', async () => {
    const { answered, click, end } = slowWork()
    const clicks = [click('ada', 'token', '123456'), click('ada', 'token', '123456')]
    end()
    await Promise.all(clicks)
    expect(answered).toEqual(['ada: 1', 'ada: 1'])
    const later = click('ada', 'token', '123456')
    end()
    await later
    expect(answered).toEqual(['ada: 1', 'ada: 1', 'ada: 2'])
  })

  test('another code, another enrolment or another session is another request, and waits for none', async () => {
    const { answered, click, end } = slowWork()
    const others = [
      ['ada', 'token', '123456'],
      ['ada', 'token', '654321'],
      ['ada', 'another', '123456'],
      ['bob', 'token', '123456'],
      ['ada', undefined, '123456'],
      ['ada', 'token', ['123456']],
    ] as const
    const clicks = others.map(([sessionID, ...same]) => click(sessionID, ...same))
    for (const _ of others) end()
    await Promise.all(clicks)
    expect(answered).toEqual(['ada: 1', 'ada: 2', 'ada: 3', 'bob: 4', 'ada: 5', 'ada: 6'])
  })

  test('what fails has failed for both, and is forgotten', async () => {
    const once = joinClicks()
    let failures = 0
    const click = () =>
      once({ sessionID: 'ada' } as Request, res, [], async () => {
        failures += 1
        throw new Error(`failure ${failures}`)
      })
    const both = await Promise.allSettled([click(), click()])
    expect(both.map(one => one.status === 'rejected' && String(one.reason))).toEqual(Array(2).fill('Error: failure 1'))
    await expect(click()).rejects.toThrow('failure 2')
  })
})

async function start(settings?: Settings): Promise<HeldApp> {
  const app = await startHeldApp(settings)
  onTestFinished(() => app.stop())
  return app
}

async function arrive(app: HeldApp, options: Parameters<typeof request.newContext>[0] = {}): Promise<Visitor> {
  const client = await request.newContext({ baseURL: app.origin, ...options })
  onTestFinished(() => client.dispose())
  return new Visitor(app, client)
}

/** Another window of that browser: a click there leaves the answer to the first one alone, which a browser would drop. */
async function sameBrowser(app: HeldApp, { request: client }: Visitor): Promise<Visitor> {
  return arrive(app, { storageState: await client.storageState() })
}

const cookiesOf = async (client: APIRequestContext) => (await client.storageState()).cookies.map(({ value }) => value)

/** Clicks in both while the first click is at work, and gives the pages that come of it. */
async function clickBoth(
  app: HeldApp,
  click: readonly [() => Promise<string>, () => Promise<string>],
): Promise<string[]> {
  const held = app.holdChange()
  const first = click[0]()
  await held.reached
  const arrived = app.requestsCome(1)
  const second = click[1]()
  await arrived
  held.release()
  return Promise.all([first, second])
}

const setupPage = '/profile/authenticators/setup'
const number = '+12025550142'

/** Has an account, and the QR code of a first authenticator on the screen. */
async function beginsSetup(visitor: Visitor): Promise<Visitor> {
  await visitor.send('/signup', '/signup', { email: visitor.email, password })
  const setup = await visitor.send('/profile', '/profile/authenticators/first')
  visitor.phone = typed(/id="setup-key">([^<]+)</.exec(setup)?.[1] ?? '')
  return visitor
}

/** Posts what a page has ready, and gives the page that comes of it. */
const post = (path: string, form: Record<string, string>) => async (visitor: Visitor) =>
  (await visitor.request.post(path, { form })).text()

describe('a confirmation on the profile', () => {
  test('the same confirmation twice shows one set of recovery codes, to both, and ends no session of theirs', async () => {
    const app = await start()
    const ada = await beginsSetup(await arrive(app))
    const form = { _csrf: await ada.formToken('/profile'), code: await ada.nextCode() }
    const confirm = () => post(setupPage, form)(ada)
    const pages = await clickBoth(app, [confirm, confirm])
    const sets = pages.map(page => recoveryCodesOf(page).join())
    expect(sets[0]).toMatch(/^[0-9A-Z,-]{279}$/)
    expect(sets[1]).toBe(sets[0])
    for (const page of pages) expect(page).not.toContain('confirmed already')
    expect(await ada.isSignedIn()).toBe(true)

    const late = await confirm()
    expect(late).toContain('This was confirmed already')
    expect(recoveryCodesOf(late).join()).toBe(sets[0])
  })

  test('of an address: both hear that codes can be sent there', async () => {
    const app = await start()
    const ada = await (await arrive(app)).enrolled()
    const page = '/profile/destinations/sms'
    await ada.send(`${page}/add`, `${page}/add`, { method: 'totp', code: await ada.nextCode() })
    await ada.send(page, page, { address: number })
    const form = { _csrf: await ada.formToken(`${page}/confirm`), code: printedCodes(app, number)[0] ?? '' }
    const confirm = () => post(`${page}/confirm`, form)(ada)
    const pages = await clickBoth(app, [confirm, confirm])
    // The notice is the session's: whichever page is drawn first takes it.
    expect(pages.filter(shown => shown.includes('Codes can now be sent to'))).not.toHaveLength(0)
    for (const shown of pages) expect(shown).not.toContain('role="alert"')
  })

  test('"confirmed already" is said of no other enrolment than the one whose recovery codes are shown', async () => {
    const app = await start()
    const ada = await beginsSetup(await arrive(app))
    await ada.send(setupPage, setupPage, { code: await ada.nextCode(), name: '' })
    const add = '/profile/authenticators/add'
    const second = await ada.send('/profile', add, { method: 'totp', code: await ada.nextCode() })
    const tablet = typed(/id="setup-key">([^<]+)</.exec(second)?.[1] ?? '')
    const form = { _csrf: await ada.formToken(setupPage), code: await ada.nextCode(tablet), name: 'Tablet' }
    // It is void: something else is changed in another tab.
    await ada.send('/profile/destinations/sms/add', '/profile/destinations/sms/add', {
      method: 'totp',
      code: await ada.nextCode(),
    })
    await ada.send('/profile/destinations/sms', '/profile/destinations/sms', { address: number })
    const code = printedCodes(app, number)[0] ?? ''
    await ada.send('/profile/destinations/sms/confirm', '/profile/destinations/sms/confirm', { code })
    for (let clicks = 0; clicks < 2; clicks++) {
      const page = await post(setupPage, form)(ada)
      expect(page).not.toContain('confirmed already')
      expect(page).toContain('no longer valid')
    }
  })

  test('R33: waits for no other, and none is put off to when its session has ended', async () => {
    const app = await start()
    const ada = await beginsSetup(await arrive(app))
    const code = await ada.nextCode()
    const others = Array.from({ length: 20 }, (_, number) => `${123400 + number}`).filter(other => other !== code)
    const _csrf = await ada.formToken(setupPage)
    const confirm = (other: string) =>
      ada.request.post(setupPage, { form: { _csrf, code: other }, maxRedirects: 0 }).then(answer => answer.status())

    const held = app.holdChange()
    const first = post(setupPage, { _csrf, code })(ada)
    await held.reached
    for (const other of others) expect(await confirm(other)).toBe(303)
    const accounts = makeAccounts(app.database)
    const [{ id }] = (await accounts.all()) as [User]
    await accounts.endSessions(id)
    expect(await confirm('123399')).toBe(403)
    held.release()
    expect(recoveryCodesOf(await first)).toEqual([])
    expect(await ada.isSignedIn()).toBe(false)
  })
})

describe('the first enrolment at login', () => {
  /** Has given the password, and has the QR code on the screen. */
  async function begins() {
    const app = await start({ required: true })
    const ada = await arrive(app)
    const setup = await ada.send('/signup', '/signup', { email: ada.email, password })
    ada.phone = typed(/id="setup-key">([^<]+)</.exec(setup)?.[1] ?? '')
    const form = { _csrf: await ada.formToken('/login/enroll'), code: await ada.nextCode(), name: '' }
    return { app, ada, confirm: post('/login/enroll', form), form }
  }

  test('two clicks at once open one session, for both, and show it one set of recovery codes', async () => {
    const { app, ada, confirm } = await begins()
    const again = await sameBrowser(app, ada)
    const planted = await cookiesOf(ada.request)
    const pages = await clickBoth(app, [() => confirm(ada), () => confirm(again)])
    const sets = pages.map(page => recoveryCodesOf(page).join())
    expect(sets[0]).toMatch(/^[0-9A-Z,-]{279}$/)
    expect(sets[1]).toBe(sets[0])
    for (const one of [ada, again]) expect(await one.isSignedIn()).toBe(true)
    expect(await cookiesOf(again.request)).toEqual(await cookiesOf(ada.request))
    expect(await cookiesOf(ada.request)).not.toEqual(planted)
  })

  test('a click that comes late takes no cookie away, and does not say that nothing was changed', async () => {
    const { app, ada, confirm, form } = await begins()
    const again = await sameBrowser(app, ada)
    expect(recoveryCodesOf(await confirm(ada))).toHaveLength(10)
    const late = await again.request.post('/login/enroll', { form })
    expect(late.status()).toBe(403)
    expect(late.headers()['set-cookie']).toBeUndefined()
    const page = await late.text()
    expect(page).not.toContain('othing was changed')
    expect(page).toContain('look at your profile before you try again')
    expect(await ada.isSignedIn()).toBe(true)
  })

  test('R20: who lost the answer to the first click, and with it the session, gets in again and sees the codes after a code', async () => {
    const { app, ada, confirm, form } = await begins()
    const again = await sameBrowser(app, ada)
    again.phone = ada.phone
    const codes = recoveryCodesOf(await confirm(ada))
    await again.request.post('/login/enroll', { form })
    await again.signIn()
    expect(await (await again.request.get('/profile')).text()).toContain('Show them again')
    const page = await (await again.request.get('/profile/recovery-codes/new')).text()
    expect(page).toContain('Show your new recovery codes')
    expect(recoveryCodesOf(page)).toEqual([])
    const answer = { method: 'totp', code: await again.nextCode() }
    expect(
      recoveryCodesOf(await again.send('/profile/recovery-codes/again', '/profile/recovery-codes/again', answer)),
    ).toEqual(codes)
  })
})

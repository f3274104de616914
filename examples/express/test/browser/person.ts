/** A visitor in front of a screen. */
import { type Browser, type BrowserContextOptions, type Page, request } from 'playwright-core'
import { type AuthenticatorApp, scan } from '../authenticator-app.js'
import type { RunningApp } from '../running-app.js'
import { password, Visitor } from '../visitor.js'

export class Person extends Visitor {
  /** What the browser complained of, such as something that the Content-Security-Policy forbids. */
  readonly complaints: string[] = []

  private constructor(
    override readonly app: RunningApp,
    readonly page: Page,
    email: string,
  ) {
    super(app, page.context().request, email)
    page.on('console', message => {
      // The status of a refusal is no complaint.
      if (message.type() === 'error' && !message.text().startsWith('Failed to load resource')) {
        this.complaints.push(message.text())
      }
    })
    page.on('pageerror', error => this.complaints.push(String(error)))
  }

  /** A person with a fresh browser profile. */
  static async arrive(
    browser: Browser,
    app: RunningApp,
    email = 'ada@example.com',
    options: BrowserContextOptions = {},
  ): Promise<Person> {
    const context = await browser.newContext({ baseURL: app.origin, ...options })
    context.setDefaultTimeout(20_000)
    return new Person(app, await context.newPage(), email)
  }

  /** The same person at another computer, or a thief of the password. */
  async elsewhere(): Promise<Visitor> {
    const other = new Visitor(this.app, await request.newContext({ baseURL: this.app.origin }), this.email)
    return Object.assign(other, { phone: this.phone, recoveryCodes: this.recoveryCodes })
  }

  /** The browser forgets everything, as a fresh one would. */
  forgetCookies(): Promise<void> {
    return this.page.context().clearCookies()
  }

  leave(): Promise<void> {
    return this.page.context().close()
  }

  async signUp(): Promise<void> {
    await this.page.goto('/signup')
    await this.fillPassword()
    await this.press('Create account')
  }

  /** Up to the second screen, or in. */
  async givePassword(): Promise<void> {
    if (!['/login', '/login/permit'].includes(this.path)) await this.page.goto('/login')
    await this.fillPassword()
    await this.press('Log in')
  }

  /** As from an email: a tab that has the page open already loads it once more. */
  async openLink(link: string): Promise<void> {
    await this.page.goto('about:blank')
    await this.page.goto(link)
  }

  async fillPassword(): Promise<void> {
    await this.page.getByLabel('Email address').fill(this.email)
    await this.page.getByLabel('Password').fill(password)
  }

  /** Fills in the code that the page asks for and sends it. */
  async answer(code: string, button = 'Log in'): Promise<void> {
    await this.page.locator('#code').fill(code)
    await this.press(button)
  }

  async answerWithRecoveryCode(code: string, button = 'Log in'): Promise<void> {
    await this.follow('Use a recovery code instead')
    await this.answer(code, button)
  }

  async logOut(): Promise<void> {
    await this.press('Log out')
  }

  /** Holds the phone in front of the screen. */
  async scanScreen(): Promise<AuthenticatorApp> {
    for (let tries = 1; ; tries++) {
      try {
        return await scan(await this.page.screenshot({ fullPage: true }))
      } catch (error) {
        // On a busy machine Chromium is at times not able to, and is the next moment.
        if (!String(error).includes('Unable to capture') || tries === 10) throw error
        await this.drawn()
      }
    }
  }

  /** Resolves when the page is on the screen: keys that come before go nowhere. */
  async drawn(): Promise<void> {
    await this.page.evaluate(() => new Promise(done => requestAnimationFrame(() => requestAnimationFrame(done))))
  }

  /** Turns two-factor authentication on, from the profile. */
  async turnOn(): Promise<void> {
    await this.page.goto('/profile')
    await this.press('Turn on two-factor authentication')
    this.phone = await this.scanScreen()
    await this.confirm()
    this.recoveryCodes = await this.readRecoveryCodes()
  }

  /** Answers the setup page with a code of the new app. */
  async confirm(name = ''): Promise<void> {
    await this.page.getByLabel('Name').fill(name)
    await this.answer(await this.nextCode(), 'Confirm')
  }

  readRecoveryCodes(): Promise<string[]> {
    return this.page.locator('#recovery-codes code').allTextContents()
  }

  /** Clicks a button and waits for the page that comes of it. */
  async press(name: string, page = this.page): Promise<void> {
    await Promise.all([page.waitForEvent('load'), page.getByRole('button', { name, exact: true }).click()])
  }

  /** Clicks a button again while the server is at work on the first click. */
  async pressTwice(name: string): Promise<void> {
    const button = this.page.getByRole('button', { name, exact: true })
    await button.scrollIntoViewIfNeeded()
    const { x, y } = (await button.boundingBox()) ?? { x: 0, y: 0 }
    const held = this.app.holdNextPost()
    await this.page.mouse.click(x + 5, y + 5)
    await held.answered
    await this.page.mouse.click(x + 5, y + 5)
    held.release()
  }

  async follow(name: string | RegExp, page = this.page): Promise<void> {
    await Promise.all([page.waitForEvent('load'), page.getByRole('link', { name }).first().click()])
  }

  get path(): string {
    const url = this.page.url()
    return url.startsWith('http') ? new URL(url).pathname : ''
  }

  heading(): Promise<string> {
    return this.page.getByRole('heading', { level: 1 }).innerText()
  }

  /** What the page says is wrong. */
  error(): Promise<string> {
    return this.page.getByRole('alert').innerText()
  }

  text(): Promise<string> {
    return this.page.locator('main').innerText()
  }

  /** What the profile says of two-factor authentication. */
  async twoFactorBadge(): Promise<string> {
    if (this.path !== '/profile') await this.page.goto('/profile')
    return this.twoFactorSection.locator('.badge').innerText()
  }

  /** How many the profile shows. */
  countAuthenticators(): Promise<number> {
    return this.twoFactorSection.locator('.rows > li').count()
  }

  private get twoFactorSection() {
    return this.page.getByRole('region', { name: 'Two-factor authentication' })
  }
}

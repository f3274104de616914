/** An application whose changes of factors can be held at their end, where no deadline runs: to look at what comes meanwhile. */
import type { Accounts } from '../src/accounts.js'
import { type RunningApp, type Settings, startApp } from './running-app.js'

export interface HeldApp extends RunningApp {
  /** Holds the next change of factors, which is made by then, before it is answered; `reached` resolves when it is. */
  holdChange(): { reached: Promise<void>; release(): void }
  /** Resolves when so many more requests have come to their pages, and are done or wait. */
  requestsCome(count: number): Promise<void>
}

export async function startHeldApp(settings: Settings = {}): Promise<HeldApp> {
  let whenChanged = async () => {}
  let seen = () => {}
  const aroundAccounts = (accounts: Accounts): Accounts => ({
    ...accounts,
    async keepGeneration(...given) {
      await accounts.keepGeneration(...given)
      await whenChanged()
    },
  })
  const app = await startApp({ ...settings, aroundAccounts, onRequest: () => seen() })

  function holdChange() {
    let reach = () => {}
    let release = () => {}
    const reached = new Promise<void>(resolve => {
      reach = resolve
    })
    const over = new Promise<void>(resolve => {
      release = resolve
    })
    whenChanged = () => {
      whenChanged = async () => {}
      reach()
      return over
    }
    return { reached, release: () => release() }
  }

  async function requestsCome(count: number): Promise<void> {
    let left = count
    await new Promise<void>(resolve => {
      seen = () => {
        left -= 1
        if (left === 0) resolve()
      }
    })
    seen = () => {}
    // What was on its way to its page is there when a later request is answered.
    await fetch(`${app.origin}/login`)
  }

  return Object.defineProperties(app as HeldApp, {
    holdChange: { value: holdChange },
    requestsCome: { value: requestsCome },
  })
}

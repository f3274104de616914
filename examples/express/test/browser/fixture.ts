/**
 * What the tests of a file stand on: one Chromium, an application for each test, and people who leave when it is over. To import it is
 * enough: its hooks are those of the file.
 */
import type { Browser, BrowserContextOptions } from 'playwright-core'
import { afterAll, afterEach, beforeAll } from 'vitest'
import { type RunningApp, type Settings, startApp } from '../running-app.js'
import { launchChromium } from './chromium.js'
import { Person } from './person.js'

let browser: Browser
let people: Person[] = []

/** The application of the test, from {@link start} on. */
export let app: RunningApp

beforeAll(async () => {
  browser = await launchChromium()
})
afterAll(() => browser?.close())
afterEach(async () => {
  await Promise.all(people.map(person => person.leave()))
  people = []
  await app.stop()
})

/** Starts the application, once in each test. */
export async function start(settings?: Settings): Promise<void> {
  app = await startApp(settings)
}

/** A person with a fresh browser profile. */
export async function arrive(email?: string, options?: BrowserContextOptions): Promise<Person> {
  const person = await Person.arrive(browser, app, email, options)
  people.push(person)
  return person
}

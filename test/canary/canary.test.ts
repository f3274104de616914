/** What a thief of the storage reads: every value that the backends keep, in search of anything that should not be there. */
import type { Summary } from '@sallyport/core'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import {
  type Client,
  connect,
  dropPlace,
  dumpPlace,
  makePlace,
  type Place,
  sharedBackendNames,
  sqlBackendNames,
} from '../backends/index.js'
import { makeApplication } from './application.js'
import * as flows from './flows.js'
import { readings } from './secrets.js'

/** A report that keeps readable whatever it is told. */
const everything = (summary: Summary) => ({ subject: summary.subject, methods: JSON.stringify(summary) })

describe.each([
  ...sharedBackendNames.map(backend => [backend, '', true] as const),
  ...sqlBackendNames.map(backend => [backend, ', and a report of its own', everything] as const),
])('what %s keeps%s', (backend, _, report) => {
  let place: Place
  let client: Client
  beforeEach(async () => {
    place = await makePlace(backend)
    client = await connect(place, report)
  })
  afterEach(async () => {
    await client.close()
    await dropPlace(place)
  })

  it('R40: holds no code, secret, key, token or address', async () => {
    const application = makeApplication(client.store)
    const kept = new Set<string>()
    const look = async () => {
      for (const value of await dumpPlace(place)) for (const reading of readings(value)) kept.add(reading)
    }
    const alice = await flows.enroll(application)
    await look()
    for (const flow of [
      flows.addNumber,
      flows.answerWrongly,
      flows.stepUp,
      flows.regenerate,
      flows.listNetworks,
      flows.trustBrowser,
      flows.beginNumber,
    ]) {
      await flow(application, alice)
      await look()
    }
    await flows.enrollByChannel(application, look)
    await flows.operate(application)
    await look()

    const { secrets, email, sms } = application
    secrets.codes.push(...[...email.sent, ...sms.sent].map(({ code }) => code))
    expect(kept.size).toBeGreaterThan(20)
    const text = [...kept].join('\n')
    expect(secrets.foundIn(text)).toEqual([])
    expect(text.includes('"subject":"erin"')).toBe(report === everything)
  })
})

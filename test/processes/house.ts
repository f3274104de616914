/** Somebody's account on a backend that several processes share, and what the tests do with it. */
import { createTwoFactor, type Gate } from '@sallyport/core'
import { memoryChannel, testClock, virtualAuthenticator } from '@sallyport/core/testing'
import { newKey, start, wrongCodeFor } from '../../packages/core/test/support/harness.js'
import { type BackendName, connect, dropPlace, makePlace } from '../backends/index.js'
import { addressOf } from './addresses.js'
import { patience } from './patience.js'
import { type Call, type Instance, type Outcome, type Process, runEverywhere, startProcess } from './process.js'

export const context = { binding: 'session-1' }

/** Opens a place, with an instance of the application in this process; others are started on it. */
export async function openHouse(backend: BackendName, keys: readonly string[] = [newKey()]) {
  const place = await makePlace(backend)
  const client = await connect(place)
  const clock = testClock(start)
  const email = memoryChannel('email', async subject => addressOf(subject))
  const settings = { issuer: 'Acme', store: client.store, clock, channels: [email], deadline: patience }
  const twoFactor = createTwoFactor({ ...settings, keys })
  const processes: Process[] = []
  const others: Process[] = []
  let people = 0

  const call = (verb: string, ...args: readonly unknown[]): Call => ({ verb, args, now: clock() })

  return {
    place,
    client,
    clock,
    keys,
    settings,
    twoFactor,
    processes,
    call,

    async startProcesses(count: number, withKeys: readonly string[] = keys): Promise<Process[]> {
      const instance = { place, keys: withKeys }
      const started = await Promise.all(Array.from({ length: count }, () => startProcess(instance)))
      processes.push(...started)
      return started
    },

    /** Somebody new with an authenticator, whose next code is fresh. */
    async newPerson() {
      const subject = `person-${++people}`
      const pending = await twoFactor.totp.enroll(subject, { account: subject }, context)
      const authenticator = virtualAuthenticator(pending.uri, clock)
      const confirmed = await twoFactor.totp.confirm(subject, pending.token, { code: authenticator.code() }, context)
      clock.advance(60_000)
      return {
        subject,
        generation: confirmed.generation,
        recoveryCodes: confirmed.recoveryCodes ?? [],
        code: () => authenticator.code(),
        wrongCode: () => wrongCodeFor(pending.uri, clock()),
        challenges: (count: number) => Promise.all(Array.from({ length: count }, () => challengeOf(subject))),
      }
    },

    /** One more, which has no part in {@link run}. */
    async startAnother(stopsAt?: NonNullable<Instance['stopsAt']>): Promise<Process> {
      const another = await startProcess({ place, keys, ...(stopsAt === undefined ? {} : { stopsAt }) })
      others.push(another)
      return another
    },

    /** All of them at once, over all processes. */
    run: (calls: readonly Call[]): Promise<Outcome[]> => runEverywhere(processes, calls),

    async close(): Promise<void> {
      await Promise.all([...processes, ...others].map(process => process.stop().catch(() => {})))
      await client.close()
      await dropPlace(place)
    },
  }

  async function challengeOf(subject: string): Promise<string> {
    const gate: Gate = await twoFactor.login.begin(subject, context)
    if (gate.outcome !== 'challenge') throw new Error(`no challenge but ${gate.outcome}`)
    return gate.challenge
  }
}

export type House = Awaited<ReturnType<typeof openHouse>>

/** How often each outcome came. */
export function count(outcomes: readonly Outcome[]): Record<string, number> {
  const counts: Record<string, number> = {}
  for (const { code } of outcomes) counts[code] = (counts[code] ?? 0) + 1
  return counts
}

/**
 * `npx tsx bench/stores.ts`: what a login costs on each store, beside the bare calls of that store that it is made of.
 *
 * A login is `login.begin` and `login.verify` with a right code: two reads and one conditional write. Paired: logins and bare calls take
 * turns within one run. What counts is the ratio of the medians: how much of a login is the library, and how much the way to the store.
 */
import { randomBytes } from 'node:crypto'
import { createTwoFactor } from '@sallyport/core'
import { testClock, virtualAuthenticator } from '@sallyport/core/testing'
import setup from '../scripts/servers/setup.mjs'
import { type BackendName, backendNames, connect, dropPlace, makePlace } from '../test/backends/index.js'

const rounds = 200
const warmUp = 20

async function measure(backend: BackendName): Promise<{ login: number; bare: number }> {
  const place = await makePlace(backend)
  const { store, close } = await connect(place)
  const clock = testClock()
  const written: { key: string; size: number }[] = []
  const twoFactor = createTwoFactor({
    issuer: 'Acme',
    keys: [randomBytes(32).toString('base64')],
    clock,
    store: {
      ...store,
      put(key, record, ifVersion) {
        written.push({ key, size: record.body.length })
        return store.put(key, record, ifVersion)
      },
    },
  })
  const pending = await twoFactor.totp.enroll('alice', { account: 'alice' }, { binding: 'session' })
  const authenticator = virtualAuthenticator(pending.uri, clock)
  await twoFactor.totp.confirm('alice', pending.token, { code: authenticator.code() }, { binding: 'session' })

  const size = written.at(-1)?.size ?? 0
  const version = (round: number) => round.toString(16).padStart(32, '0')
  const bareKey = 'b'.repeat(64)
  const write = (round: number) => ({
    version: version(round),
    body: new Uint8Array(size).fill(round),
    expiresAt: null,
    summary: null,
  })
  await store.put(bareKey, write(0), null)

  const login = async () => {
    const gate = await twoFactor.login.begin('alice')
    if (gate.outcome !== 'challenge') throw new Error(`no challenge but ${gate.outcome}`)
    await twoFactor.login.verify(gate.challenge, { method: 'totp', code: authenticator.code() })
  }
  const bare = async (round: number) => {
    await store.get(bareKey)
    await store.get(bareKey)
    if (!(await store.put(bareKey, write(round), version(round - 1)))) throw new Error('a bare write met another')
  }
  const times: { login: number[]; bare: number[] } = { login: [], bare: [] }
  for (let round = 1; round <= rounds + warmUp; round++) {
    clock.advance(60_000)
    const start = performance.now()
    await login()
    const between = performance.now()
    await bare(round)
    if (round <= warmUp) continue
    times.login.push(between - start)
    times.bare.push(performance.now() - between)
  }
  await close()
  await dropPlace(place)
  return { login: median(times.login), bare: median(times.bare) }
}

function median(values: readonly number[]): number {
  return [...values].sort((a, b) => a - b)[Math.floor(values.length / 2)] ?? Number.NaN
}

const stop = await setup()
console.log(`A login, and the bare calls that it is made of: medians of ${rounds}, in ms\n`)
for (const backend of backendNames) {
  const { login, bare } = await measure(backend)
  const row = [login.toFixed(2).padStart(8), bare.toFixed(2).padStart(8), `× ${(login / bare).toFixed(1)}`.padStart(9)]
  console.log(`${backend.padEnd(14)} ${row.join(' ')}`)
}
await stop()

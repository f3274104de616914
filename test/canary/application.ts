/** An application on a store that somebody looks into, and the secrets that it has begun with. */
import { createTwoFactor, type Policy, type Store } from '@sallyport/core'
import { memoryChannel, testClock } from '@sallyport/core/testing'
import { base64 } from '@scure/base'
import { newKey, start } from '../../packages/core/test/support/harness.js'
import { Secrets } from './secrets.js'

export type Application = ReturnType<typeof makeApplication>

export const context = { binding: 'binding-canary', credential: 'credential-canary', ip: '203.0.113.77' }

export function makeApplication(store: Store) {
  const secrets = new Secrets()
  const clock = testClock(start)
  const key = newKey()
  const email = memoryChannel('email', async subject => addressOf(subject))
  const sms = memoryChannel('sms')
  const policy: Policy = { allowlist: { mode: 'bypass', networks: ['192.0.2.177'], perSubject: true } }
  const settings = { issuer: 'Acme', keys: [key], store, clock, policy, deadline: { store: 30_000 } }
  const channels = [email, sms]
  secrets.add(key, ...Object.values(context), '192.0.2.177')
  secrets.bytes.push(base64.decode(key))

  function addressOf(subject: string): string {
    const name = `${subject}.canary`
    secrets.add(name, `${name}@example.com`)
    return `${name}@example.com`
  }

  return {
    secrets,
    clock,
    email,
    sms,
    addressOf,
    twoFactor: createTwoFactor({ ...settings, channels }),
    /** Another instance, set up otherwise. */
    otherwise: (over: { policy?: Policy; channels?: typeof channels }) =>
      createTwoFactor({ ...settings, channels, ...over }),
  }
}

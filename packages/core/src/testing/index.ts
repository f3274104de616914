/** `@sallyport/core/testing`: a clock, an authenticator app and a channel for the tests of an application's login. */
import type { Channel, CodeMessage } from '../delivery/channel.js'
import { parseKeyUri, totp } from '../otp/index.js'
import { stepAt } from '../otp/totp.js'

/**
 * A clock that stands still until it is told otherwise: pass it as `clock`.
 *
 * @param start where it starts; 1 January 2026, 00:00 UTC by default
 * @returns a function that gives milliseconds since 1970; `advance` moves it by milliseconds, back where negative
 * @throws RangeError where the time would not be valid
 *
 * @example
 * ```ts
 * import { testClock } from '@sallyport/core/testing'
 *
 * const clock = testClock()
 * clock.advance(30_000) // the next TOTP step
 * ```
 */
export function testClock(start = new Date('2026-01-01T00:00:00Z')): (() => number) & { advance(ms: number): void } {
  let now = validTime(start.getTime(), 'start')
  return Object.assign(() => now, {
    advance(ms: number) {
      now = validTime(now + ms, 'ms')
    },
  })
}

/**
 * An authenticator app that has scanned `uri`. It never gives the code of a step twice, since a login refuses it the second
 * time (R4): asked again, it gives the next step's, which a window of ±1 accepts. Where that is used up too, it throws.
 *
 * @param uri the key URI of an enrolment
 * @param clock milliseconds since 1970: the clock that the login under test goes by; `Date.now` by default
 * @returns `code()` gives the code to type
 * @throws TypeError or RangeError where `uri` is no TOTP key URI; `code()` throws an Error once two codes of one step are out
 *
 * @example
 * ```ts
 * import { generateSecret, keyUri } from '@sallyport/core/otp'
 * import { testClock, virtualAuthenticator } from '@sallyport/core/testing'
 *
 * const clock = testClock()
 * const uri = keyUri({ secret: generateSecret(), issuer: 'Acme', account: 'alice' })
 * const authenticator = virtualAuthenticator(uri, clock)
 * const toConfirm = authenticator.code()
 * const toSignIn = authenticator.code()
 * ```
 */
export function virtualAuthenticator(uri: string, clock: () => number = Date.now): { code(): string } {
  const key = parseKeyUri(uri)
  let lastStep = -1
  return {
    code() {
      const current = stepAt(clock(), key.period)
      const step = Math.max(current, lastStep + 1)
      if (step > current + 1) {
        throw new Error(
          `the codes of this step and the next are given out: advance the clock by ${key.period} s before asking again`,
        )
      }
      lastStep = step
      return totp({ ...key, at: step * key.period * 1000 })
    },
  }
}

/**
 * A channel that delivers nothing and keeps what it was given: pass it in `channels`, and read the codes that a login has sent.
 *
 * @param id of the channel, such as `email`
 * @param addressOf the account's own address, where the application has one
 * @returns the channel; `sent` holds what it was given, the newest last
 *
 * @example
 * ```ts
 * import { memoryChannel } from '@sallyport/core/testing'
 *
 * const email = memoryChannel('email', async subject => `${subject}@example.com`)
 * const code = () => email.sent.at(-1)?.code
 * ```
 */
export function memoryChannel(
  id: string,
  addressOf?: NonNullable<Channel['addressOf']>,
): Channel & { readonly sent: CodeMessage[] } {
  const sent: CodeMessage[] = []
  return {
    id,
    sent,
    async send(message, signal) {
      signal.throwIfAborted()
      sent.push(message)
    },
    ...(addressOf === undefined ? {} : { addressOf }),
  }
}

function validTime(time: number, argument: string): number {
  if (Number.isNaN(new Date(time).getTime())) throw new RangeError(`${argument} must lead to a valid time`)
  return time
}

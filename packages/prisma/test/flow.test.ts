/** One person's second factor from the enrolment to the end, over a database that outlives its clients. */
import { randomBytes } from 'node:crypto'
import { createTwoFactor, isRefusal, type TwoFactor } from '@sallyport/core'
import { testClock, virtualAuthenticator } from '@sallyport/core/testing'
import { prismaStore } from '@sallyport/prisma'
import { beforeAll, expect, it } from 'vitest'
import { wrongCodeFor } from '../../core/test/support/harness.js'
import { generate } from './support/generated.js'
import { databases, forms, makePlace } from './support/place.js'
import { extended } from './support/records.js'

const context = { binding: 'session-1' }
const few = forms.filter(({ generator, extended }) => extended || generator === 'prisma-client-js')
const cases = databases.flatMap(database => few.map(form => ({ ...form, database })))

// A first run installs what a test has no time for.
beforeAll(async () => void (await Promise.all(cases.map(generate))))

/** What the promise came to: `passed`, or the code of the refusal. */
const outcomeOf = (login: Promise<unknown>) =>
  login.then(
    () => 'passed',
    (error: unknown) => {
      if (!isRefusal(error)) throw error
      return error.code
    },
  )

it.each(cases)(
  'R4, R15, R18: enrol, log in, lock and restart on $database with Prisma $major, $generator, extended: $extended',
  async form => {
    const place = await makePlace(form.database, { major: form.major })
    try {
      const clock = testClock(new Date('2026-03-01T12:00:00Z'))
      const keys = [randomBytes(32).toString('base64')]
      /** One more process, as far as the database can tell. */
      const start = async (): Promise<TwoFactor> => {
        const client = await place.client({ generator: form.generator })
        const store = prismaStore(form.extended ? extended(client) : client, { report: true })
        return createTwoFactor({ issuer: 'Acme', keys, store, clock, deadline: { store: 30_000 } })
      }
      const challenge = async (twoFactor: TwoFactor) => {
        const gate = await twoFactor.login.begin('alice', context)
        return gate.outcome === 'challenge' ? gate.challenge : expect.fail(`no challenge but ${gate.outcome}`)
      }
      const login = async (twoFactor: TwoFactor, method: string, code: unknown) =>
        outcomeOf(twoFactor.login.verify(await challenge(twoFactor), { method, code }, context))

      const first = await start()
      const pending = await first.totp.enroll('alice', { account: 'alice@example.com' }, context)
      const authenticator = virtualAuthenticator(pending.uri, clock)
      const confirmed = await first.totp.confirm('alice', pending.token, { code: authenticator.code() }, context)
      const recoveryCodes = confirmed.recoveryCodes ?? []
      expect(recoveryCodes).toHaveLength(10)

      clock.advance(60_000)
      const code = authenticator.code()
      const restarted = await start()
      const instances = [first, restarted]
      const parallel = await Promise.all(
        Array.from({ length: 16 }, (_, index) => login(instances[index % 2] ?? first, 'totp', code)),
      )
      expect(parallel.filter(outcome => outcome === 'passed')).toHaveLength(1)
      // Who met too many conflicts is told so, and was not let in.
      for (const outcome of parallel) expect(['passed', 'invalid_code', 'busy', 'locked']).toContain(outcome)
      expect(await login(restarted, 'recovery_code', recoveryCodes[0])).toBe('passed')
      expect(await login(first, 'recovery_code', recoveryCodes[0])).toBe('invalid_code')

      const again = await start()
      clock.advance(24 * 3_600_000)
      const wrong = wrongCodeFor(pending.uri, clock())
      while ((await again.status('alice')).locks.length === 0) {
        expect(['invalid_code', 'locked']).toContain(await login(again, 'totp', wrong))
      }
      const last = await start()
      expect(await login(last, 'totp', authenticator.code())).toBe('locked')
      expect(await login(last, 'recovery_code', recoveryCodes[1])).toBe('passed')
      expect((await last.status('alice')).recoveryCodes?.left).toBe(8)
    } finally {
      await place.close()
    }
  },
)

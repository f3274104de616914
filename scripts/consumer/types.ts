/** What `npm test` type-checks against the published declarations, in an ESM and in a CommonJS project. */
import { register, storeSuite } from '@sallyport/conformance'
import {
  type Channel,
  type Context,
  createTwoFactor,
  type Gate,
  isRefusal,
  type Passed,
  type RefusalCode,
  type Store,
  type TwoFactor,
  type TwoFactorEvent,
  type TwoFactorOptions,
} from '@sallyport/core'
import { cookieAttributes, type Problem, problem } from '@sallyport/core/http'
import { type ClientIpOptions, clientIp } from '@sallyport/core/ip'
import { generateSecret, keyUri, totp, verifyTotp } from '@sallyport/core/otp'
import { qrPngDataUrl, qrSvg } from '@sallyport/core/qr'
import { testClock, virtualAuthenticator } from '@sallyport/core/testing'
import { memoryStore } from '@sallyport/memory'
import { emailChannel } from '@sallyport/nodemailer'
import { type PrismaClientLike, type PrismaStore, prismaStore } from '@sallyport/prisma'
import { ioredis, type RedisPort, type RedisWarning, redisStore } from '@sallyport/redis'
import { consoleChannel, twilioChannel } from '@sallyport/sms'

const store: Store = memoryStore()
const told: TwoFactorEvent[] = []
const options: TwoFactorOptions = { issuer: 'Acme', keys: [undefined], store, onEvent: event => void told.push(event) }
export const twoFactor: TwoFactor = createTwoFactor(options)

export async function logIn(subject: string, code: unknown, context: Context): Promise<Passed | RefusalCode> {
  const gate: Gate = await twoFactor.login.begin(subject, context)
  if (gate.outcome === 'passed') return gate.passed
  try {
    return await twoFactor.login.verify(gate.challenge, { method: 'totp', code }, context)
  } catch (error) {
    if (isRefusal(error)) return error.code
    throw error
  }
}

export async function enroll(subject: string): Promise<{ codes: readonly string[] | null; qr: string; until: Date }> {
  const enrollment = await twoFactor.totp.enroll(subject, { account: subject }, { binding: 'session' })
  const { code } = virtualAuthenticator(enrollment.uri, testClock())
  const { recoveryCodes } = await twoFactor.totp.confirm(subject, enrollment.token, { code: code() })
  const { expires } = cookieAttributes(enrollment.expiresAt)
  return { codes: recoveryCodes, qr: qrSvg(enrollment.uri) + (await qrPngDataUrl(enrollment.uri)), until: expires }
}

export function problemOf(error: unknown): Problem | null {
  return problem(error)?.body ?? null
}

export function addressOf(headers: { get(name: string): string | null }, nodes: Record<string, string[] | string>) {
  const options: ClientIpOptions = { remoteAddress: undefined, headers, trustedProxies: [], header: 'forwarded' }
  return clientIp(options) ?? clientIp({ ...options, headers: nodes, header: undefined })
}

const secret = generateSecret()
export const uri: string = keyUri({ secret, issuer: 'Acme', account: 'alice' })
export const delta: number | undefined = verifyTotp({ secret, code: totp({ secret }), afterStep: null })?.delta

export async function realStores(prisma: PrismaClientLike, port: RedisPort): Promise<readonly Store[]> {
  const table: PrismaStore = prismaStore(prisma, {
    report: ({ subject, enabled }) => ({ userId: Number(subject), enabled }),
  })
  const purged: number = await table.purgeExpired()
  const warnings: readonly RedisWarning[] = await redisStore(port, { prefix: `acme:${purged}:` }).check()
  const client = { call: async (command: string, ...args: string[]) => [command, ...args].join(' ') }
  return warnings.length > 0 ? [table] : [redisStore(ioredis(client))]
}

export const channels: readonly Channel[] = [
  emailChannel({ transport: { sendMail: async () => ({}), verify: async () => true }, from: 'acme@example.com' }),
  twilioChannel({ accountSid: `AC${'0'.repeat(32)}`, authToken: 'token', from: '+12025550142' }),
  consoleChannel({ id: 'console' }),
]

declare const test: Parameters<typeof register>[0]
register(test, storeSuite({ open: () => memoryStore() }))

// @ts-expect-error: a refusal's code is one of a list
export const noSuchCode: RefusalCode = 'no_such_code'

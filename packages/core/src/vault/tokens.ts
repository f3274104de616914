/**
 * The sealed tokens that the application keeps for a person: separated by type and namespace through the key and the associated
 * data, by subject and purpose through what lies inside (R34, R52).
 */
import { utf8ToBytes } from '@noble/hashes/utils.js'
import { base64urlnopad } from '@scure/base'
import * as z from 'zod/mini'
import { usageError } from '../errors.js'
import { frame } from '../framing.js'
import type { Keyring } from './keyring.js'
import { open, seal } from './seal.js'

/** The longest token that is looked at, in characters. */
export const longestToken = 4096

const digest = z.nullable(z.string())

/** What every token that belongs to a request says of where it may be used. */
const tied = {
  subject: z.string(),
  epoch: z.string(),
  /** SHA-256 of the context's binding and credential; null where none was given. */
  binding: digest,
  credential: digest,
  /** ms since 1970. */
  expiresAt: z.number(),
}

const grantMethod = z.string()
/** An address on a channel. */
const place = z.strictObject({ channel: z.string(), address: z.string() })

/** What an enrolment remembers from its beginning to its confirmation. */
const pending = {
  /** Whether a factor was on record, and so a proof consumed. */
  proven: z.boolean(),
  /** The grant that was that proof: it comes back at the confirmation. */
  grant: z.nullable(z.strictObject({ method: grantMethod, expiresAt: z.number() })),
  /** The channel on which the account's own address was shown to be read, before a first factor (R30). */
  checked: z.nullable(z.string()),
  /** The account's own addresses, which are recorded with a first factor. */
  alongside: z.array(place),
}

const schemas = {
  /** Between password and code (`login`, `enroll`), or within a session (`step_up`, whose purpose is named). */
  challenge: z.strictObject({
    ...tied,
    stage: z.enum(['login', 'enroll', 'step_up']),
    purpose: z.string(),
    id: z.string(),
    /** The permit that let the person in, where one did. */
    permit: digest,
    /** The account's own address, of which a first enrolment asks a code. */
    first: z.nullable(place),
    /** The channel that the person signed in by: no code goes there (R29). */
    signedInBy: z.nullable(z.string()),
  }),
  /** A pending authenticator: its secret lives here and nowhere else until it is confirmed (R30). */
  enrollment: z.strictObject({
    ...tied,
    stage: z.enum(['login', 'profile']),
    authenticator: z.string(),
    secret: z.string(),
    algorithm: z.enum(['SHA1', 'SHA256', 'SHA512']),
    digits: z.number(),
    period: z.number(),
    replaces: digest,
    ...pending,
    permit: digest,
  }),
  /** An address that has been sent a code and waits for it. */
  destination: z.strictObject({ ...tied, ...pending, id: z.string(), channel: z.string(), address: z.string() }),
  /** A proof for one purpose, good once. */
  grant: z.strictObject({
    ...tied,
    purpose: z.string(),
    id: z.string(),
    method: grantMethod,
    first: z.nullable(place),
  }),
  /** What an operator hands to the rightful owner. */
  permit: z.strictObject({ subject: z.string(), id: z.string(), expiresAt: z.number() }),
}

export type TokenType = keyof typeof schemas
export type TokenContent<T extends TokenType> = z.infer<(typeof schemas)[T]>

/** Seals and opens tokens. */
export interface Tokens {
  seal<T extends TokenType>(type: T, content: TokenContent<T>): string
  /** Null where the input is no token of this type and namespace, was altered, or has expired by `now` (ms). */
  open<T extends TokenType>(type: T, input: unknown, now: number): TokenContent<T> | null
}

/** @param namespace separates applications that share keys */
export function makeTokens(keyring: Keyring, namespace: string): Tokens {
  const associated = (type: TokenType) => frame(['sallyport token', '1', type, namespace])
  return {
    seal(type, content) {
      const plaintext = utf8ToBytes(JSON.stringify(content))
      const token = base64urlnopad.encode(seal(keyring, `token ${type}`, associated(type), plaintext))
      // It would never open. Only a subject of hundreds of control characters, each written as six, comes so far.
      if (token.length > longestToken) throw usageError('subject', 'makes a token that is too long')
      return token
    },
    open<T extends TokenType>(type: T, input: unknown, now: number) {
      if (typeof input !== 'string' || input.length > longestToken || !/^[\w-]+$/.test(input)) return null
      const opened = open(keyring, `token ${type}`, associated(type), decode(input))
      if (opened === null) return null
      const content = schemas[type].safeParse(JSON.parse(new TextDecoder().decode(opened.plaintext)))
      return content.success && now < content.data.expiresAt ? (content.data as TokenContent<T>) : null
    },
  }
}

function decode(input: string): Uint8Array {
  try {
    return base64urlnopad.decode(input)
  } catch {
    return new Uint8Array()
  }
}

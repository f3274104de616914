import { utf8ToBytes } from '@noble/hashes/utils.js'
import * as z from 'zod/mini'
import { usageError } from './errors.js'

/**
 * The value, if the schema takes it; otherwise a usage error that names the argument by its path. Values never enter the
 * message: they may be secrets.
 */
export function checked<T>(schema: z.ZodMiniType<T>, value: unknown, argument: string): T {
  const result = schema.safeParse(value)
  if (result.success) return result.data
  const issue = result.error.issues[0]
  if (issue === undefined) throw usageError(argument, 'is not valid')
  const path = issue.path.reduce<string>(
    (sofar, key) => (typeof key === 'number' ? `${sofar}[${key}]` : `${sofar}.${String(key)}`),
    argument,
  )
  throw usageError(path, describe(issue))
}

function describe(issue: z.core.$ZodIssue): string {
  switch (issue.code) {
    case 'invalid_type':
      return `must be of type ${issue.expected}`
    case 'unrecognized_keys':
      return `has no option ${issue.keys.map(key => `"${key}"`).join(', ')}`
    case 'too_small':
      return `must be ${issue.inclusive === false ? 'more than' : 'at least'} ${issue.minimum}${issue.origin === 'string' ? ' characters long' : ''}`
    case 'too_big':
      return `must be at most ${issue.maximum}${issue.origin === 'string' ? ' characters long' : ''}`
    case 'invalid_value':
      return `must be one of ${issue.values.map(value => JSON.stringify(value)).join(', ')}`
    default:
      return issue.message === '' || issue.message === 'Invalid input' ? 'is not valid' : issue.message
  }
}

/**
 * The schema of a plain object with these properties and no others. Not every object: a promise that was not awaited, or an
 * instance whose properties are getters of its class, would otherwise pass for an object without any, and what it was to say
 * would be lost without a word.
 */
export function plainObject<T extends z.core.$ZodLooseShape>(shape: T) {
  return z.pipe(z.custom<z.input<z.ZodMiniObject<T>>>(isPlainObject, 'must be a plain object'), z.strictObject(shape))
}

function isThenable(value: unknown): boolean {
  return typeof (value as { then?: unknown }).then === 'function'
}

/** Whether a value is an object literal or its like, and no promise. */
export function isPlainObject(value: unknown): boolean {
  if (Object.prototype.toString.call(value) !== '[object Object]') return false
  const prototype: unknown = Object.getPrototypeOf(value)
  // Whichever realm it comes from, `Object.prototype` is the object that has a prototype of null.
  return (prototype === null || Object.getPrototypeOf(prototype) === null) && !isThenable(value)
}

/**
 * Whether a text is well-formed UTF-16. A lone surrogate becomes U+FFFD in UTF-8: two different texts would be one where they are
 * hashed.
 */
export function isWellFormed(text: string): boolean {
  return !/[\uD800-\uDBFF](?![\uDC00-\uDFFF])|(?<![\uD800-\uDBFF])[\uDC00-\uDFFF]/.test(text)
}

/** How many bytes a text takes in a record, which is JSON in UTF-8. */
export function bytesKept(text: string): number {
  return utf8ToBytes(JSON.stringify(text)).length - 2
}

/** What to say of a text that is not. */
export const illFormed = 'must not hold a lone surrogate'

/** The longest subject, in UTF-16 units. */
const longestSubject = 256

/** The subject, if it is a string that names one user and no other in every encoding. */
export function checkSubject(subject: unknown): string {
  if (typeof subject !== 'string') throw usageError('subject', 'must be a string')
  if (subject === '') throw usageError('subject', 'must not be empty')
  if (subject.length > longestSubject) throw usageError('subject', `must be at most ${longestSubject} characters long`)
  if (!isWellFormed(subject)) throw usageError('subject', illFormed)
  return subject
}

/** What the store throws: usage errors, and what a client threw, said in words. The client's own words stay in `cause`. */
import { SallyportError } from '@sallyport/core'

/** Older servers wrap what a script met in words of their own, so these are looked for anywhere. */
const known: readonly [RegExp, string][] = [
  [
    /\bNOPERM\b|can't (run this command|access at least one of the keys)/,
    'Redis refuses: this user lacks a right to the keys, or to a command that the store needs (GETEX, EVALSHA, EVAL, GET, SET, DEL)',
  ],
  [/\b(NOAUTH|WRONGPASS)\b/, 'Redis refuses: user or password is missing or wrong'],
  [/\bREADONLY\b/i, 'Redis refuses: this is a replica, and the store talks to the primary alone'],
  [/\bNOREPLICAS\b/, 'Redis refuses: it has fewer replicas than it is told to have'],
  [/\bOOM\b/, 'Redis refuses: its memory is full'],
  [/\bMISCONF\b/, 'Redis refuses: it cannot save to its disk'],
  [/\b(MOVED|ASK)\b|\bCROSSSLOT\b/i, 'Redis is a cluster: use nodeRedisCluster, or the Cluster of ioredis'],
  [/\bCLUSTERDOWN\b/i, 'Redis refuses: the cluster is down'],
  [/\bLOADING\b/, 'Redis is still loading its data'],
  [/\bMASTERDOWN\b/i, 'Redis refuses: this is a replica that has lost its primary'],
  [/\bBUSY\b/, 'Redis is busy with a script'],
  [/\bWRONGTYPE\b/, 'the key holds something that is no record'],
  [/unknown command/i, 'Redis does not know a command that the store needs: it takes 6.2 or later'],
  [
    /\b(ECONN\w+|ENOTFOUND|EAI_AGAIN|E\w+UNREACH|ETIMEDOUT|EPIPE|TimeoutError|(un)?available|unreachable)\b|timeout|timed out|max retries/i,
    'Redis cannot be reached',
  ],
  [
    /\b(closed|offline|ended|disconnects)\b|isn't (ready|writeable)|refresh slots/i,
    'the client is not connected to Redis, or lost its connection',
  ],
]

/** Makes a usage error: `argument` is what is wrong, `problem` a clause that follows it. */
export function usage(argument: string, problem: string): SallyportError {
  return new SallyportError('usage', 'invalid_argument', `${argument} ${problem}`)
}

/** Makes the error of a store that failed. */
export function failure(message: string, cause?: unknown): SallyportError {
  return new SallyportError('store', 'store_failed', message, cause === undefined ? undefined : { cause })
}

/** @param thrown what the client rejected with */
export function clientFailure(thrown: unknown): SallyportError {
  return failure(describeFailure(thrown), withoutArguments(thrown))
}

/** @param thrown what the client rejected with */
export function describeFailure(thrown: unknown): string {
  const text = wordsOf(thrown)
  return known.find(([pattern]) => pattern.test(text))?.[1] ?? 'Redis failed'
}

/** Whether a script was not run because the server does not know it. Some clients put the server's words into their own. */
export function isNoScript(thrown: unknown): boolean {
  return /\bNOSCRIPT\b|No matching script/.test(wordsOf(thrown))
}

/** The cluster client of ioredis says that no node could be asked, and keeps what the last one said beside it. */
function wordsOf(thrown: unknown): string {
  if (!isObject(thrown)) return String(thrown)
  const { code, message, lastNodeError } = thrown
  // A timeout of node-redis has no words but its class.
  return [code, thrown.constructor?.name, message, lastNodeError && wordsOf(lastNodeError)].join(' ')
}

/**
 * ioredis hangs the command that failed on the error, with its arguments: the password of an `AUTH`, a whole record. Nothing that
 * is likely to be logged should carry those, so they go; the rest stays (R40).
 */
function withoutArguments(thrown: unknown): unknown {
  if (!isObject(thrown) || !('command' in thrown || 'lastNodeError' in thrown)) return thrown
  const { name, message, stack, lastNodeError } = thrown
  const plain = new Error(message, lastNodeError === undefined ? undefined : { cause: withoutArguments(lastNodeError) })
  return Object.assign(plain, { name, stack })
}

/** Not by `instanceof`: what Node.js throws is of another realm where Jest runs. */
function isObject(thrown: unknown): thrown is Error & { code?: unknown; lastNodeError?: unknown } {
  return typeof thrown === 'object' && thrown !== null
}

/** What the store uses of a generated Prisma client: any client that fits will do, of Prisma 6 or 7, whatever generated it. */
import { SallyportError } from '@sallyport/core'

const verbs = ['findFirst', 'createMany', 'updateMany', 'deleteMany'] as const

/**
 * A Prisma client with the model in its schema. The client of a transaction has no `$connect`, and one that reads from replicas has
 * `$primary`: neither will do. An extension that leads queries into a transaction cannot be told by its type: give the
 * client from before it.
 *
 * @example
 * ```ts
 * import { type PrismaClientLike, prismaStore } from '@sallyport/prisma'
 *
 * export const storeOf = (prisma: PrismaClientLike<'secondFactor'>) => prismaStore(prisma, { model: 'secondFactor' })
 * ```
 */
export type PrismaClientLike<Model extends string = 'twoFactorRecord'> = {
  readonly $connect: unknown
  readonly $transaction: unknown
  readonly $primary?: never
} & { readonly [name in Model]: { readonly [verb in (typeof verbs)[number]]: unknown } }

/** What the store calls of the model's delegate. Not `findUnique`: Prisma makes one query of several at a time. */
export interface RecordDelegate {
  findFirst(query: object): Promise<unknown>
  createMany(query: object): Promise<{ count: number }>
  updateMany(query: object): Promise<{ count: number }>
  deleteMany(query: object): Promise<{ count: number }>
}

/**
 * @param prisma the client
 * @param model the name of its delegate
 * @throws SallyportError `usage` for what is no client, for the client of a transaction or of replicas, and where the model is missing
 */
export function delegateOf(prisma: unknown, model: string): RecordDelegate {
  const client = (isObject(prisma) ? prisma : {}) as Record<string, unknown>
  const isFunction = (name: string) => typeof client[name] === 'function'
  if (!isFunction('$connect')) {
    // Only in later versions has the client of a transaction `$transaction`, for transactions within.
    const isTransaction = isFunction('$transaction') || isObject(client[model])
    throw usage(
      'prisma',
      isTransaction
        ? 'must not be the client of a transaction: a rollback would give guesses and used codes back'
        : 'must be a Prisma client',
    )
  }
  if (isFunction('$primary')) {
    throw usage('prisma', 'must not read from replicas, where a used code may still be good: pass prisma.$primary()')
  }
  const delegate = client[model]
  if (!isObject(delegate) || verbs.some(verb => typeof delegate[verb] !== 'function')) {
    throw usage(
      'prisma',
      `has no model ${model}: add TwoFactorRecord to the schema and run prisma generate, or name it in options.model`,
    )
  }
  return delegate as unknown as RecordDelegate
}

/** Makes a usage error: `argument` is what is wrong, `problem` a clause that follows it. */
export function usage(argument: string, problem: string): SallyportError {
  return new SallyportError('usage', 'invalid_argument', `${argument} ${problem}`)
}

/** Delegates are proxies, and some versions make them of functions. */
function isObject(value: unknown): value is Record<string, unknown> {
  return (typeof value === 'object' || typeof value === 'function') && value !== null
}

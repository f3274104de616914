/** Why the application does not start, said to whoever starts it. */
export class StartFailure extends Error {}

/** What an error says, and what it says of its cause; of messages with many lines the last, where Prisma puts the reason. */
export function reasonOf(error: unknown): string {
  if (error instanceof AggregateError) return error.errors.map(reasonOf).join('; ')
  if (!(error instanceof Error)) return String(error)
  const reason = error.message.trim().split('\n').at(-1) ?? ''
  return error.cause === undefined ? reason : `${reason}: ${reasonOf(error.cause)}`
}

/** Why no case was run. Its message is all that is shown. */
export class NothingRan extends Error {}

/** What an error says, and what caused it. Errors of sockets often say nothing but a code. */
export function messageOf(error: unknown): string {
  if (!(error instanceof Error)) return String(error)
  const { code } = error as NodeJS.ErrnoException
  const own = error.message || code || error.name
  return error.cause === undefined ? own : `${own}\n${messageOf(error.cause)}`
}

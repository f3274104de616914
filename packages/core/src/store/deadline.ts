/** What a promise that did not settle in time is told apart by. */
export const late = Symbol('late')

/**
 * What the work yields, or {@link late} once `ms` have passed. The work itself goes on: nothing can stop it, so whoever asks must
 * settle what became of it.
 */
export async function within<T>(work: () => T | Promise<T>, ms: number): Promise<T | typeof late> {
  let timer: ReturnType<typeof setTimeout> | undefined
  const deadline = new Promise<typeof late>(resolve => {
    timer = setTimeout(() => resolve(late), ms)
  })
  try {
    return await Promise.race([work(), deadline])
  } finally {
    clearTimeout(timer)
  }
}

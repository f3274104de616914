/** What a promise that did not settle in time is told apart by. */
export const late = Symbol('late')

/** What the work yields, or {@link late} once `ms` have passed. The work itself cannot be stopped. */
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

/** Resolves after `ms`. */
export function pause(ms: number): Promise<void> {
  return new Promise(resolve => setTimeout(resolve, ms))
}

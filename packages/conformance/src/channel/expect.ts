/** What is asked of one call of a channel. */
import type { Channel, CodeMessage } from '@sallyport/core'
import { late, within } from '../deadline.js'
import { describe } from '../describe.js'

/** A signal that nobody aborts. */
export const never = () => new AbortController().signal

/** `send` must resolve. */
export async function sends(channel: Channel, message: CodeMessage, signal: AbortSignal = never()): Promise<void> {
  try {
    await channel.send(message, signal)
  } catch (cause) {
    throw new Error('send rejected, and the message could have been delivered', { cause })
  }
}

/** What the delivery rejects with, within `ms`. It must not resolve. */
export async function rejects(delivery: Promise<void>, when: string, ms: number): Promise<unknown> {
  const outcome = await within(
    () =>
      delivery.then(
        () => null,
        (thrown: unknown) => ({ thrown }),
      ),
    ms,
  )
  if (outcome === late) throw new Error(`send was not done ${ms} ms after ${when}; it must reject`)
  if (outcome === null) throw new Error(`send resolved, ${when}; it must reject`)
  return outcome.thrown
}

/** The channel's `normalize`, which has to give a string or null, whatever the text; null where it has none. */
export function normalizeOf(channel: Channel): ((typed: string) => string | null) | null {
  if (channel.normalize === undefined) return null
  const normalize = channel.normalize.bind(channel)
  return typed => {
    let given: unknown
    try {
      given = normalize(typed)
    } catch (error) {
      throw new Error(`normalize threw for ${shown(typed)}`, { cause: error })
    }
    if (given === null || typeof given === 'string') return given
    throw new Error(`normalize gave ${describe(given)} for ${shown(typed)}, which is neither a string nor null`)
  }
}

/** A text in a complaint: its beginning, and how long it is. */
export function shown(text: string): string {
  return text.length <= 40 ? JSON.stringify(text) : `${JSON.stringify(text.slice(0, 40))}…, ${text.length} characters`
}

/** Where an error holds one of these texts, as a path of properties; null where it does not. */
export function leak(error: unknown, secrets: readonly string[]): string | null {
  const seen = new Set<unknown>()
  const search = (value: unknown, path: string, depth: number): string | null => {
    if (typeof value === 'string') return secrets.some(secret => value.includes(secret)) ? path : null
    if (typeof value !== 'object' || value === null || depth === 0 || seen.has(value) || seen.size > 1_000) return null
    seen.add(value)
    for (const name of Reflect.ownKeys(value)) {
      const found = search(read(value, name), `${path}.${String(name)}`, depth - 1)
      if (found !== null) return found
    }
    return null
  }
  return search(error, 'error', 6)
}

function read(value: object, name: string | symbol): unknown {
  try {
    return Reflect.get(value, name)
  } catch {
    return undefined
  }
}

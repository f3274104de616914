/** The narrow port between the store and a client of Redis. */

/**
 * What the store asks of a client: to send one command and give back the reply. All that is ever sent are strings, and all that
 * comes back are strings, integers and nil, which is null. A reply that is an error has to reject.
 *
 * @example
 * ```ts
 * import type { RedisPort } from '@sallyport/redis'
 *
 * declare const client: { customCommand(args: string[]): Promise<unknown> }
 *
 * const port: RedisPort = { send: args => client.customCommand([...args]) }
 * ```
 */
export interface RedisPort {
  /**
   * Sends a command to the primary, once: whether to try again is for core to say.
   *
   * @param args the command and its arguments
   * @param options `key`: the one key that it touches, for clients that route by it; it is among `args` as well
   */
  send(args: readonly string[], options: { readonly key: string }): Promise<unknown>
  /** What the client puts before keys, where it does not do so for commands that are sent like this. */
  readonly keyPrefix?: string | undefined
}

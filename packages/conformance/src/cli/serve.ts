import type { Store } from '@sallyport/core'
import { loadBackend } from './module.js'
import { messageOf } from './nothing-ran.js'
import type { Answer, Call } from './processes.js'
import { aStore } from './suites.js'

/** Is one process of `--processes`: opens clients of the module's backend and passes calls on, until its parent has gone. */
export function serve(path: string): void {
  const loaded = loadBackend(path, aStore)
  const clients = new Map<number, Store>()

  async function perform({ client, method, args }: Call): Promise<unknown> {
    const backend = await loaded
    if (method === 'load') return
    if (method === 'open' || method === 'broken') {
      const store = await backend[method]?.()
      if (store !== undefined) clients.set(client, store)
      return
    }
    const store = clients.get(client)
    if (store === undefined) throw new Error(`there is no client ${client}`)
    if (method !== 'close') return Reflect.apply(store[method], store, args)
    clients.delete(client)
    await backend.close?.(store)
  }

  const answer = (answered: Answer) => process.send?.(answered, (error: Error | null) => error && process.exit(1))
  process.on('message', async (call: Call) => {
    try {
      answer({ call: call.call, value: await perform(call) })
    } catch (error) {
      answer({ call: call.call, error: messageOf(error) })
    }
  })
  process.on('disconnect', () => process.exit())
}

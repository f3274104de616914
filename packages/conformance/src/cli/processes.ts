/** Clients of a backend that live in other processes: what one process remembers, or locks, cannot answer for all. */
import { fork } from 'node:child_process'
import type { Store } from '@sallyport/core'
import type { StoreBackend } from '../store/backend.js'
import { attempt } from './module.js'

/** What a process is asked to do, for which of its clients. */
export interface Call {
  readonly call: number
  readonly client: number
  readonly method: 'load' | 'open' | 'broken' | 'close' | keyof Store
  readonly args: readonly unknown[]
}

/** What came of it: `error` where it failed. */
export interface Answer {
  readonly call: number
  readonly value?: unknown
  readonly error?: string
}

interface Process {
  perform(client: number, method: Call['method'], ...args: readonly unknown[]): Promise<unknown>
  end(): void
}

/** A backend whose clients take turns at being in one of several processes. */
export interface Spread extends StoreBackend {
  /** Ends the processes. */
  end(): void
}

/**
 * @param path of the module, which every process loads for itself
 * @param count of processes
 * @param backend of that module, for what it declares
 * @throws NothingRan where the module does not load in another process
 */
export async function spread(path: string, count: number, backend: StoreBackend): Promise<Spread> {
  const processes = Array.from({ length: count }, () => start(path))
  const close = new Map<Store, () => Promise<unknown>>()
  let opened = 0
  const clientOf = async (method: 'open' | 'broken'): Promise<Store> => {
    const client = opened++
    const { perform } = processes[client % count] as Process
    await perform(client, method)
    const store = Object.fromEntries(
      (['get', 'put', 'delete'] as const).map(name => [
        name,
        (...args: readonly unknown[]) => perform(client, name, ...args),
      ]),
    ) as unknown as Store
    close.set(store, () => perform(client, 'close'))
    return store
  }
  const end = () => {
    for (const process of processes) process.end()
  }
  try {
    await attempt(`${path} could not be loaded in another process`, () =>
      Promise.all(processes.map(({ perform }) => perform(0, 'load'))),
    )
  } catch (error) {
    end()
    throw error
  }
  return {
    open: () => clientOf('open'),
    async close(store) {
      await close.get(store)?.()
      close.delete(store)
    },
    ...(backend.broken && { broken: () => clientOf('broken') }),
    ...(backend.capabilities && { capabilities: backend.capabilities }),
    end,
  }
}

function start(path: string): Process {
  const child = fork(process.argv[1] ?? '', ['serve', path], {
    serialization: 'advanced',
    // What a module prints must not get into the report.
    stdio: ['ignore', 2, 2, 'ipc'],
  })
  const waiting = new Map<number, { resolve(value: unknown): void; reject(error: Error): void }>()
  let calls = 0
  const settle = ({ call, value, error }: Answer) => {
    const { resolve, reject } = waiting.get(call) ?? {}
    waiting.delete(call)
    if (error === undefined) resolve?.(value)
    else reject?.(new Error(error))
  }
  const fail = (error: string) => {
    for (const call of waiting.keys()) settle({ call, error })
  }
  child.on('message', message => settle(message as Answer))
  child.on('error', error => fail(error.message))
  child.on('exit', code => fail(`its process ended with ${code}`))
  return {
    perform: (client, method, ...args) =>
      new Promise((resolve, reject) => {
        const call: Call = { call: ++calls, client, method, args }
        waiting.set(call.call, { resolve, reject })
        child.send(call, error => error && settle({ call: call.call, error: error.message }))
      }),
    end: () => child.connected && child.disconnect(),
  }
}

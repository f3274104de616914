/** What goes through a driver adapter: the statements, and the beginnings and ends of transactions. */
interface Adapter {
  [name: string]: unknown
}

interface Factory {
  provider: string
  adapterName: string
  connect(): Promise<Adapter>
}

/** @param said grows by each statement as it is sent */
export function recordingTo(said: string[]) {
  return (factory: unknown): unknown => {
    const { provider, adapterName } = factory as Factory
    const connect = async () => recorded(await (factory as Factory).connect(), said)
    return { provider, adapterName, connect }
  }
}

function recorded(adapter: Adapter, said: string[]): Adapter {
  return new Proxy(adapter, {
    get(target, name) {
      const member = target[name as string]
      if (typeof member !== 'function') return member
      return (...given: unknown[]) => {
        if (name === 'queryRaw' || name === 'executeRaw') said.push((given[0] as { sql: string }).sql)
        if (name === 'executeScript') said.push(String(given[0]))
        if (name !== 'startTransaction') return Reflect.apply(member, target, given)
        said.push('BEGIN')
        const beginning: Promise<Adapter> = Reflect.apply(member, target, given)
        return beginning.then(transaction => ended(recorded(transaction, said), said))
      }
    },
  })
}

/** Some adapters end a transaction by a statement, others by a method. */
function ended(transaction: Adapter, said: string[]): Adapter {
  return new Proxy(transaction, {
    get(target, name) {
      if (name !== 'commit' && name !== 'rollback') return target[name as string]
      return () => {
        const end = name.toUpperCase()
        if (said.at(-1) !== end) said.push(end)
        return (target[name] as () => Promise<void>)()
      }
    },
  })
}

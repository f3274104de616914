/** How to connect to what is to be proven. */
export interface Opens<Client> {
  open(): Client | Promise<Client>
  close?(client: Client): void | Promise<void>
  broken?(): Client | Promise<Client>
}

/** Several clients of one backend. */
export interface Clients<Client> {
  readonly all: readonly Client[]
  /** Opens until there are this many. */
  open(count: number): Promise<void>
  /** One that cannot reach the backend. It is closed with the others, and may fail to. */
  broken(): Promise<Client>
  /** Closes all, also where one does not close; then throws what the first of them threw. */
  close(): Promise<void>
}

/**
 * @param kind what a client is called in a complaint
 * @param methods those that it must have
 */
export function clientsOf<Client extends object>(
  backend: Opens<Client>,
  kind: string,
  methods: readonly (keyof Client & string)[],
): Clients<Client> {
  const all: Client[] = []
  const brokenOnes: Client[] = []
  const checked = (name: string, client: Client): Client => {
    for (const method of methods) {
      if (typeof client?.[method] !== 'function')
        throw new TypeError(`${name}() gave no ${kind}: ${method} is no function`)
    }
    return client
  }
  return {
    all,
    async open(count) {
      while (all.length < count) all.push(checked('open', await backend.open()))
    },
    async broken() {
      if (backend.broken === undefined) throw new TypeError('backend.broken is not given')
      const client = checked('broken', await backend.broken())
      brokenOnes.push(client)
      return client
    },
    async close() {
      const end = async (client: Client) => backend.close?.(client)
      const [closed] = await Promise.all([Promise.allSettled(all.map(end)), Promise.allSettled(brokenOnes.map(end))])
      for (const result of closed) if (result.status === 'rejected') throw result.reason
    },
  }
}

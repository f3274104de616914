/** A proxy before a server of Redis, which loses connections at the worst moment. */
import { once } from 'node:events'
import { connect, createServer, type Socket } from 'node:net'
import { commandReader } from './resp.js'

/** What is to happen to one command. */
export interface Loss {
  command: string
  /** `before`: the server never sees it. `after`: the server has answered, and the client never learns what. */
  when: 'before' | 'after'
  /** Done before the client's connection is dropped. */
  meanwhile?: () => Promise<void>
}

/** What goes through one proxy, or through several before the nodes of a cluster. */
export interface Traffic {
  /** Every command that clients sent, its name in upper case, also those that were lost. */
  commands: string[][]
  /** They come to pass one after the other, each at the next command of its name. */
  losses: Loss[]
}

export interface LossyProxy {
  port: number
  url: string
  /** Leads to another server from now on, and drops the connections to the one before. */
  leadTo(port: number): void
  stop(): Promise<void>
}

export const newTraffic = (): Traffic => ({ commands: [], losses: [] })

export async function startProxy(target: number, { commands, losses }: Traffic): Promise<LossyProxy> {
  const sockets = new Set<Socket>()
  let leadsTo = target

  function dropAll() {
    for (const socket of sockets) socket.destroy()
  }

  const server = createServer(client => {
    const upstream = connect(leadsTo, '127.0.0.1')
    const read = commandReader()
    let loss: Loss | undefined
    let dropping = false
    for (const [socket, other] of [
      [client, upstream],
      [upstream, client],
    ] as const) {
      sockets.add(socket.setNoDelay(true))
      socket.on('error', () => {})
      socket.on('close', () => {
        sockets.delete(socket)
        other.destroy()
      })
    }

    async function drop() {
      if (dropping) return
      dropping = true
      await loss?.meanwhile?.()
      client.destroy()
    }

    client.on('data', bytes => {
      for (const { bytes: command, args } of read(bytes)) {
        const [name = '', ...others] = args
        commands.push([name.toUpperCase(), ...others])
        // What came after the lost command on this connection is lost with it.
        if (loss !== undefined) return
        if (losses[0]?.command === name.toUpperCase()) loss = losses.shift()
        if (loss?.when === 'before') void drop()
        else upstream.write(command)
      }
    })
    upstream.on('data', bytes => {
      if (loss === undefined) client.write(bytes)
      else if (loss.when === 'after') void drop()
    })
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  const address = server.address()
  if (typeof address !== 'object' || address === null) throw new Error('the proxy has no port')

  return {
    port: address.port,
    url: `redis://127.0.0.1:${address.port}`,
    leadTo(port) {
      leadsTo = port
      dropAll()
    },
    async stop() {
      const closed = once(server, 'close')
      server.close()
      dropAll()
      await closed
    },
  }
}

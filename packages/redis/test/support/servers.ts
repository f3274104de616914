/** Servers that a test needs for itself: to break, to promote, to lock up. Others are shared, by the variables. */
import { writeFileSync } from 'node:fs'
import { setTimeout as pause } from 'node:timers/promises'
import { createClient } from 'redis'
import { folderFor, type Server, startServer, withFreePorts } from '../../../../scripts/servers/server.mjs'

/** Who may do anything, on a connection of its own. */
export interface Operator {
  run(...args: string[]): Promise<unknown>
  close(): void
}

/** Asked to stop, a primary would wait for its replicas; nobody needs its data. */
const signal = 'SIGKILL'

export interface RedisServer {
  port: number
  url: string
  operator: Operator
  stop(): Promise<void>
}

/** Of three primaries. */
export interface RedisCluster {
  urls: string[]
  nodes: RedisServer[]
  stop(): Promise<void>
}

const slots = 16_384

export async function operate(url: string): Promise<Operator> {
  const client = createClient({ url })
  client.on('error', () => {})
  await client.connect()
  return { run: (...args) => client.sendCommand(args), close: () => client.destroy() }
}

/** @param settings as on the command line of redis-server; by default it keeps an AOF and evicts nothing */
export function startRedis(...settings: string[]): Promise<RedisServer> {
  return withFreePorts(1, port => startAt(port, settings))
}

/** A node of no cluster yet. */
function startNode(): Promise<RedisServer> {
  return withFreePorts(2, (port, busPort) =>
    startAt(port, ['--cluster-enabled', 'yes', '--cluster-port', String(busPort)]),
  )
}

async function startAt(port: number, settings: readonly string[]): Promise<RedisServer> {
  const folder = folderFor('redis')
  const place = ['--port', String(port), '--bind', '127.0.0.1', '--dir', folder]
  const memory = ['--save', '', '--appendonly', 'yes', '--appendfsync', 'no', '--repl-diskless-sync-delay', '0']
  const ready = /Ready to accept connections/
  return serverAt(port, await startServer('redis', [...place, ...memory, ...settings], { folder, ready, signal }))
}

async function serverAt(port: number, server: Server): Promise<RedisServer> {
  const url = `redis://127.0.0.1:${port}`
  const operator = await operate(url)
  const stop = async () => {
    operator.close()
    await server.stop()
  }
  return { port, url, operator, stop }
}

/** Makes `replica` follow `primary`, and waits until it has caught up. */
export async function follow(replica: RedisServer, primary: RedisServer): Promise<void> {
  await replica.operator.run('REPLICAOF', '127.0.0.1', String(primary.port))
  await caughtUp(primary)
}

/** Waits until one replica holds every write of before. */
export async function caughtUp(primary: RedisServer): Promise<void> {
  await primary.operator.run('SET', 'caught up', 'now')
  if ((await primary.operator.run('WAIT', '1', '20000')) !== 1) throw new Error('no replica has caught up')
}

/** Both have changed their roles afterwards, and the one that follows has loaded what it follows: while it loads it would say that. */
export async function failOver(from: RedisServer, to: RedisServer): Promise<void> {
  await to.operator.run('REPLICAOF', 'NO', 'ONE')
  await follow(from, to)
}

/** A Sentinel that alone decides, by the name of `main`, and only when it is told to: a primary that is slow is not down. */
export function startSentinel(primary: RedisServer): Promise<RedisServer> {
  return withFreePorts(1, async port => {
    const folder = folderFor('sentinel')
    const settings = [
      `port ${port}`,
      'bind 127.0.0.1',
      `dir ${folder}`,
      `sentinel monitor main 127.0.0.1 ${primary.port} 1`,
      'sentinel down-after-milliseconds main 30000',
    ]
    const file = `${folder}/sentinel.conf`
    writeFileSync(file, `${settings.join('\n')}\n`)
    return serverAt(port, await startServer('redis', [file, '--sentinel'], { folder, ready: /\+slave slave /, signal }))
  })
}

/** Three primaries, each with a third of the slots. */
export async function startCluster(): Promise<RedisCluster> {
  const nodes = await Promise.all([startNode(), startNode(), startNode()])
  const third = Math.ceil(slots / nodes.length)
  for (const [index, node] of nodes.entries()) {
    const last = Math.min(slots, third * (index + 1)) - 1
    await node.operator.run('CLUSTER', 'ADDSLOTSRANGE', String(third * index), String(last))
    await node.operator.run('CLUSTER', 'SET-CONFIG-EPOCH', String(index + 1))
  }
  await Promise.all(nodes.slice(1).map(node => meet(node, nodes[0])))
  await Promise.all(nodes.map(node => told(node, 'INFO', 'cluster_state:ok')))
  await Promise.all(nodes.map(node => told(node, 'INFO', 'cluster_known_nodes:3')))
  const stop = async () => void (await Promise.all(nodes.map(node => node.stop())))
  return { urls: nodes.map(({ url }) => url), nodes, stop }
}

/** Gives every primary of a cluster a replica. `asked`: what those tell of how often they were asked. */
export async function addReplicas({ nodes }: RedisCluster) {
  const replicas = await Promise.all(
    nodes.map(async primary => {
      const id = String(await primary.operator.run('CLUSTER', 'MYID'))
      const replica = await startNode()
      await meet(replica, primary)
      await told(replica, 'NODES', `${id} `)
      await replica.operator.run('CLUSTER', 'REPLICATE', id)
      return replica
    }),
  )
  await Promise.all(nodes.map(({ operator }) => operator.run('WAIT', '1', '20000')))
  return {
    async asked(...commands: string[]): Promise<string[]> {
      const stats = await Promise.all(replicas.map(({ operator }) => operator.run('INFO', 'commandstats')))
      const lines = stats.flatMap(text => String(text).split('\r\n'))
      return lines.filter(line => commands.some(command => line.startsWith(`cmdstat_${command}:`)))
    },
    stop: async () => void (await Promise.all(replicas.map(replica => replica.stop()))),
  }
}

async function meet(node: RedisServer, known: RedisServer | undefined): Promise<void> {
  if (known === undefined) throw new Error('nobody to meet')
  const [, busPort = ''] = /@(\d+) myself/.exec(String(await known.operator.run('CLUSTER', 'NODES'))) ?? []
  await node.operator.run('CLUSTER', 'MEET', '127.0.0.1', String(known.port), busPort)
}

/** Nodes talk among themselves, and tell nobody when they are done. */
async function told({ operator }: RedisServer, what: 'INFO' | 'NODES', words: string): Promise<void> {
  while (!String(await operator.run('CLUSTER', what)).includes(words)) await pause(10)
}

/** A server of the whole run, by its variable. */
export function sharedServer(variable: 'SALLYPORT_TEST_REDIS_URL' | 'SALLYPORT_TEST_REDIS_CLUSTER_URL'): string {
  const url = process.env[variable]
  if (url === undefined || url === '') throw new Error(`${variable} is not set: scripts/servers/setup.mjs sets it`)
  return url
}

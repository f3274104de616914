/** Redis: a single server, and a cluster of three masters. */
import { setTimeout as pause } from 'node:timers/promises'
import { run } from '../lib/processes.mjs'
import { must, StepFailed } from '../lib/steps.mjs'
import { folderFor, programAt, startServer, withFreePorts } from './server.mjs'

/**
 * @param {number} port
 * @param {readonly string[]} [settings]
 * @returns {Promise<import('./server.mjs').Server & { port: number }>}
 */
async function startNode(port, settings = []) {
  const folder = folderFor('redis')
  const memory = ['--save', '', '--appendonly', 'yes', '--appendfsync', 'no', '--maxmemory-policy', 'noeviction']
  const args = ['--port', String(port), '--bind', '127.0.0.1', '--dir', folder, ...memory, ...settings]
  const server = await startServer('redis', args, { folder, ready: /Ready to accept connections/ })
  return { port, ...server }
}

/** @returns {Promise<import('./server.mjs').Server & { url: string }>} */
export async function startRedis() {
  const { port, stop } = await withFreePorts(1, at => startNode(at))
  return { url: `redis://127.0.0.1:${port}`, stop }
}

/** @returns {Promise<import('./server.mjs').Server & { url: string }>} the URLs of all nodes, with commas between */
export async function startRedisCluster() {
  const started = await Promise.allSettled(
    [1, 2, 3].map(() =>
      withFreePorts(2, (port, busPort) =>
        startNode(port, ['--cluster-enabled', 'yes', '--cluster-port', String(busPort)]),
      ),
    ),
  )
  const nodes = started.flatMap(one => (one.status === 'fulfilled' ? [one.value] : []))
  const stop = async () => void (await Promise.all(nodes.map(node => node.stop())))
  const addresses = nodes.map(({ port }) => `127.0.0.1:${port}`)
  try {
    for (const one of started) if (one.status === 'rejected') throw one.reason
    await must(programAt('redis-cli'), ['--cluster', 'create', ...addresses, '--cluster-yes'])
    await Promise.all(nodes.map(({ port }) => untilJoined(port)))
  } catch (error) {
    await stop()
    throw error
  }
  return { url: addresses.map(address => `redis://${address}`).join(','), stop }
}

/**
 * Each node learns on its own that all slots are served.
 *
 * @param {number} port
 */
async function untilJoined(port) {
  const ask = () => run(programAt('redis-cli'), ['-p', String(port), 'cluster', 'info'])
  for (let tries = 0; !(await ask()).output.includes('cluster_state:ok'); tries++) {
    if (tries > 600) throw new StepFailed(`the node of the Redis Cluster at port ${port} does not join it`)
    await pause(50)
  }
}

/**
 * `node scripts/servers.mjs`: starts the servers that the tests talk to, those apart that a variable points to already. Prints one
 * line of JSON, the variables to set; keeps the servers until its standard input ends or it is asked to stop, and stops what it
 * started. Tests start it by scripts/servers/setup.mjs; who starts it by hand and sets the variables saves the wait at each run.
 */
import { endChildren } from './lib/processes.mjs'
import { StepFailed } from './lib/steps.mjs'
import { startMariadb } from './servers/mariadb.mjs'
import { startPostgresql } from './servers/postgresql.mjs'
import { startRedis, startRedisCluster } from './servers/redis.mjs'
import { stopStarting } from './servers/server.mjs'

/** How each is started, by the variable that points to another. */
const starters = {
  SALLYPORT_TEST_REDIS_URL: startRedis,
  SALLYPORT_TEST_REDIS_CLUSTER_URL: startRedisCluster,
  SALLYPORT_TEST_POSTGRES_URL: startPostgresql,
  SALLYPORT_TEST_MYSQL_URL: startMariadb,
}

/** @type {import('./servers/server.mjs').Server[]} */
const running = []
let stopping = false

async function stop(code = 0) {
  if (stopping) return
  stopping = true
  await Promise.all([stopStarting(), ...running.map(server => server.stop())])
  await endChildren()
  process.exit(code)
}
for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP']) process.on(signal, () => stop())
process.stdin.on('end', () => stop()).resume()

const missing = Object.entries(starters).filter(([variable]) => !process.env[variable])
const started = await Promise.allSettled(
  missing.map(async ([variable, start]) => {
    const server = await start()
    if (stopping) return server.stop()
    running.push(server)
    return /** @type {const} */ ([variable, server.url])
  }),
)
const failures = started.flatMap(one => (one.status === 'rejected' ? [one.reason] : []))
for (const failure of failures) console.error(failure instanceof StepFailed ? failure.message : failure)
if (failures.length > 0) await stop(1)
else
  console.log(
    JSON.stringify(
      Object.fromEntries(started.flatMap(one => (one.status === 'fulfilled' && one.value ? [one.value] : []))),
    ),
  )

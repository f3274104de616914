/** What the settings of a server mean for records that must not be lost. */

/** Something about a server that does not stop the store, and that an operator should know. */
export interface RedisWarning {
  /**
   * `evicts`: Redis may drop records when memory is full. `no_aof`: a crash loses what was written since the last snapshot.
   * `replica`: the connection leads to a replica. `too_old`: a server older than 6.2.
   */
  code: 'evicts' | 'no_aof' | 'replica' | 'too_old'
  /** One clause for the log; of a cluster it says how many nodes it is about. */
  message: string
}

type Info = ReadonlyMap<string, string>

/**
 * Asks a server through a key, since only by that every client finds its way; INFO is at hand where CONFIG is not. A node of a
 * cluster also tells how many there are.
 */
const infoScript = `local info = redis.call('INFO')
if string.find(info, 'cluster_enabled:1', 1, true) then info = info .. redis.call('CLUSTER', 'INFO') end
return info`

/** Keys that are tried per node: one that owns a tenth of its fair share of the slots is met all the same, almost certainly. */
const probesPerNode = 64

/**
 * @param evaluate runs a script for one key, where that key lives
 * @param keyOf makes the key of a probe
 */
export async function checkServers(
  evaluate: (script: string, key: string) => Promise<string | null>,
  keyOf: (probe: string) => string,
): Promise<RedisWarning[]> {
  const nodes = new Map<string, Info>()
  let size = 1
  for (let probe = 0; nodes.size < size && probe < size * probesPerNode; probe++) {
    const info = readInfo((await evaluate(infoScript, keyOf(`check ${probe}`))) ?? '')
    nodes.set(info.get('run_id') ?? '', info)
    size = Number(info.get('cluster_size') ?? 1)
  }
  const warnings = [...nodes.values()].flatMap(judge)
  const messages = new Map(warnings.map(({ message, code }) => [message, code]))
  return [...messages].map(([message, code]) => {
    const count = warnings.filter(warning => warning.message === message).length
    return { code, message: size > 1 ? `${message} (${count} of ${size} nodes)` : message }
  })
}

function readInfo(text: string): Info {
  const lines = text.split(/\r?\n/).filter(line => line.includes(':'))
  return new Map(lines.map(line => [line.slice(0, line.indexOf(':')), line.slice(line.indexOf(':') + 1)]))
}

function judge(info: Info): RedisWarning[] {
  const warnings: RedisWarning[] = []
  const version = info.get('redis_version') ?? ''
  const [major, minor] = version.split('.').map(Number)
  if (major !== undefined && minor !== undefined && (major < 6 || (major === 6 && minor < 2))) {
    warnings.push({ code: 'too_old', message: `Redis ${version} is older than 6.2, the first with GETEX and PXAT` })
  }
  const policy = info.get('maxmemory_policy') ?? 'noeviction'
  if (policy !== 'noeviction') {
    const lost = policy.startsWith('volatile') ? 'records that expire, such as limits on sends' : 'second factors'
    const message = `maxmemory-policy ${policy} drops ${lost} when memory is full: set noeviction`
    warnings.push({ code: 'evicts', message })
  }
  if (info.get('aof_enabled') === '0') {
    warnings.push({ code: 'no_aof', message: 'appendonly is off: a crash brings back used codes and lower counts' })
  }
  if (info.get('role') === 'slave') {
    const message =
      info.get('slave_read_only') === '0'
        ? 'this is a replica with replica-read-only no: it answers, may be behind, and loses what is written to it'
        : 'this is a replica: it refuses every read and write of the store'
    warnings.push({ code: 'replica', message })
  }
  return warnings
}

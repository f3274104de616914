import { inspect } from 'node:util'
import { describe, expect, it } from 'vitest'
import { clientFailure, describeFailure, isNoScript } from '../src/failures.js'
import { encodeRecord } from '../src/record.js'
import { newRecord } from './support/records.js'

describe('what a client threw', () => {
  const scriptOf62 = 'ERR Error running script (call to f_0156): @user_script:7: @user_script: 7: '
  const tooOld = "ERR unknown command 'GETEX', with args beginning with: 'a'"
  it.each([
    ["NOPERM this user has no permissions to run the 'getex' command", /lacks a right/],
    ["ERR The user executing the script can't run this command or subcommand", /lacks a right/],
    [
      "ERR The user executing the script can't access at least one of the keys mentioned in the command",
      /lacks a right/,
    ],
    ['NOAUTH Authentication required.', /password is missing or wrong/],
    ['WRONGPASS invalid username-password pair or user is disabled.', /password is missing or wrong/],
    ["READONLY You can't write against a read only replica.", /replica/],
    [`${scriptOf62}-READONLY You can't write against a read only replica.`, /replica/],
    ['MASTERDOWN Link with MASTER is down and replica-serve-stale-data is set to no.', /replica/],
    ['NOREPLICAS Not enough good replicas to write.', /fewer replicas/],
    ["OOM command not allowed when used memory > 'maxmemory'.", /memory is full/],
    ['MISCONF Redis is configured to save RDB snapshots', /disk/],
    ['MOVED 3999 127.0.0.1:6381', /is a cluster/],
    ['CLUSTERDOWN The cluster is down', /cluster is down/],
    ['LOADING Redis is loading the dataset in memory', /loading/],
    ['BUSY Redis is busy running a script.', /busy/],
    ['WRONGTYPE Operation against a key holding the wrong kind of value', /no record/],
    [tooOld, /6\.2 or later/],
    [
      'Reached the max retries per request limit (which is 20). Refer to "maxRetriesPerRequest" option for details.',
      /reached/,
    ],
    ['All the root nodes are unavailable', /reached/],
    ['Command timed out', /reached/],
    ['The client is closed', /not connected/],
    ['Socket closed unexpectedly', /not connected/],
    ["Stream isn't writeable and enableOfflineQueue options is false", /not connected/],
    ['something else', /^Redis failed$/],
  ])('R41: is said in words of ours: %s', (message, said) => {
    expect(describeFailure(new Error(message))).toMatch(said)
  })

  it('R41: is said in words of ours also where only its code, its class, or what is inside tells', () => {
    class TimeoutError extends Error {}
    const refused = Object.assign(new Error(''), { code: 'ECONNREFUSED' })
    const lastNodeError = new Error('WRONGPASS invalid username-password pair or user is disabled.')
    const allFailed = Object.assign(new Error('Failed to refresh slots cache.'), { lastNodeError })
    expect(describeFailure(refused)).toBe('Redis cannot be reached')
    expect(describeFailure(new TimeoutError())).toBe('Redis cannot be reached')
    expect(describeFailure(allFailed)).toMatch(/password is missing or wrong/)
    for (const odd of [undefined, null, 1, 'text', {}, Object.create(null)])
      expect(describeFailure(odd)).toBe('Redis failed')
  })

  it('is NOSCRIPT in whatever words a client puts it', () => {
    expect(isNoScript(new Error('NOSCRIPT No matching script. Please use EVAL.'))).toBe(true)
    expect(isNoScript(new Error('An error was signalled by the server: - NoScriptError: No matching script.'))).toBe(
      true,
    )
    expect(isNoScript(new Error('ERR value is not an integer or out of range'))).toBe(false)
  })

  it('R40: is the cause, without the arguments that ioredis adds: a password, a record', () => {
    const record = encodeRecord(newRecord())
    const command = { name: 'EVALSHA', args: ['hunter2', record] }
    const lastNodeError = Object.assign(new Error('WRONGPASS'), { command })
    const thrown = [lastNodeError, Object.assign(new Error('Failed to refresh slots cache.'), { lastNodeError })]
    for (const error of thrown) {
      const { cause } = clientFailure(error)
      expect(cause).toMatchObject({ message: error.message, name: error.name, stack: error.stack })
      expect(inspect(cause)).not.toMatch(/hunter2|EVALSHA/)
    }
    const plain = new Error('The client is closed')
    expect(clientFailure(plain).cause).toBe(plain)
  })
})

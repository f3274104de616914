import { randomBytes } from 'node:crypto'
import { memoryStore } from '@sallyport/memory'
import { describe, expect, it } from 'vitest'
import { makeGatehouse } from '../../src/flows/gatehouse.js'
import { checkOptions } from '../../src/options.js'
import { largestBody, sealRecord, unknownHistory } from '../../src/store/record.js'
import { makeRecords } from '../../src/store/records.js'
import { type SubjectState, stateSchema } from '../../src/subject/state.js'
import { makeKeyring } from '../../src/vault/keyring.js'
import { expectRefusal } from '../support/harness.js'

/** The widest of each: what takes most bytes where the limits count characters. Moments are whole: core rounds its clock. */
const id = 'f'.repeat(32)
const digest = 'f'.repeat(64)
const hash = 'x'.repeat(43)
/** 64 characters, and 128 bytes in JSON. */
const name = '"'.repeat(64)
const moment = 4_102_444_800_000
const channels = Array.from({ length: 4 }, (_, number) => `channel${number}`.padEnd(32, 'x'))
const address = '"'.repeat(127)
const times = <T>(count: number, one: T): T[] => Array.from({ length: count }, () => one)

/** As full as the limits of R53 let it be. */
const fullest: SubjectState = {
  epoch: id,
  generation: moment,
  authenticators: times(5, {
    id,
    name,
    secret: 'A'.repeat(205),
    algorithm: 'SHA512',
    digits: 8,
    period: 300,
    lastStep: moment,
    createdAt: moment,
    lastUsedAt: moment,
  }),
  recoveryCodes: { key: hash, codes: times(10, { hash, usedAt: moment }), createdAt: moment },
  destinations: channels.map(channel => ({ channel, address, createdAt: moment, lastUsedAt: moment })),
  sentCodes: channels.flatMap(channel =>
    times(3, {
      challenge: id,
      channel,
      key: hash,
      firstSentAt: moment,
      sentAt: moment,
      expiresAt: moment,
    }),
  ),
  sends: moment,
  attempts: Object.fromEntries(
    ['totp', 'enrollment', ...channels, ...channels.map(channel => `destination:${channel}`)].map(budget => [
      budget,
      { failures: 100, lastFailureAt: moment, rung: 7, lockedUntil: moment, endsBy: moment, suspended: false },
    ]),
  ),
  spent: times(64, { id, until: moment }),
  trustedDevices: times(10, {
    id,
    hash,
    name,
    credential: digest,
    channel: channels[0] ?? null,
    createdAt: moment,
    expiresAt: moment,
  }),
  allowlist: times(50, {
    id,
    network: 'ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff/128',
    name,
    proof: 'strong',
    createdAt: moment,
  }),
  permit: id,
}

describe('the fullest record', () => {
  it('R53: is not written where it has grown past that all the same: it would never open again', async () => {
    const store = memoryStore()
    const keyring = makeKeyring([randomBytes(32).toString('base64')])
    const records = makeRecords({ store, keyring, namespace: '', deadline: 1000 })
    const grow = (count: number) =>
      records.update(
        'alice',
        ({ state }) => ({
          state: { ...state, spent: times(count, { id, until: moment }) },
          events: [],
          outcome: undefined,
        }),
        false,
      )
    await grow(64)
    await expectRefusal(grow(640), 'limit_reached')
    expect((await records.read('alice')).state.spent).toHaveLength(64)
  })

  it('R53: holds whole milliseconds, whatever clock the application has', () => {
    const options = { issuer: 'Acme', keys: [randomBytes(32).toString('base64')], store: memoryStore() }
    expect(makeGatehouse(checkOptions({ ...options, clock: () => 1_772_366_400_000.1235 })).now()).toBe(
      1_772_366_400_000,
    )
  })

  it('R53: fits the body that every store takes', () => {
    expect(stateSchema.parse(fullest)).toEqual(fullest)
    const keyring = makeKeyring([randomBytes(32).toString('base64')])
    const before = unknownHistory.map(() => id)
    const place = { namespace: '', key: digest, version: id }
    const body = sealRecord(keyring, place, { state: fullest, expiresAt: moment, before })
    // And room for the counts of a few channels that are not configured any more.
    expect(body.length).toBeLessThanOrEqual(largestBody - 512)
  })
})

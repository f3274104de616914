import { type ChannelBackend, type ConformanceCase, channelSuite } from '@sallyport/conformance'
import { describe, expect, it } from 'vitest'
import { brokenChannels } from './broken-channels.js'
import { channelBackend } from './good-channel.js'

const caseOf = (id: string, backend: ChannelBackend): ConformanceCase => {
  const found = channelSuite(backend).find(each => each.id === id)
  if (found === undefined) throw new Error(`no case ${id}`)
  return found
}

describe.concurrent('the kit, against channels that break the contract', { timeout: 60_000 }, () => {
  it.each(brokenChannels)('R28: $caughtBy catches a channel that $does', async ({ caughtBy, broken }) => {
    const failed = await caseOf(caughtBy, channelBackend(broken))
      .run()
      .then(
        () => expect.fail('it passed'),
        (error: Error) => error,
      )
    // By a finding, and neither because time was over nor because the kit stumbled.
    expect(failed.message).not.toMatch(/^(not done|Cannot read)/)
  })
})

describe('the kit', { timeout: 60_000 }, () => {
  it('R28: passes a channel that keeps the contract, also where all cases run at once, and twice', async () => {
    const backend = channelBackend()
    const cases = [...channelSuite(backend), ...channelSuite(backend)]
    expect(cases.filter(({ excused }) => excused !== null)).toEqual([])
    await Promise.all(cases.map(each => each.run()))
  })

  it('has no case that no broken channel shows to be able to fail', () => {
    const ids = channelSuite(channelBackend()).map(({ id }) => id)
    expect([...new Set(brokenChannels.map(({ caughtBy }) => caughtBy))].sort()).toEqual(ids.sort())
  })
})

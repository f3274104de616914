import { brokenChannels } from '../broken-channels.js'
import { channelBackend } from '../good-channel.js'

export default channelBackend(brokenChannels.find(({ caughtBy }) => caughtBy === 'refused/rejects')?.broken)

import { channelBackend } from '../good-channel.js'

export default channelBackend()

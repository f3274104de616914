import { describe } from '../../describe.js'
import type { ChannelCase } from '../trial.js'

const form = /^[a-z][a-z0-9_]{0,31}$/
const taken = ['totp', 'recovery_code', 'enrollment', 'constructor']
/** Of RFC 8176: names of other and often stronger ways to authenticate, which `amr` would claim of a code that was sent (R27). */
const stronger = 'face fpt geo hwk iris kba mca mfa otp pin pwd rba retina sc swk user vbm wia'.split(' ')

/** What the channel is called. */
export const identity: readonly ChannelCase[] = [
  {
    id: 'id/form',
    title:
      'the id is lower-case letters, digits and _, at most 32, and neither a method’s name nor a stronger one of RFC 8176',
    why: 'Core takes no other channel. The application does not start.',
    async run({ channel: { id } }) {
      if (typeof id !== 'string' || !form.test(id)) throw new Error(`the id is ${describe(id)}`)
      if (taken.includes(id)) throw new Error(`the id is "${id}", which is a method or a budget already`)
      if (stronger.includes(id)) throw new Error(`the id is "${id}", which RFC 8176 calls something stronger`)
    },
  },
  {
    id: 'id/stable',
    title: 'every channel that is opened has the same id',
    why: 'Addresses are on record under the id. Under another one, after a restart, nobody can be sent a code.',
    async run({ channel, other }) {
      const ids = [channel.id, other.id, channel.id]
      if (new Set(ids).size > 1) throw new Error(`the id is ${ids.map(describe).join(', then ')}`)
    },
  },
]

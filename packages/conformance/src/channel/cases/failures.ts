import { late, pause, within } from '../../deadline.js'
import { leak, never, rejects, sends } from '../expect.js'
import { newMessage } from '../messages.js'
import type { ChannelCase } from '../trial.js'

/** ms that are enough to reject in, or to be done where nothing hangs, also on a machine that has much else to do. */
const promptly = 4_000
/** ms for which a delivery that nobody answers is watched. */
const watch = 300
/** ms for an answer that says no. */
const patience = 5_000

/** What becomes of a code that is refused, of which nothing is heard, or that is called off. */
export const failures: readonly ChannelCase[] = [
  {
    id: 'refused/rejects',
    title: 'send rejects where the far side refuses the address',
    why: 'Who is told that a code is on its way waits for it, and does not take another method.',
    needs: ['refusedAddress'],
    async run({ channel, address }) {
      await rejects(channel.send(newMessage(address('refusedAddress')), never()), 'the address was refused', patience)
    },
  },
  {
    id: 'refused/next',
    title: 'a code arrives after another was refused',
    why: 'One person’s mistyped address must not end the deliveries to all others.',
    needs: ['address', 'refusedAddress'],
    async run({ channel, address, arrives }) {
      await channel.send(newMessage(address('refusedAddress')), never()).catch(() => {})
      const message = newMessage(address())
      await sends(channel, message)
      await arrives([message])
    },
  },
  {
    id: 'refused/quiet',
    level: 'SHOULD',
    title: 'what send rejects with holds neither the code nor the address',
    why: 'Core drops it unread. But who wants to know why nothing is delivered logs it, and codes and addresses belong in no log.',
    needs: ['refusedAddress'],
    async run({ channel, address }) {
      const message = newMessage(address('refusedAddress'))
      const error = await rejects(channel.send(message, never()), 'the address was refused', patience)
      const where = leak(error, [message.code, message.to])
      if (where !== null) throw new Error(`code or address is in ${where}`)
    },
  },
  {
    id: 'silent/waits',
    title: 'send does not resolve while the far side has not answered',
    why: 'Resolved is delivered, to core and to the person. A channel that does not wait never fails, whatever becomes of its messages.',
    needs: ['silentAddress'],
    async run({ channel, address }) {
      const abort = new AbortController()
      const delivery = channel.send(newMessage(address('silentAddress')), abort.signal)
      const early = await within(
        () =>
          delivery.then(
            () => 'resolved',
            () => 'rejected',
          ),
        watch,
      )
      abort.abort()
      if (early === 'resolved') throw new Error('send resolved, and the far side had not answered')
    },
  },
  {
    id: 'silent/abort',
    title: 'send rejects once the signal aborts, where the far side does not answer',
    why: 'Core has gone on without it. What still hangs keeps a connection, and enough of them keep all.',
    needs: ['silentAddress'],
    async run({ channel, address }) {
      const abort = new AbortController()
      const delivery = channel.send(newMessage(address('silentAddress')), abort.signal)
      await within(() => delivery.catch(() => {}), watch)
      abort.abort()
      await rejects(delivery, 'the signal aborted', promptly)
    },
  },
  {
    id: 'silent/others',
    title: 'codes arrive elsewhere while one delivery hangs, and after it was called off',
    why: 'One mail server that does not answer must not keep everybody else from signing in.',
    needs: ['address', 'silentAddress'],
    async run({ channel, address, arrives }) {
      const abort = new AbortController()
      const hanging = channel.send(newMessage(address('silentAddress')), abort.signal).catch(() => {})
      const [meanwhile, after] = [newMessage(address()), newMessage(address())]
      try {
        if ((await within(() => sends(channel, meanwhile), promptly)) === late) {
          throw new Error(`send was not done in ${promptly} ms while another delivery hung`)
        }
      } finally {
        abort.abort()
      }
      await within(() => hanging, promptly)
      await sends(channel, after)
      await arrives([meanwhile, after])
    },
  },
  {
    id: 'abort/before',
    level: 'SHOULD',
    title: 'send rejects where the signal has aborted before, and nothing arrives',
    why: 'The person has been told that it failed. A code that comes all the same confuses, and costs.',
    needs: ['address'],
    async run({ channel, address, arrives }) {
      const message = newMessage(address())
      await rejects(channel.send(message, AbortSignal.abort()), 'the signal had aborted', promptly)
      await arrives([message], 0)
    },
  },
  {
    id: 'abort/after',
    title: 'a signal that aborts after the message was handed over changes nothing',
    why: 'Core aborts at the deadline, and the message may just have been taken. What that breaks is broken for everybody who signs in next.',
    needs: ['address'],
    async run({ channel, address, arrives }) {
      const [first, second] = [newMessage(address()), newMessage(address())]
      const abort = new AbortController()
      await sends(channel, first, abort.signal)
      abort.abort()
      await pause(0)
      await sends(channel, second)
      await arrives([first, second])
    },
  },
]

import { describe } from '../../describe.js'
import { never, sends } from '../expect.js'
import { newCodeWithZeros, newMessage } from '../messages.js'
import type { ChannelCase } from '../trial.js'

const atOnce = 50

/** What becomes of a code that can be delivered. */
export const deliveries: readonly ChannelCase[] = [
  {
    id: 'send/promise',
    title: 'send gives a promise, which resolves once the message is handed over',
    why: 'Where it gives none, core has nothing to wait for, and tells everybody that a code is on its way.',
    needs: ['address'],
    async run({ channel, address }) {
      const given: unknown = channel.send(newMessage(address()), never())
      const isPromise =
        typeof given === 'object' && given !== null && 'then' in given && typeof given.then === 'function'
      if (!isPromise) throw new Error(`send gave ${describe(given)}, which is no promise`)
      await given
    },
  },
  {
    id: 'send/arrives',
    title: 'a code arrives at its address, whole, also with zeros in front',
    why: 'Nobody can sign in with a code that is cut, rounded or grouped.',
    needs: ['address', 'delivered'],
    async run({ channel, address, arrives }) {
      const messages = [newMessage(address()), newMessage(address(), { code: newCodeWithZeros() })]
      for (const message of messages) await sends(channel, message)
      await arrives(messages)
    },
  },
  {
    id: 'send/once',
    title: 'one send is one message',
    why: 'Core counts calls, and SMS are paid by the message. A channel that sends twice doubles what the caps let through.',
    needs: ['address', 'delivered'],
    async run({ channel, address, arrives }) {
      const message = newMessage(address())
      await sends(channel, message)
      await arrives([message])
    },
  },
  {
    id: 'send/alone',
    title: 'nothing arrives at another address, whoever was sent a code before',
    why: 'A code at another address signs in whoever reads that.',
    needs: ['address', 'delivered'],
    async run({ channel, address, arrives }) {
      const messages = [newMessage(address()), newMessage(address()), newMessage(address())]
      for (const message of messages) await sends(channel, message)
      await arrives(messages)
    },
  },
  {
    id: 'send/again',
    title: 'the same code to the same address arrives again, and so does another one',
    why: 'A resend repeats the code. Who did not get the first message must get the second.',
    needs: ['address', 'delivered'],
    async run({ channel, address, arrives }) {
      const message = newMessage(address())
      const next = newMessage(message.to)
      await sends(channel, message)
      await sends(channel, { ...message, expiresAt: new Date(message.expiresAt.getTime() + 60_000) })
      await arrives([message], 2)
      await sends(channel, next)
      await arrives([next])
    },
  },
  {
    id: 'send/purpose',
    title: 'a code arrives for whatever purpose it is',
    why: 'A purpose that the text forgets is a step-up or a confirmation that nobody can pass.',
    needs: ['address'],
    async run({ channel, address, arrives }) {
      const messages = (['login', 'step_up', 'destination'] as const).map(purpose => newMessage(address(), { purpose }))
      for (const message of messages) await sends(channel, message)
      await arrives(messages)
    },
  },
  {
    id: 'send/issuer',
    title: 'a code arrives whatever the issuer is called',
    why: 'Names hold accents, ampersands and dollars. A template or a header that breaks on one locks everybody out.',
    needs: ['address'],
    async run({ channel, address, arrives }) {
      const issuers = [
        'Bücher & Söhne',
        '株式会社',
        "O'Reilly <Media>",
        "$& $1 $' $`",
        '{{code}} {code} %s %d',
        '\u{1f512}',
        'x'.repeat(64),
      ]
      const messages = issuers.map(issuer => newMessage(address(), { issuer }))
      for (const message of messages) await sends(channel, message)
      await arrives(messages)
    },
  },
  {
    id: 'send/request',
    title: 'a code arrives whatever the context’s request is, or without one',
    why: 'It is undefined wherever the application passes none: in a job, in a test, at an operator’s desk.',
    needs: ['address'],
    async run({ channel, address, arrives }) {
      const requests = [undefined, null, 'de', 7, Object.freeze({}), Object.create(null)]
      const messages = requests.map(request => newMessage(address(), { request }))
      for (const message of messages) await sends(channel, message)
      await arrives(messages)
    },
  },
  {
    id: 'send/parallel',
    title: `of ${atOnce} codes at once each arrives at its own address`,
    why: 'Many people sign in at once. A code that goes to the wrong one of them lets that one in.',
    needs: ['address', 'delivered'],
    timeout: 30_000,
    async run({ channel, address, arrives }) {
      const messages = Array.from({ length: atOnce }, () => newMessage(address()))
      await Promise.all(messages.map(message => sends(channel, message)))
      await arrives(messages)
    },
  },
]

/** Channels that are broken on purpose: each breaks the contract in one way, and names the case that must tell. */
import type { Channel, CodeMessage } from '@sallyport/core'
import { type Break, normalize, type PostOffice, tick } from './good-channel.js'

export interface BrokenChannel {
  /** What it does, after "a channel that …". */
  readonly does: string
  /** The id of the case that must fail. */
  readonly caughtBy: string
  readonly broken: Break
}

const of = (does: string, caughtBy: string, broken: Break): BrokenChannel => ({ does, caughtBy, broken })

/** Writes something else, or somewhere else. */
const writing =
  (write: (message: CodeMessage) => { to?: string; text?: string }): Break =>
  ({ handOver }) => ({
    send: (message, signal) => handOver({ to: message.to, text: `code ${message.code}`, ...write(message) }, signal),
  })

/** Does something before the good channel sends. */
const before =
  (act: (message: CodeMessage, signal: AbortSignal, office: PostOffice) => unknown): Break =>
  (office, good) => ({
    async send(message, signal) {
      await act(message, signal, office)
      await good.send(message, signal)
    },
  })

const normalizing = (make: (typed: string) => string | null): Break => {
  return () => ({ normalize: make })
}

const identity: readonly BrokenChannel[] = [
  of('is called like a person would', 'id/form', () => ({ id: 'E-Mail' })),
  of('takes the name of a method', 'id/form', () => ({ id: 'totp' })),
  of('takes the name of a stronger method', 'id/form', () => ({ id: 'otp' })),
  of('numbers itself', 'id/stable', (_office, _good, nth) => ({ id: `sms_${nth}` })),
]

const deliveries: readonly BrokenChannel[] = [
  of('forgets a return', 'send/promise', (_, good) => ({
    send: ((message: CodeMessage, signal: AbortSignal) =>
      void good.send(message, signal)) as unknown as Channel['send'],
  })),
  of(
    'takes a code for a number',
    'send/arrives',
    writing(({ code }) => ({ text: `code ${Number(code)}` })),
  ),
  of(
    'groups the digits',
    'send/arrives',
    writing(({ code }) => ({ text: `code ${code.slice(0, 3)} ${code.slice(3)}` })),
  ),
  of(
    'adds a check digit',
    'send/arrives',
    writing(({ code }) => ({ text: `code ${code}7` })),
  ),
  of(
    'tries again though it went well',
    'send/once',
    before((message, signal, { handOver }) => handOver({ to: message.to, text: message.code }, signal)),
  ),
  of('tries again a moment later', 'send/once', ({ letters }, good) => ({
    async send(message, signal) {
      await good.send(message, signal)
      // There as soon as its time has come: however late that is, it is before whoever waits for longer looks.
      void tick(20).then(() => letters.push({ to: message.to, text: message.code }))
    },
  })),
  of(
    'keeps a copy in an archive',
    'send/alone',
    before(({ code }, signal, { handOver }) => handOver({ to: 'archive@example.com', text: code }, signal)),
  ),
  of('sends to whom it sent first', 'send/alone', (_, good) => {
    let first: string | undefined
    return {
      send(message, signal) {
        first ??= message.to
        return good.send({ ...message, to: first }, signal)
      },
    }
  }),
  of('drops what it has sent before', 'send/again', (_, good) => {
    const sent = new Set<string>()
    return {
      async send(message, signal) {
        const key = `${message.to} ${message.code}`
        if (!sent.has(key)) await good.send(message, signal)
        sent.add(key)
      },
    }
  }),
  of(
    'has no text for a confirmation',
    'send/purpose',
    writing(({ purpose, code }) => {
      const texts: Partial<Record<CodeMessage['purpose'], string>> = {
        login: `Log in: ${code}`,
        step_up: `Go on: ${code}`,
      }
      return { text: texts[purpose] ?? '' }
    }),
  ),
  of(
    'writes the issuer into a header as it is',
    'send/issuer',
    before(({ issuer }) => new Headers({ subject: issuer })),
  ),
  of(
    'asks the request for a language',
    'send/request',
    before(({ request }) => (request as { headers: Headers }).headers.get('accept-language')),
  ),
  of('remembers one message at a time', 'send/parallel', (_, good) => {
    let current: CodeMessage
    return {
      async send(message, signal) {
        current = message
        await tick()
        await good.send({ ...current, code: message.code }, signal)
      },
    }
  }),
]

const failures: readonly BrokenChannel[] = [
  of('logs what goes wrong, and goes on', 'refused/rejects', (_, good) => ({
    send: (message, signal) =>
      good.send(message, signal).catch(error => {
        if (signal.aborted) throw error
      }),
  })),
  of('gives up for good after a refusal', 'refused/next', (_, good) => {
    let down = false
    return {
      async send(message, signal) {
        if (down) throw new Error('not connected')
        await good.send(message, signal).catch(error => {
          down = true
          throw error
        })
      },
    }
  }),
  of('quotes what could not be sent', 'refused/quiet', (_, good) => ({
    send: (message, signal) =>
      good.send(message, signal).catch(cause => {
        throw Object.assign(new Error('not sent', { cause }), { envelope: { rcpt: [message.to] } })
      }),
  })),
  of('does not wait', 'silent/waits', (_, good) => ({
    async send(message, signal) {
      good.send(message, signal).catch(() => {})
    },
  })),
  of('takes silence for success', 'silent/waits', (_, good) => ({
    send: (message, signal) => Promise.race([good.send(message, signal), tick(100)]),
  })),
  of('knows no signal', 'silent/abort', (_, good) => ({
    send: message => good.send(message, new AbortController().signal),
  })),
  of('resolves when it is called off', 'silent/abort', (_, good) => ({
    send: (message, signal) =>
      good.send(message, signal).catch(error => {
        if (!signal.aborted) throw error
      }),
  })),
  of('sends one after the other', 'silent/others', (_, good) => {
    let last: Promise<unknown> = Promise.resolve()
    return {
      send(message, signal) {
        const sent = last.then(() => good.send(message, signal))
        last = sent.catch(() => {})
        return sent
      },
    }
  }),
  of('listens to the signal too late', 'abort/before', (_, good) => ({
    send: (message, signal) => good.send(message, signal.aborted ? new AbortController().signal : signal),
  })),
  of('closes its connection when a signal aborts', 'abort/after', (_, good) => {
    let closed = false
    return {
      async send(message, signal) {
        if (closed) throw new Error('closed')
        signal.addEventListener('abort', () => {
          closed = true
        })
        await good.send(message, signal)
      },
    }
  }),
]

const addresses: readonly BrokenChannel[] = [
  of('has no normalize', 'normalize/there', () => ({ normalize: undefined as unknown as typeof normalize })),
  of(
    'refuses a space at the end',
    'normalize/known',
    normalizing(typed => (typed === typed.trim() ? normalize(typed) : null)),
  ),
  of(
    'puts its scheme before every address',
    'normalize/again',
    normalizing(typed => (normalize(typed) === null && !typed.startsWith('x') ? null : `x${typed.trim()}`)),
  ),
  of(
    'looks for the domain in any text',
    'normalize/odd',
    normalizing(typed => `${typed.split('@')[0]}@${(typed.split('@')[1] as string).toLowerCase()}`),
  ),
  of(
    'forgets to refuse',
    'normalize/odd',
    normalizing(typed => normalize(typed) ?? (undefined as unknown as null)),
  ),
  of(
    'takes whatever holds an address',
    'normalize/form',
    normalizing(typed => (/\S+@\S+/.test(typed) ? typed.trim() : null)),
  ),
  of(
    'takes an empty text',
    'normalize/form',
    normalizing(typed => typed.trim() && normalize(typed)),
  ),
  of(
    'keeps the invisible marks of a paste',
    'normalize/form',
    normalizing(typed => (normalize(typed.replaceAll(/\p{Cf}/gu, '')) === null ? null : typed.trim().toLowerCase())),
  ),
  of(
    'takes a list',
    'normalize/several',
    normalizing(typed => {
      const parts = typed.split(',').map(normalize)
      return parts.includes(null) ? null : parts.join(',')
    }),
  ),
  of(
    'backtracks',
    'normalize/quick',
    normalizing(typed => (/^([a-z0-9]+[.-]?)+@[a-z0-9.-]+$/.test(typed.trim()) ? normalize(typed) : null)),
  ),
  of('looks a subject up in an object', 'subject/unknown', () => {
    const own: Record<string, string> = { alice: 'alice@example.com' }
    return { addressOf: async subject => own[subject] ?? null }
  }),
  of('says undefined for who is not known', 'subject/unknown', () => ({
    addressOf: async () => undefined as unknown as null,
  })),
]

export const brokenChannels: readonly BrokenChannel[] = [...identity, ...deliveries, ...failures, ...addresses]

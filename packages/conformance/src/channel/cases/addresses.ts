import { describe } from '../../describe.js'
import { normalizeOf, shown } from '../expect.js'
import { lengths, oddTexts, severalIn, tedious } from '../texts.js'
import type { ChannelCase, Trial } from '../trial.js'

/** RFC 5321 leaves no more for an address of mail, and tokens with it have to fit a cookie. */
const mostBytes = 254
/** ms for one text, however long. */
const atMost = 500

/** All texts whose form says something about `normalize`. */
function texts({ hasAddress, address }: Trial): readonly string[] {
  return oddTexts(hasAddress ? address() : null)
}

/** What becomes of what a person types, and of the application's own addresses. */
export const addresses: readonly ChannelCase[] = [
  {
    id: 'normalize/there',
    level: 'SHOULD',
    title: 'the channel has a normalize',
    why: 'Without one every spelling of an address is another one, and each has its own daily cap.',
    async run({ channel }) {
      if (typeof channel.normalize !== 'function') throw new Error(`normalize is ${describe(channel.normalize)}`)
    },
  },
  {
    id: 'normalize/known',
    title: 'normalize leaves an address as it is that can be delivered to, and takes it with spaces around, too',
    why: 'Who types their address as the keyboard leaves it must not be refused, nor counted as somebody else.',
    needs: ['address'],
    async run({ channel, address }) {
      const normalize = normalizeOf(channel)
      const known = address()
      for (const typed of [known, ` ${known}`, `${known} `]) {
        const given = normalize === null ? known : normalize(typed)
        if (given !== known)
          throw new Error(`normalize gave ${describe(given)} for ${shown(typed)}; ${shown(known)} was due`)
      }
    },
  },
  {
    id: 'normalize/again',
    title: 'normalize leaves what it has made as it is',
    why: 'An address that changes each time is never the one on record: its codes, its caps and its confirmation are another’s.',
    async run(trial) {
      const normalize = normalizeOf(trial.channel)
      if (normalize === null) return
      for (const typed of texts(trial)) {
        const once = normalize(typed)
        const twice = once === null ? null : normalize(once)
        if (once !== twice)
          throw new Error(`normalize gave ${describe(once)} for ${shown(typed)}, and then ${describe(twice)}`)
      }
    },
  },
  {
    id: 'normalize/odd',
    title: 'normalize gives a string or null for any text, and never throws',
    why: 'What a person types must end as a refusal. A throw is an error page, and somebody who is woken at night.',
    async run(trial) {
      const normalize = normalizeOf(trial.channel)
      if (normalize === null) return
      for (const typed of texts(trial)) normalize(typed)
    },
  },
  {
    id: 'normalize/form',
    title: `what normalize makes is not empty, has at most ${mostBytes} bytes, and no control or format characters or lone surrogates`,
    why: 'A line break in an address is a header of the attacker’s, and a mark that nobody sees makes another hint of it. What is too long fits no token, and core refuses it without saying why.',
    async run(trial) {
      const normalize = normalizeOf(trial.channel)
      if (normalize === null) return
      for (const typed of texts(trial)) {
        const given = normalize(typed)
        if (given === null) continue
        const wrong =
          given === '' || /[\p{Cc}\p{Cf}\p{Cs}]/u.test(given) || new TextEncoder().encode(given).length > mostBytes
        if (wrong) throw new Error(`normalize gave ${shown(given)} for ${shown(typed)}; null was due`)
      }
    },
  },
  {
    id: 'normalize/several',
    title: 'normalize refuses two addresses in one text',
    why: 'A code that goes to two people signs in either. And it is one send to the caps, for two messages.',
    needs: ['address'],
    async run({ channel, address }) {
      const normalize = normalizeOf(channel)
      if (normalize === null) return
      for (const typed of severalIn(address(), address())) {
        const given = normalize(typed)
        if (given !== null) throw new Error(`normalize gave ${shown(given)} for ${shown(typed)}; null was due`)
      }
    },
  },
  {
    id: 'normalize/quick',
    title: `normalize is done in ${atMost} ms with any text of up to a megabyte`,
    why: 'JavaScript does one thing at a time. A text that keeps it busy for a minute shuts out everybody for a minute.',
    timeout: 60_000,
    async run({ channel }) {
      const normalize = normalizeOf(channel)
      if (normalize === null) return
      for (const part of tedious) {
        for (const length of lengths()) {
          const typed = `${part.repeat(length / part.length)}!`
          const ms = () => {
            const started = performance.now()
            normalize(typed)
            return performance.now() - started
          }
          // Once more where it was slow: something else may have been in the way.
          if (ms() > atMost && ms() > atMost)
            throw new Error(`normalize took more than ${atMost} ms for ${shown(typed)}`)
        }
      }
    },
  },
  {
    id: 'subject/unknown',
    title: 'addressOf gives null for a subject that it does not know, or rejects',
    why: 'Where a first enrolment asks for a code at the account’s own address, anything else is somebody else’s address, or an error page.',
    async run({ channel }) {
      const ask = async (subject: string): Promise<unknown> => channel.addressOf?.(subject)
      if (channel.addressOf === undefined) return
      for (const subject of ['nobody of this name', 'constructor', '__proto__', 'toString', '0']) {
        const given = await ask(subject).catch(() => null)
        if (given !== null) throw new Error(`addressOf gave ${describe(given)} for "${subject}"; null was due`)
      }
    },
  },
]

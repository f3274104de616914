/**
 * Codes that are sent. None is stored: a code is an HMAC under a random key of the record, over everything that it belongs to (R24), so
 * a resend repeats it and nothing else gives it.
 */
import { hmac } from '@noble/hashes/hmac.js'
import { sha256 } from '@noble/hashes/sha2.js'
import { base64urlnopad } from '@scure/base'
import { refusal } from '../errors.js'
import { frame } from '../framing.js'
import { refuseUnlessAnswerable, secondsUntil } from './attempts.js'
import { takeOne } from './buckets.js'
import type { Place } from './destinations.js'
import { equal } from './equal.js'
import type { Facts, SentCode, SubjectState, Transition } from './state.js'

const minute = 60_000
/** How long a code is good after it was last sent, and in all (R23). */
const lifetime = 5 * minute
const longestLifetime = 10 * minute
const shortestLifetime = minute
const cooldown = 60_000
/** Challenges, for each channel, that may have a code alive. */
const mostAlive = 3
/** Sends to one subject in a day. */
const sendsPerDay = 10

/** Random bytes in the key of a code. */
export const codeKeyBytes = 32
export const sentDigits = 6

/** What a code belongs to: it is good for nothing else. */
export interface About extends Place {
  purpose: string
  /** The id of the challenge, or of the pending destination. */
  challenge: string
}

/** Nothing was sent under this key: it stands in where a code is not alive, so that the work is the same (R38). */
const nobodysKey = base64urlnopad.encode(new Uint8Array(codeKeyBytes))

/** The six digits of a key, all equally likely (R23). */
export function codeOf(key: string, { purpose, challenge, channel, address }: About): string {
  const range = 10 ** sentDigits
  const fair = 2 ** 32 - (2 ** 32 % range)
  const secret = base64urlnopad.decode(key)
  for (let round = 0; ; round++) {
    const parts = ['sallyport code', '1', purpose, challenge, channel, address, String(round)]
    const mac = hmac(sha256, secret, frame(parts))
    const words = new DataView(mac.buffer, mac.byteOffset, mac.byteLength)
    // Words above the last whole multiple of the range would make the lower codes likelier.
    for (let offset = 0; offset < mac.length; offset += 4) {
      const word = words.getUint32(offset)
      if (word < fair) return String(word % range).padStart(sentDigits, '0')
    }
  }
}

/** What a person may be told of a code that was sent. */
export interface Sending {
  code: string
  sentAt: number
  expiresAt: number
  resendAt: number
}

/** A send that is to be counted: `budget` is that of the guesses at its code. */
export interface SendAbout extends About {
  budget: string
  /** When what it belongs to ends, ms since 1970, and the code with it; and what a send is refused with that comes too late. */
  until: number
  ended: 'challenge_expired' | 'enrollment_expired'
}

/**
 * Counts a send and gives the code: the one that is alive, its life extended, or a new one (R25). What is sent lives for a minute at least;
 * one that is alive and can live no longer than that is left alone, so that whoever holds it can use it.
 *
 * @param key 32 random bytes, for a new one
 * @throws Refusal `send_too_soon`, `send_limit`, `locked` or `suspended` where an answer would be refused, and `about.ended`
 */
export function countSend(state: SubjectState, about: SendAbout, key: Uint8Array, { now }: Facts): Transition<Sending> {
  refuseUnlessAnswerable(state, about.budget, now)
  const alive = state.sentCodes.filter(sent => isAlive(sent, now))
  const last = alive.find(sent => belongsTo(sent, about))
  const others = alive.filter(sent => sent !== last)
  const { challenge, channel, until } = about
  const onChannel = others.filter(sent => sent.channel === channel)
  if (last !== undefined) {
    // Where the clock has stepped back, not for longer than the cooldown is.
    const again = againAt({ ...last, sentAt: Math.min(last.sentAt, now) }, until, now)
    if (now < again) throw refusal('send_too_soon', { retryAfter: secondsUntil(again, now) })
  } else if (until - now < shortestLifetime) {
    throw refusal(about.ended)
  } else if (onChannel.length >= mostAlive) {
    const soonest = Math.min(...onChannel.map(sent => sent.expiresAt))
    throw refusal('send_limit', { retryAfter: secondsUntil(soonest, now) })
  }
  const firstSentAt = last?.firstSentAt ?? now
  const sent: SentCode = {
    challenge,
    channel,
    key: last?.key ?? base64urlnopad.encode(key),
    firstSentAt,
    sentAt: now,
    expiresAt: Math.min(now + lifetime, lastMomentOf(firstSentAt, until)),
  }
  const { fullAt: sends, refused } = takeOne(state.sends, sendsPerDay, now)
  if (refused !== null) return { state: sends === state.sends ? state : { ...state, sends }, events: [], refused }
  const { expiresAt } = sent
  return {
    state: { ...state, sends, sentCodes: [...others, sent] },
    events: [],
    outcome: { code: codeOf(sent.key, about), sentAt: now, expiresAt, resendAt: againAt(sent, until, now) },
  }
}

/** Until when a code can be extended. */
function lastMomentOf(firstSentAt: number, until: number): number {
  return Math.min(firstSentAt + longestLifetime, until)
}

/** From when a code can be sent again: after the cooldown; where it could hardly live until it is read, not before it is over. */
function againAt({ sentAt, firstSentAt, expiresAt }: SentCode, until: number, now: number): number {
  const next = Math.max(sentAt + cooldown, now)
  return lastMomentOf(firstSentAt, until) - next < shortestLifetime ? expiresAt : next
}

/** Holds a code against the one that is alive. Right: the state without it, for a code works once (R29). Wrong, or none is alive: null. */
export function takeSentCode(state: SubjectState, about: About, code: string, now: number): SubjectState | null {
  const sent = state.sentCodes.find(one => belongsTo(one, about) && isAlive(one, now))
  const right = equal(codeOf(sent?.key ?? nobodysKey, about), code)
  if (sent === undefined || !right) return null
  return { ...state, sentCodes: state.sentCodes.filter(one => one !== sent) }
}

function belongsTo(sent: SentCode, { challenge, channel }: About): boolean {
  return sent.challenge === challenge && sent.channel === channel
}

/** A clock that has stepped back makes no code live longer than one can. */
function isAlive({ expiresAt }: SentCode, now: number): boolean {
  return now < expiresAt && expiresAt - now <= longestLifetime
}

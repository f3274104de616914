/**
 * The odds of guessing in docs/attempts.md, reckoned with the rules that the flows go by (packages/core/src/subject/attempts.ts).
 *
 * `node scripts/odds.mjs` prints the table, `--check` fails where the page has another one, `--write` writes it.
 */
import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import { tsImport } from 'tsx/esm/api'
import { root } from './lib/root.mjs'

const begin = '<!-- odds:begin -->'
const end = '<!-- odds:end -->'
const page = 'docs/attempts.md'

const days = 365
const year = days * 24 * 60 * 60_000
const method = 'totp'

/** @typedef {typeof import('../packages/core/src/subject/attempts.js')} Rules */
/** @typedef {import('../packages/core/src/subject/state.js').SubjectState} SubjectState */
/** @typedef {typeof import('../packages/core/src/subject/authenticators.js').acceptableCodes} AcceptableCodes */
/** @typedef {{ guesses: number, locks: number, suspendedAfter: number | null }} Run `suspendedAfter`: ms */

/** @type {[setup: string, authenticators: number, window: number][]} */
const setups = [
  ['1 authenticator, window 1: the default', 1, 1],
  ['5 authenticators, window 1: the most under the default window', 5, 1],
  ['1 authenticator, window 10: the worst that is permitted', 1, 10],
]

/** @returns {Promise<{ rules: Rules, emptyState: SubjectState, acceptableCodes: AcceptableCodes }>} */
async function load() {
  const from = (/** @type {string} */ name) => tsImport(`../packages/core/src/subject/${name}.ts`, import.meta.url)
  const [rules, { emptyState }, { acceptableCodes }] = await Promise.all(
    ['attempts', 'state', 'authenticators'].map(from),
  )
  return { rules, emptyState, acceptableCodes }
}

/**
 * Wrong codes at every moment at which one is taken, for a year.
 *
 * @param {Rules} rules
 * @param {SubjectState} state with nothing counted yet
 * @param {number} acceptable how many codes are right at once
 * @param {boolean} ownerClears whether the owner signs in at the end of every lock, which clears the count and not the ladder
 * @returns {Run}
 */
export function guessForAYear(rules, state, acceptable, ownerClears) {
  let [now, guesses, locks] = [0, 0, 0]
  while (now < year) {
    const counted = rules.countFailure(state, { method, purpose: 'login', acceptable }, now)
    guesses++
    state = counted.state
    const closed = rules.shut(state, method, now)
    if (closed === null) continue
    if (closed.until === null) return { guesses, locks, suspendedAfter: now }
    locks++
    now = closed.until
    if (ownerClears) state = rules.clearFailures(state, method)
  }
  return { guesses, locks, suspendedAfter: null }
}

/**
 * The most guesses in a year in which the owner signs in every day. The guesses between two events end either in a lock or, one
 * short of it, with the owner's code: no more than the locks of who never waits, and that remainder for each day.
 *
 * @param {Rules} rules
 * @param {SubjectState} state
 * @param {number} acceptable
 */
export function mostGuesses(rules, state, acceptable) {
  const { guesses, locks } = guessForAYear(rules, state, acceptable, true)
  return guesses + days * (guesses / locks - 1)
}

/** @param {number} guesses @param {number} acceptable @param {number} digits */
export function chance(guesses, acceptable, digits) {
  return -Math.expm1(guesses * Math.log1p(-acceptable / 10 ** digits))
}

/** @param {number} probability */
function written(probability) {
  const oneIn = Number((1 / probability).toPrecision(2))
  return `${(100 * probability).toPrecision(2)} % (1 in ${oneIn.toLocaleString('en-GB')})`
}

/** @param {number} ms */
function elapsed(ms) {
  const hours = ms / (60 * 60_000)
  return hours < 48 ? `after ${Number(hours.toFixed(2))} h` : `after ${Number((hours / 24).toFixed(1))} days`
}

/** @param {Rules} rules @param {SubjectState} state @param {AcceptableCodes} acceptableCodes */
export function table(rules, state, acceptableCodes) {
  const rows = setups.flatMap(([setup, authenticators, window]) => {
    const acceptable = acceptableCodes({ ...state, authenticators: new Array(authenticators) }, window)
    const alone = guessForAYear(rules, state, acceptable, false)
    const daily = mostGuesses(rules, state, acceptable)
    const row = (/** @type {string} */ owner, /** @type {number} */ guesses) => {
      const odds = [6, 8].map(digits => written(chance(guesses, acceptable, digits)))
      return `| ${setup} | ${acceptable} | ${owner} | ${guesses.toLocaleString('en-GB')} | ${odds.join(' | ')} |`
    }
    const suspended = alone.suspendedAfter === null ? '' : `: suspended ${elapsed(alone.suspendedAfter)}`
    return [row(`never${suspended}`, alone.guesses), row('every day', daily)]
  })
  return [
    '| set-up | codes right at once | owner signs in | guesses in a year | odds, 6 digits | odds, 8 digits |',
    '|---|---|---|---|---|---|',
    ...rows,
    '',
  ].join('\n')
}

/** @param {string} text of the page @param {string} made the table */
export function insert(text, made) {
  const [before, rest] = text.split(begin)
  const after = rest?.split(end)[1]
  if (before === undefined || after === undefined) throw new Error(`${page} lacks ${begin} or ${end}`)
  return `${before}${begin}\n${made}${end}${after}`
}

if (import.meta.url === pathToFileURL(process.argv[1] ?? '').href) {
  const { rules, emptyState, acceptableCodes } = await load()
  const made = table(rules, emptyState, acceptableCodes)
  const path = join(root, page)
  if (process.argv.includes('--write')) writeFileSync(path, insert(readFileSync(path, 'utf8'), made))
  else if (process.argv.includes('--check')) {
    const is = readFileSync(path, 'utf8')
    if (is !== insert(is, made)) {
      console.error(`${page} is not up to date: run node scripts/odds.mjs --write`)
      process.exitCode = 1
    }
  } else console.log(made)
}

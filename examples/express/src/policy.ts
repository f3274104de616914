/**
 * Who needs a second factor, from when, what becomes of who has none, and where and how long nobody is asked for it: chosen by an admin on
 * `/operator/policy`, and kept in the database, so that it survives a restart and holds for every process.
 */
import type { AllowlistPolicy } from '@sallyport/core'
import { normalizeNetwork } from '@sallyport/core/ip'
import type { Database } from './database.js'
import { FormProblem } from './form-problem.js'

const whoMust = ['nobody', 'admins', 'everybody'] as const
const becomesOf = ['enroll', 'deny'] as const
const allowlists = ['off', 'restrict', 'bypass'] as const

export interface ChosenPolicy {
  who: (typeof whoMust)[number]
  /** The midnight at which it begins. */
  from: Date
  /** What people have left from then on, or from the making of their account where that is later. */
  graceDays: number
  /** Who must have a second factor and has none sets it up at login, or is refused. */
  unenrolled: (typeof becomesOf)[number]
  /** What the listed networks are for: nothing, to log in from there alone, or to be asked for no code there. */
  allowlist: (typeof allowlists)[number]
  /** Listed for everybody. */
  networks: readonly string[]
  /** Whether people keep a list of their own as well. */
  ownNetworks: boolean
  /** Whether a listed network is enough for who must have a second factor and has none. */
  listedSuffices: boolean
  /** For how long a browser is remembered where the person asks for it; 0: none is. */
  trustedDays: number
}

/** As a form posts it and the database keeps it. */
export type PolicyFields = Record<keyof ChosenPolicy, string>

/** Days are those of UTC: the server and the people may be anywhere. */
export function dayOf(moment: Date): string {
  return moment.toISOString().slice(0, 10)
}

/** What holds until an admin chooses: `TWO_FACTOR=required` asks everybody, at once. */
export function initialPolicy(required: boolean, now = Date.now()): ChosenPolicy {
  const today = dayOf(new Date(now))
  const who = required ? 'everybody' : 'nobody'
  return readPolicy({ who, from: today, graceDays: '0', unenrolled: 'enroll', ...fieldsThatCameLater })
}

/** What holds where a policy was kept before there were these. */
const fieldsThatCameLater = { allowlist: 'off', networks: '', ownNetworks: '', listedSuffices: '', trustedDays: '30' }

export function fieldsOf({ from, graceDays, networks, trustedDays, ...policy }: ChosenPolicy): PolicyFields {
  return {
    who: policy.who,
    from: dayOf(from),
    graceDays: String(graceDays),
    unenrolled: policy.unenrolled,
    allowlist: policy.allowlist,
    networks: networks.join('\n'),
    ownNetworks: policy.ownNetworks ? 'yes' : '',
    listedSuffices: policy.listedSuffices ? 'yes' : '',
    trustedDays: String(trustedDays),
  }
}

/** What goes back into a form that was refused: whatever was typed, where it is text. */
export function typedFields(posted: Partial<Record<string, unknown>>): PolicyFields {
  const text = (field: string) => (typeof posted[field] === 'string' ? posted[field] : '')
  const names = Object.keys(fieldsOf(initialPolicy(false))) as (keyof ChosenPolicy)[]
  return Object.fromEntries(names.map(name => [name, text(name)])) as PolicyFields
}

/** Reads what was posted or kept. Throws a {@link FormProblem} where it is no policy. */
export function readPolicy(fields: Partial<Record<string, unknown>>): ChosenPolicy {
  const policy: ChosenPolicy = {
    who: oneOf(whoMust, fields['who']) ?? wrong('who', 'Choose who needs a second factor.'),
    from: readDay(fields['from']) ?? wrong('from', 'Choose a day, such as 2027-03-01.'),
    graceDays: readDays(fields['graceDays']) ?? wrong('graceDays', 'Give 0 to 365 days, as a whole number.'),
    unenrolled: oneOf(becomesOf, fields['unenrolled']) ?? wrong('unenrolled', 'Choose what happens to who has none.'),
    allowlist: oneOf(allowlists, fields['allowlist']) ?? wrong('allowlist', 'Choose what the listed networks are for.'),
    networks: readNetworks(fields['networks']),
    ownNetworks: fields['ownNetworks'] === 'yes',
    listedSuffices: fields['listedSuffices'] === 'yes',
    trustedDays: readDays(fields['trustedDays']) ?? wrong('trustedDays', 'Give 0 to 365 days, as a whole number.'),
  }
  if (policy.allowlist !== 'off' && policy.networks.length === 0 && !policy.ownNetworks) {
    wrong('networks', 'List at least one network, or let people keep a list of their own.')
  }
  return policy
}

/** In Sallyport's words; undefined where listed networks are for nothing. */
export function allowlistOf(policy: ChosenPolicy): AllowlistPolicy | undefined {
  const { allowlist: mode, networks, ownNetworks: perSubject, listedSuffices: satisfiesRequirement } = policy
  return mode === 'off' ? undefined : { mode, networks, perSubject, satisfiesRequirement }
}

export type Policies = ReturnType<typeof makePolicies>

const name = 'policy'

/** @param initial holds until an admin chooses */
export function makePolicies({ setting: settings }: Database, initial: ChosenPolicy) {
  let read = { value: '', policy: initial }

  return {
    initial,

    /** Read for every request: another process may have changed it. The same object for as long as it is the same. */
    async now(): Promise<ChosenPolicy> {
      const kept = await settings.findUnique({ where: { name } })
      if (kept === null) return initial
      // What does not read as a policy throws, and nobody gets any further.
      if (kept.value !== read.value) read = { value: kept.value, policy: readKept(kept.value) }
      return read.policy
    },

    async choose(policy: ChosenPolicy): Promise<void> {
      const value = JSON.stringify(fieldsOf(policy))
      await settings.upsert({ where: { name }, create: { name, value }, update: { value } })
    },
  }
}

function readKept(value: string): ChosenPolicy {
  try {
    return readPolicy({ ...fieldsThatCameLater, ...JSON.parse(value) })
  } catch (error) {
    // Which field, and not what is in it: networks are not for a log.
    const field = error instanceof FormProblem ? error.field : 'none, since it is no JSON'
    throw new Error(`the policy that is kept in the table "setting" cannot be read; the field that is wrong: ${field}`)
  }
}

function wrong(field: keyof ChosenPolicy, message: string): never {
  throw new FormProblem(field, message)
}

function oneOf<Value extends string>(values: readonly Value[], value: unknown): Value | undefined {
  return values.find(one => one === value)
}

/** `2027-02-30` is no day, though `Date` takes it for one in March. */
function readDay(value: unknown): Date | undefined {
  if (typeof value !== 'string' || !/^2\d{3}-\d{2}-\d{2}$/.test(value)) return undefined
  const day = new Date(value)
  return !Number.isNaN(day.getTime()) && dayOf(day) === value ? day : undefined
}

function readDays(value: unknown): number | undefined {
  return typeof value === 'string' && /^\d{1,3}$/.test(value) && Number(value) <= 365 ? Number(value) : undefined
}

/** One on a line; lines that are empty are none. */
function readNetworks(value: unknown): string[] {
  if (typeof value !== 'string') return wrong('networks', 'List networks, one on a line.')
  const lines = value.split('\n').map(line => line.trim())
  for (const [at, line] of lines.entries()) {
    if (line === '' || normalizeNetwork(line) !== null) continue
    wrong(
      'networks',
      `Line ${at + 1}, “${line.slice(0, 64)}”, is no network. Write an address, such as 203.0.113.7, or a network, such as 203.0.113.0/24.`,
    )
  }
  return lines.filter(line => line !== '')
}

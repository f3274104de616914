/**
 * Who needs a second factor, from when, and what becomes of who has none: chosen by an admin on `/operator/policy`, and kept in the
 * database, so that it survives a restart and holds for every process.
 */
import type { Database } from './database.js'
import { FormProblem } from './form-problem.js'

const whoMust = ['nobody', 'admins', 'everybody'] as const
const becomesOf = ['enroll', 'deny'] as const

export interface ChosenPolicy {
  who: (typeof whoMust)[number]
  /** The midnight at which it begins. */
  from: Date
  /** What people have left from then on, or from the making of their account where that is later. */
  graceDays: number
  /** Who must have a second factor and has none sets it up at login, or is refused. */
  unenrolled: (typeof becomesOf)[number]
}

/** As a form posts it and the database keeps it. */
export type PolicyFields = Record<keyof ChosenPolicy, string>

/** Days are those of UTC: the server and the people may be anywhere. */
export function dayOf(moment: Date): string {
  return moment.toISOString().slice(0, 10)
}

/** What holds until an admin chooses: `TWO_FACTOR=required` asks everybody, at once. */
export function initialPolicy(required: boolean, now = Date.now()): ChosenPolicy {
  const today = new Date(dayOf(new Date(now)))
  return { who: required ? 'everybody' : 'nobody', from: today, graceDays: 0, unenrolled: 'enroll' }
}

export function fieldsOf({ who, from, graceDays, unenrolled }: ChosenPolicy): PolicyFields {
  return { who, from: dayOf(from), graceDays: String(graceDays), unenrolled }
}

/** What goes back into a form that was refused: whatever was typed, where it is text. */
export function typedFields(posted: Partial<Record<string, unknown>>): PolicyFields {
  const text = (field: keyof ChosenPolicy) => (typeof posted[field] === 'string' ? posted[field] : '')
  return { who: text('who'), from: text('from'), graceDays: text('graceDays'), unenrolled: text('unenrolled') }
}

/** Reads what was posted or kept. Throws a {@link FormProblem} where it is no policy. */
export function readPolicy(fields: Partial<Record<string, unknown>>): ChosenPolicy {
  return {
    who: oneOf(whoMust, fields['who']) ?? wrong('who', 'Choose who needs a second factor.'),
    from: readDay(fields['from']) ?? wrong('from', 'Choose a day, such as 2027-03-01.'),
    graceDays: readDays(fields['graceDays']) ?? wrong('graceDays', 'Give 0 to 365 days, as a whole number.'),
    unenrolled: oneOf(becomesOf, fields['unenrolled']) ?? wrong('unenrolled', 'Choose what happens to who has none.'),
  }
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
      if (kept.value !== read.value) read = { value: kept.value, policy: readPolicy(JSON.parse(kept.value)) }
      return read.policy
    },

    async choose(policy: ChosenPolicy): Promise<void> {
      const value = JSON.stringify(fieldsOf(policy))
      await settings.upsert({ where: { name }, create: { name, value }, update: { value } })
    },
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

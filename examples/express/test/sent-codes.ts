/** The codes that reached somebody. */
import type { RunningApp } from './running-app.js'

/** Those that were mailed to an address, the newest first. */
export function mailedCodes({ inbox }: Pick<RunningApp, 'inbox'>, to: string): string[] {
  return codesIn(inbox.filter(message => message.to.includes(to)).map(({ subject }) => subject))
}

/** Those in a list of subjects, in its order: notices come on their own ways, and so at any time. */
export function codesIn(subjects: readonly string[]): string[] {
  return subjects.flatMap(subject => /^(\d{6}) is your Acme code$/.exec(subject)?.[1] ?? [])
}

/** Those that were printed instead of being sent to a number, the newest first. */
export function printedCodes({ printed }: Pick<RunningApp, 'printed'>, number: string): string[] {
  return printed.flatMap(line => (line.includes(number) ? (/: (\d{6}) /.exec(line)?.[1] ?? []) : [])).reverse()
}

/**
 * The number that a person typed, in the form of ITU-T E.164, if it was typed with its country code: what a channel does without
 * `phoneNumbers`. It knows no country, so it cannot tell whether there is such a number. A 0 in brackets is refused: it would not be
 * dialled, and the number with and without it would be counted apart (R25).
 */
export function e164(typed: string): string | null {
  if (typed.length > 40 || typed.includes('(0')) return null
  const number = typed.replaceAll(/[ \u00a0().-]/g, '')
  return /^\+[1-9]\d{6,14}$/.test(number) ? number : null
}

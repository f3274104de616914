/** Keys as rows have them. */
import { usage } from './client.js'

/** In characters: what MySQL gives a String of Prisma's by default. */
const longest = 191

/**
 * The key as a row has it. Some databases fold case, accents, Unicode forms or trailing spaces where they compare: what could be
 * folded is spelled in hex, by UTF-16 units of two digits or of four. Core's keys are hex and stay as they are.
 *
 * @throws SallyportError `usage` where the key is too long: some databases would cut it
 */
export function rowKey(key: string): string {
  const spelled = /^[0-9a-f]+$/.test(key) ? key : /^[\0-\xff]*$/.test(key) ? `x${spell(key, 2)}` : `u${spell(key, 4)}`
  if (spelled.length > longest) throw usage('key', 'is too long for the table')
  return spelled
}

function spell(text: string, digits: number): string {
  return Array.from({ length: text.length }, (_, index) => text.charCodeAt(index))
    .map(unit => unit.toString(16).padStart(digits, '0'))
    .join('')
}

import { SallyportError } from '@sallyport/core'

/** What an option must be: `problem` is a clause that follows its name. */
export interface Rule {
  fits(value: unknown): boolean
  problem: string
}

export const text = (form: RegExp, problem: string): Rule => ({
  fits: value => typeof value === 'string' && form.test(value),
  problem,
})

export const callback: Rule = { fits: value => typeof value === 'function', problem: 'must be a function' }

export const optional = ({ fits, problem }: Rule): Rule => ({
  fits: value => value === undefined || fits(value),
  problem,
})

/**
 * Holds options to their rules. A name that has none is refused, too: misspelt, a `normalize` would be missed only by the bill.
 *
 * @throws SallyportError `usage`, naming the option and never its value, which may be a secret
 */
export function checkOptions(options: unknown, rules: Readonly<Record<string, Rule>>): void {
  if (typeof options !== 'object' || options === null) throw usage('options', 'must be an object')
  const unknown = Object.keys(options).find(name => !Object.hasOwn(rules, name))
  if (unknown !== undefined) throw usage('options', `has no option "${unknown}"`)
  for (const [name, { fits, problem }] of Object.entries(rules)) {
    if (!fits(Reflect.get(options, name))) throw usage(`options.${name}`, problem)
  }
}

export function usage(argument: string, problem: string): SallyportError {
  return new SallyportError('usage', 'invalid_argument', `${argument} ${problem}`)
}

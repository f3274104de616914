/** Google's Key URI Format, which a QR code carries to an authenticator app. */
import { checkedFormat } from './hotp.js'
import { type Algorithm, decodeSecret, encodeSecret, type Secret } from './secret.js'
import { checkedPeriod } from './totp.js'

/**
 * The URI that an authenticator app scans (Google's Key URI Format, requirement R8). It holds the secret: not for logs.
 *
 * @param options the secret with its parameters; `issuer`: the application as the app shall name it; `account`: whose it is,
 *   mostly an email address. Both are trimmed and may not be empty or hold a colon or control characters
 * @returns `otpauth://totp/Issuer:account?secret=…`, with the issuer in label and parameter and every parameter written out
 * @throws TypeError or RangeError naming the argument that is wrong
 *
 * @example
 * ```ts
 * import { generateSecret, keyUri } from '@sallyport/core/otp'
 *
 * const uri = keyUri({ secret: generateSecret(), issuer: 'Acme Ltd', account: 'alice@example.com' })
 * // otpauth://totp/Acme%20Ltd:alice%40example.com?secret=…&issuer=Acme%20Ltd&algorithm=SHA1&digits=6&period=30
 * ```
 */
export function keyUri(options: Secret & { issuer: string; account: string }): string {
  const { algorithm, digits } = checkedFormat(options)
  const period = checkedPeriod(options)
  const secret = encodeSecret(decodeSecret(options.secret))
  const issuer = encodeURIComponent(checkedName(options.issuer, 'issuer'))
  const account = encodeURIComponent(checkedName(options.account, 'account'))
  // Written by hand and not with URLSearchParams: that writes a space as +, which apps show as a plus.
  const parameters = `secret=${secret}&issuer=${issuer}&algorithm=${algorithm}&digits=${digits}&period=${period}`
  return `otpauth://totp/${issuer}:${account}?${parameters}`
}

/**
 * Reads a TOTP key URI, also as other issuers write it: the issuer may be missing from the label, from the parameters or
 * from both (then it is empty), the colon may be escaped and followed by spaces, the secret may be padded or in lower case;
 * `algorithm`, `digits` and `period` have their defaults. What contradicts itself is refused: a parameter given twice, two
 * different issuers.
 *
 * @param uri an `otpauth://totp/` URI
 * @returns what `keyUri` takes, the secret as unpadded upper-case base32
 * @throws TypeError or RangeError that says what is wrong and never quotes the URI
 *
 * @example
 * ```ts
 * import { parseKeyUri, totp } from '@sallyport/core/otp'
 *
 * const key = parseKeyUri('otpauth://totp/Acme:alice?secret=GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ&issuer=Acme')
 * const code = totp(key)
 * ```
 */
export function parseKeyUri(uri: string): {
  secret: string
  algorithm: Algorithm
  digits: number
  period: number
  issuer: string
  account: string
} {
  if (typeof uri !== 'string') throw new TypeError('uri must be a string')
  const parts = /^otpauth:\/\/totp\/([^?#]*)\?([^#]*)$/i.exec(uri)
  if (!parts) throw new TypeError('uri must start with otpauth://totp/ and have parameters')
  const [, label = '', query = ''] = parts
  const parameters = parametersOf(query)

  const { issuer: labelled, account } = readLabel(label)
  const issuer = readIssuer(parameters.get('issuer') ?? '', labelled)
  const algorithm = decoded(parameters.get('algorithm') ?? 'SHA1').toUpperCase() as Algorithm
  const digits = readNumber(parameters.get('digits') ?? '6', 'digits')
  const period = readNumber(parameters.get('period') ?? '30', 'period')
  const secret = decodeSecret(decoded(parameters.get('secret') ?? ''))
  const options = { secret, algorithm, digits, period }
  return { ...checkedFormat(options), period: checkedPeriod(options), secret: encodeSecret(secret), issuer, account }
}

/** The parameters, still percent-encoded. */
function parametersOf(query: string): Map<string, string> {
  const parameters = new Map<string, string>()
  for (const pair of query.split('&').filter(pair => pair !== '')) {
    const equals = pair.indexOf('=')
    const name = decoded(equals < 0 ? pair : pair.slice(0, equals))
    if (parameters.has(name)) throw new TypeError('uri must not give a parameter twice')
    parameters.set(name, equals < 0 ? '' : pair.slice(equals + 1))
  }
  return parameters
}

function readLabel(label: string): { issuer: string; account: string } {
  const text = decoded(label)
  const colon = text.indexOf(':')
  if (colon < 0) return { issuer: '', account: checkedName(text, 'account') }
  return {
    issuer: checkedName(text.slice(0, colon), 'issuer'),
    account: checkedName(text.slice(colon + 1), 'account'),
  }
}

/** Form encoders write a space as +, careless ones leave a + as it is: the label, where + is always plain, decides. */
function readIssuer(parameter: string, labelled: string): string {
  if (parameter === '') return labelled
  const plain = decoded(parameter).trim()
  if (plain === labelled) return labelled
  const issuer = checkedName(decoded(parameter.replaceAll('+', ' ')), 'issuer')
  if (labelled !== '' && labelled !== issuer) throw new TypeError('uri must name one issuer in label and parameter')
  return issuer
}

function readNumber(text: string, name: string): number {
  if (!/^[0-9]{1,3}$/.test(text)) throw new TypeError(`${name} must be a whole number`)
  return Number(text)
}

function decoded(text: string): string {
  try {
    return decodeURIComponent(text)
  } catch {
    throw new TypeError('uri must be percent-encoded UTF-8')
  }
}

function checkedName(name: string, argument: 'issuer' | 'account'): string {
  if (typeof name !== 'string') throw new TypeError(`${argument} must be a string`)
  const trimmed = name.trim()
  if (trimmed === '') throw new TypeError(`${argument} must not be empty`)
  if (trimmed.includes(':')) throw new TypeError(`${argument} must not hold a colon`)
  if (/[\p{Cc}\p{Cs}]/u.test(trimmed)) {
    throw new TypeError(`${argument} must not hold control characters or lone surrogates`)
  }
  return trimmed
}

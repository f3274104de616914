/** What a thief of the storage looks for, and in which forms. */
import { base32 } from '@scure/base'

/** Everything that should not be there, as people and processes get to see it. */
export class Secrets {
  readonly texts = new Set<string>()
  readonly bytes: Uint8Array[] = []
  /** Six digits, whether sent or shown by an authenticator. */
  readonly codes: string[] = []

  add(...texts: readonly string[]): void {
    for (const text of texts) this.texts.add(text)
  }

  /** Base32, as it is shown. */
  addSetupKey(shown: string): void {
    const secret = shown.replaceAll(' ', '')
    this.add(secret)
    this.bytes.push(base32.decode(secret))
  }

  addRecoveryCodes(codes: readonly string[]): void {
    this.add(...codes, ...codes.map(code => code.replaceAll('-', '')))
  }

  /** Those that the text holds, in whatever form. */
  foundIn(text: string): string[] {
    const texts = [...this.texts].filter(secret => formsOf(secret).some(form => text.includes(form)))
    const bytes = this.bytes.flatMap(formsOfBytes).filter(form => text.includes(form))
    // Six digits are found in long hex or base64 by chance: they are looked for between what is of neither.
    const codes = this.codes.filter(code => new RegExp(`(?<![\\w+/-])${code}(?![\\w+/=-])`).test(text))
    return [...texts, ...bytes, ...codes]
  }
}

/** A secret in the forms in which somebody might have stored it. */
function formsOf(secret: string): string[] {
  const bytes = Buffer.from(secret)
  // Base64 of a text within another depends on where it begins.
  const shifted = [0, 1, 2].map(pad => {
    const encoded = Buffer.concat([Buffer.alloc(pad), bytes]).toString('base64')
    return encoded.slice(Math.ceil((pad * 8) / 6), -4)
  })
  return [secret, bytes.toString('hex'), ...shifted.filter(form => form.length >= 6)]
}

function formsOfBytes(secret: Uint8Array): string[] {
  const bytes = Buffer.from(secret)
  return [bytes.toString('latin1'), bytes.toString('hex'), bytes.toString('base64').slice(0, -4)]
}

/** A stored value in every way of reading it. */
export function readings(value: unknown): string[] {
  if (value instanceof ArrayBuffer) return readings(Buffer.from(value))
  if (!ArrayBuffer.isView(value)) return [String(value), ...String(value).split(':').map(fromBase64)]
  const bytes = Buffer.from(value.buffer, value.byteOffset, value.byteLength)
  return [bytes.toString('latin1'), bytes.toString('utf16le'), bytes.toString('hex'), bytes.toString('base64')]
}

function fromBase64(text: string): string {
  return Buffer.from(text, 'base64').toString('latin1')
}

import { concatBytes, utf8ToBytes } from '@noble/hashes/utils.js'

/** The parts, each behind its length in four bytes: two different lists never give the same bytes. */
export function frame(parts: readonly string[]): Uint8Array {
  const pieces = parts.flatMap(part => {
    const bytes = utf8ToBytes(part)
    const length = new Uint8Array(4)
    new DataView(length.buffer).setUint32(0, bytes.length)
    return [length, bytes]
  })
  return concatBytes(...pieces)
}

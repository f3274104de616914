/** A command as it went over the wire. */
export interface Sent {
  bytes: Buffer
  args: string[]
}

/** Takes the commands of one client out of its bytes, as these come: arrays of bulk strings, by the RESP specification. */
export function commandReader(): (bytes: Buffer) => Sent[] {
  let rest: Buffer = Buffer.alloc(0)
  return bytes => {
    rest = Buffer.concat([rest, bytes])
    const commands: Sent[] = []
    for (let next = readCommand(rest); next !== null; next = readCommand(rest)) {
      commands.push(next)
      rest = rest.subarray(next.bytes.length)
    }
    return commands
  }
}

function readCommand(bytes: Buffer): Sent | null {
  let at = 0
  /** The number on a line that begins with `sign`; null where the line is not there yet. */
  const number = (sign: string): number | null => {
    const end = bytes.indexOf('\r\n', at)
    if (end === -1) return null
    const line = bytes.toString('latin1', at, end)
    if (!new RegExp(`^[${sign}]\\d+$`).test(line)) throw new Error(`no RESP command: ${line.slice(0, 40)}`)
    at = end + 2
    return Number(line.slice(1))
  }
  const count = number('*')
  const args: string[] = []
  while (count !== null && args.length < count) {
    const length = number('$')
    if (length === null || bytes.length < at + length + 2) return null
    args.push(bytes.toString('utf8', at, at + length))
    at += length + 2
  }
  return count === null ? null : { bytes: bytes.subarray(0, at), args }
}

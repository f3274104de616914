/** A phone with an authenticator app: reads a QR code from a picture, and computes codes with OATH Toolkit. */
import { execFile } from 'node:child_process'

/** What a phone keeps after scanning. */
export interface AuthenticatorApp {
  uri: URL
  secret: string
  /** The code at a time, in ms. */
  code(at: number): Promise<string>
  /** The codes of the step before that time, of its own, and of the two after it. */
  codesAround(at: number): Promise<string[]>
}

/** Reads the one QR code in a PNG. */
export async function scan(png: Buffer): Promise<AuthenticatorApp> {
  // No bar codes: in the modules of one QR code in ten thousand zbar finds one as well.
  const onlyQr = ['-Sdisable', '-Sqrcode.enable']
  const uri = new URL((await run('zbarimg', ['--raw', '-q', ...onlyQr, 'png:-'], 'zbar-tools', png)).trim())
  return { uri, ...typed(uri.searchParams.get('secret') ?? '') }
}

/** An app into which the setup key was typed. */
export function typed(setupKey: string): Omit<AuthenticatorApp, 'uri'> {
  const secret = setupKey.replace(/\s/g, '')
  const codes = async (at: number, more: number) => {
    const start = `@${Math.floor(at / 1000)}`
    const lines = await run('oathtool', ['--totp', '-b', secret, '-N', start, '-w', String(more)], 'oathtool')
    return lines.trim().split('\n')
  }
  return {
    secret,
    code: async at => (await codes(at, 0))[0] as string,
    codesAround: at => codes(at - 30_000, 3),
  }
}

function run(command: string, args: string[], debianPackage: string, input?: Buffer): Promise<string> {
  return new Promise((resolve, reject) => {
    const child = execFile(command, args, (error, stdout) => {
      if (error === null) resolve(stdout)
      else if ('code' in error && error.code === 'ENOENT') {
        reject(new Error(`${command} is missing: install the Debian package ${debianPackage}`))
      } else reject(new Error(`${command} failed`, { cause: error }))
    })
    child.stdin?.end(input)
  })
}

import { execFile } from 'node:child_process'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { keyUri } from '@sallyport/core/otp'
import { qrPngDataUrl, qrSvg, qrText } from '@sallyport/core/qr'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'

const run = promisify(execFile)
let folder = ''
let pictures = 0

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'sallyport-qr-'))
})
afterAll(async () => {
  await rm(folder, { recursive: true })
})

/** Not random ones: whether a scanner can read each of all symbols is its own matter. */
const secret = 'NB2HI4DTHIXS653XO4XHS33VMJSXG5BA'

const texts = [
  ['a key URI', keyUri({ secret, issuer: 'Acme', account: 'alice@example.com' })],
  [
    'one with every parameter at its longest',
    keyUri({
      // 64 bytes.
      secret: `${secret.repeat(3)}${secret.slice(0, 7)}`,
      issuer: 'Ümlaut & Söhne',
      account: `${'a'.repeat(64)}@${'b'.repeat(60)}.example`,
      algorithm: 'SHA512',
      digits: 8,
      period: 300,
    }),
  ],
  ['one letter', 'A'],
  ['markup', '</title><script>alert("1")</script>&amp;\'"'],
] as const

describe('a scanner reads', () => {
  test.each(texts)('%s from the PNG', async (_, text) => {
    const url = await qrPngDataUrl(text)
    expect(url).toMatch(/^data:image\/png;base64,[A-Za-z0-9+/]+=*$/)
    expect(await scan(Buffer.from(url.slice(url.indexOf(',') + 1), 'base64'), 'png')).toBe(text)
  })

  test.each(texts)('%s from the SVG', async (_, text) => {
    expect(await scan(bitmap(modulesOfSvg(qrSvg(text))), 'pgm')).toBe(text)
  })

  test.each(texts)('%s from the terminal', async (_, text) => {
    expect(await scan(bitmap(modulesOfText(qrText(text))), 'pgm')).toBe(text)
  })
})

describe('qrSvg', () => {
  test('names itself, scales without blur and brings its own white background', () => {
    const svg = qrSvg('otpauth://totp/')
    expect(svg).toMatch(
      /^<svg xmlns="http:\/\/www\.w3\.org\/2000\/svg" role="img" viewBox="0 0 (\d+) \1" shape-rendering="crispEdges"><title>QR code<\/title>/,
    )
    expect(svg).toMatch(/<rect width="(\d+)" height="\1" fill="#fff"\/>/)
    expect(svg.match(/<path /g)).toHaveLength(1)
    expect(svg).toMatch(/<path fill="#000" d="(M\d+ \d+h\d+v1H\d+z)+"\/><\/svg>$/)
  })

  test('holds nothing of the text as text: the same elements whatever the text', () => {
    const skeleton = (text: string) =>
      qrSvg(text)
        .replace(/d="[^"]*"/, '')
        .replace(/\d+/g, '0')
    for (const [, text] of texts) expect(skeleton(text)).toBe(skeleton('A'))
  })

  test('has a frame of four light modules on every side, as the other forms have', () => {
    for (const modules of [modulesOfSvg(qrSvg('frame')), modulesOfText(qrText('frame'))]) {
      const dark = modules.flatMap((row, y) => row.flatMap((isDark, x) => (isDark ? [{ x, y }] : [])))
      const side = 21 + 8
      expect(modules[0]).toHaveLength(side)
      expect(Math.min(...dark.map(({ x }) => x), ...dark.map(({ y }) => y))).toBe(4)
      expect(Math.max(...dark.map(({ x }) => x), ...dark.map(({ y }) => y))).toBe(side - 5)
    }
  })
})

describe('all forms', () => {
  test('draw the same symbol', () => {
    for (const [, text] of texts) {
      const [svg, terminal] = [modulesOfSvg(qrSvg(text)), modulesOfText(qrText(text))]
      expect(terminal.slice(0, svg.length)).toEqual(svg)
      expect(terminal.slice(svg.length).flat()).not.toContain(true)
    }
  })

  test('refuse what is no text, or does not fit, and do not quote it', async () => {
    const long = 'secret'.repeat(1000)
    for (const draw of [qrSvg, qrText, qrPngDataUrl]) {
      for (const text of ['', undefined, null, 1, ['a'], [{ data: 'a', mode: 'byte' }], {}] as string[]) {
        await expect(async () => draw(text)).rejects.toThrow(/^text must be a string that is not empty$/)
      }
      await expect(async () => draw(long)).rejects.toThrow(/^text must fit into one QR code$/)
    }
  })
})

/** The rows of dark modules, read back from the path. */
function modulesOfSvg(svg: string): boolean[][] {
  const side = Number(/viewBox="0 0 (\d+)/.exec(svg)?.[1])
  const rows = Array.from({ length: side }, () => new Array<boolean>(side).fill(false))
  for (const [, x, y, width] of svg.matchAll(/M(\d+) (\d+)h(\d+)v1/g)) {
    rows[Number(y)]?.fill(true, Number(x), Number(x) + Number(width))
  }
  return rows
}

/** Printed is light: █ both halves, ▀ the upper one, ▄ the lower one. */
function modulesOfText(text: string): boolean[][] {
  return text
    .split('\n')
    .flatMap(line => [[...line].map(c => c === ' ' || c === '▄'), [...line].map(c => c === ' ' || c === '▀')])
}

/** A grey picture (PGM) of 8 × 8 pixels for each module. */
function bitmap(modules: boolean[][]): Buffer {
  const rows = modules.flatMap(row =>
    Array<number[]>(8).fill(row.flatMap(dark => Array<number>(8).fill(dark ? 0 : 255))),
  )
  return Buffer.concat([Buffer.from(`P5 ${rows[0]?.length} ${rows.length} 255\n`), Buffer.from(rows.flat())])
}

async function scan(picture: Uint8Array, format: 'png' | 'pgm'): Promise<string> {
  const path = join(folder, `${pictures++}.${format}`)
  await writeFile(path, picture)
  try {
    return (await run('zbarimg', ['--raw', '-q', '--oneshot', '-Sdisable', '-Sqrcode.enable', path])).stdout.replace(
      /\n$/,
      '',
    )
  } catch (error) {
    if ((error as { code?: unknown }).code !== 'ENOENT') throw error
    throw new Error('zbarimg is missing: install the Debian package `zbar-tools` (apt-get install zbar-tools)')
  }
}

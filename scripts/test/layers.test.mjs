import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { checkCore, checkPackage } from '../layers.mjs'

/** @type {string} */
let source

beforeEach(() => {
  source = mkdtempSync(join(tmpdir(), 'sallyport-layers-'))
})
afterEach(() => rmSync(source, { recursive: true }))

/** @param {Record<string, string>} files */
function lay(files) {
  for (const [path, text] of Object.entries(files)) {
    mkdirSync(dirname(join(source, path)), { recursive: true })
    writeFileSync(join(source, path), text)
  }
  return source
}

describe('the rooms of the core', () => {
  it('takes a tree whose imports run downwards', () => {
    const tree = {
      'otp/totp.ts': "import { hmac } from '@noble/hashes/hmac.js'\nexport const at = () => Date.now()\n",
      'errors.ts': 'export const refusal = 1\n',
      'subject/attempts.ts': "import { refusal } from '../errors.js'\nimport type { Method } from '../outcomes.js'\n",
      'outcomes.ts': 'export type Method = string\n',
      'flows/login.ts': "import { x } from '../subject/attempts.js'\nimport { y } from '../otp/totp.js'\n",
    }
    expect(checkCore(lay(tree))).toEqual([])
  })

  it.each([
    ['subject/state.ts', "import { x } from '../flows/login.js'", /^subject\/state.ts:1 imports flows\/login.ts/],
    ['store/records.ts', "import type { x } from '../flows/login.js'", /^store\/records.ts:1 imports flows\/login.ts/],
    ['vault/seal.ts', "type X = import('../two-factor.js').X", /imports two-factor.ts \(face\)/],
    ['policy/networks.ts', "const x = import('../store/records.js')", /imports store\/records.ts/],
    ['usage.ts', "export * from './options.js'", /imports options.ts/],
    ['otp/hotp.ts', "import { refusal } from '../errors.js'", /otp may import nothing$/],
    ['qr/index.ts', "import type { x } from '../errors.js'", /qr may import nothing$/],
    ['ip/index.ts', "import { x } from '../http/index.js'", /ip may import policy$/],
    ['subject/state.ts', "import axios from 'axios'", /imports "axios": subject may import/],
    ['options.ts', "import { z } from 'zod'", /imports "zod"/],
    ['vault/keyring.ts', "import { createHmac } from 'node:crypto'", /imports "node:crypto"/],
    ['helpers.ts', 'export {}', /^helpers.ts has no place/],
  ])('complains where %s holds: %s', (path, text, complaint) => {
    expect(checkCore(lay({ [path]: text }))).toEqual([expect.stringMatching(complaint)])
  })

  it.each([
    ['Date.now', 'const t = Date.now()'],
    ['new Date()', 'const t = new Date()'],
    ['Math.random', 'const r = Math.random()'],
    ['crypto', 'crypto.getRandomValues(new Uint8Array(1))'],
    ['randomBytes', "import { randomBytes } from '@noble/hashes/utils.js'\nconst b = randomBytes(16)"],
    ['setTimeout', 'setTimeout(() => {}, 1)'],
    ['process', "const k = process.env['KEY']"],
    ['globalThis', "const c = globalThis['crypto']"],
  ])('complains of %s in a pure room', (word, text) => {
    lay({ 'subject/state.ts': text, 'otp/hotp.ts': text, 'policy/decide.ts': text })
    const said = checkCore(source).filter(complaint => complaint.includes(`uses ${word}: this room is pure`))
    expect(said.map(complaint => complaint.split(':')[0])).toEqual([
      'otp/hotp.ts',
      'policy/decide.ts',
      'subject/state.ts',
    ])
  })

  it('takes a name that only looks like the outside world', () => {
    const text = 'interface A { process: string }\nconst of = (a: A) => ({ crypto: a.process, at: new Date(0) })\n'
    expect(checkCore(lay({ 'subject/state.ts': text }))).toEqual([])
  })

  it('complains of a circle of values, and lets one of types be', () => {
    const circle = { 'vault/a.ts': "import { b } from './b.js'", 'vault/b.ts': "import { a } from './a.js'" }
    expect(checkCore(lay(circle))).toEqual(['imports go in a circle: vault/a.ts → vault/b.ts → vault/a.ts'])
    expect(checkCore(lay({ ...circle, 'vault/b.ts': "import type { a } from './a.js'" }))).toEqual([])
  })
})

describe('the other packages', () => {
  const core = { name: '@sallyport/core', version: '1.0.0', exports: { '.': {}, './otp': {} } }
  const manifest = { name: '@sallyport/memory', version: '1.0.0', peerDependencies: { '@sallyport/core': '*' } }

  it('know the core by its public names', () => {
    lay({ 'index.ts': "import '@sallyport/core'\nimport '@sallyport/core/otp'\nimport './a.js'\nimport 'node:fs'\n" })
    expect(checkPackage({ source, manifest, core })).toEqual([])
  })

  it.each([
    ["import '@sallyport/core/vault'", /not a public name/],
    ["import '../../core/src/index.js'", /outside its own sources/],
    ["import 'ioredis'", /not among the dependencies/],
  ])('may not write %s', (text, complaint) => {
    expect(checkPackage({ source: lay({ 'index.ts': text }), manifest, core })).toEqual([
      expect.stringMatching(complaint),
    ])
  })
})

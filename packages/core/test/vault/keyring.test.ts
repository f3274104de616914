import { hkdfSync, randomBytes } from 'node:crypto'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { SallyportError } from '../../src/errors.js'
import { makeKeyring } from '../../src/vault/keyring.js'
import { open, seal } from '../../src/vault/seal.js'

const newKey = () => randomBytes(32).toString('base64')
const good = newKey()

/** The usage error that a list of keys meets. */
function faultOf(keys: readonly unknown[]): SallyportError {
  try {
    makeKeyring(keys)
  } catch (error) {
    if (error instanceof SallyportError && error.kind === 'usage') return error
    throw error
  }
  throw new Error('there was no fault')
}

describe('the application’s keys', () => {
  it.each([
    ['no string but undefined', undefined],
    ['null', null],
    ['empty', ''],
    ['blank', '   '],
    ['a number', 7],
    ['an object', { key: good }],
    ['raw bytes', randomBytes(32)],
    ['no base64', '!'.repeat(44)],
    ['too short', randomBytes(31).toString('base64')],
    ['too long', randomBytes(33).toString('base64')],
    ['hex', randomBytes(32).toString('hex')],
    ['a passphrase', 'correct horse battery staple'],
    ['of zeros', Buffer.alloc(32).toString('base64')],
    ['a byte repeated', Buffer.alloc(32, 'ab').toString('base64')],
    ['fifteen values repeated', Buffer.from(Array.from({ length: 32 }, (_, at) => at % 15)).toString('base64')],
    ['from the documentation', Buffer.from('sallyport-documentation-key-0001').toString('base64')],
  ])('are refused by position where one is %s', (_, key) => {
    for (const [keys, position] of [
      [[key], 0],
      [[good, key], 1],
      [[good, newKey(), key], 2],
    ] as const) {
      const fault = faultOf(keys)
      expect(fault.code).toBe('invalid_argument')
      expect(fault.message).toMatch(new RegExp(`^options\\.keys\\[${position}\\] `))
    }
  })

  it('are told apart from a variable that is not set and from a key of the documentation', () => {
    expect(faultOf([undefined]).message).toContain('missing')
    const documented = Buffer.from('sallyport-documentation-key-zzzz').toString('base64url')
    expect(faultOf([documented]).message).toContain('documentation')
    expect(faultOf([Buffer.alloc(32, 1).toString('base64')]).message).toContain('not random')
  })

  it('are refused where there is none', () => {
    expect(faultOf([]).message).toBe('options.keys must hold at least one key')
  })

  it('are refused where two are the same, however they are spelt', () => {
    const bytes = randomBytes(32)
    for (const twin of [bytes.toString('base64'), bytes.toString('base64url'), ` ${bytes.toString('base64')}\n`]) {
      expect(faultOf([bytes.toString('base64'), newKey(), twin]).message).toBe(
        'options.keys[2] is the same as another key',
      )
    }
  })

  it('R40: never show in the fault that they meet', () => {
    fc.assert(
      fc.property(fc.uint8Array({ minLength: 12, maxLength: 31 }), bytes => {
        const key = Buffer.from(bytes).toString('base64')
        const { message, stack } = faultOf([key])
        expect(message + stack).not.toContain(key)
      }),
    )
    expect(faultOf([good, good]).message).not.toContain(good)
  })

  it('are taken in base64 and base64url, with padding and without, with space around', () => {
    const bytes = Buffer.from(Array.from({ length: 32 }, (_, at) => (at * 37 + 251) % 256))
    const standard = bytes.toString('base64')
    const url = bytes.toString('base64url')
    expect(standard).toMatch(/[+/]/)
    const spellings = [standard, standard.replace(/=+$/, ''), url, `${url}=`, `\n ${standard}\t`]
    const ids = spellings.map(spelling => Buffer.from(makeKeyring([spelling]).newest.id).toString('hex'))
    expect(new Set(ids).size).toBe(1)
  })

  it('are taken where they are random', () => {
    for (let time = 0; time < 200; time++) makeKeyring([newKey()])
  })
})

describe('the keyring', () => {
  it('derives by HKDF (RFC 5869) with SHA-256, one key for each use', () => {
    const raw = randomBytes(32)
    const { newest } = makeKeyring([raw.toString('base64')])
    const expected = (label: string, length: number) =>
      Buffer.from(hkdfSync('sha256', raw, 'sallyport v1', label, length))
    expect(Buffer.from(newest.derive('record'))).toEqual(expected('record', 32))
    expect(Buffer.from(newest.derive('token grant'))).toEqual(expected('token grant', 32))
    expect(Buffer.from(newest.id)).toEqual(expected('id', 8))
    const labels = ['record', 'token challenge', 'token grant', 'token permit', 'token enrollment'] as const
    expect(new Set(labels.map(label => Buffer.from(newest.derive(label)).toString('hex'))).size).toBe(labels.length)
    expect(newest.derive('record')).toEqual(newest.derive('record'))
  })

  it('R48: seals with the first key and finds every key that is there', () => {
    const [old, current] = [newKey(), newKey()]
    const before = makeKeyring([old])
    const after = makeKeyring([current, old])
    expect(after.newest.id).toEqual(makeKeyring([current]).newest.id)
    expect(after.find(before.newest.id)?.derive('record')).toEqual(before.newest.derive('record'))
    expect(after.find(after.newest.id)).toBe(after.newest)
  })

  it('R48: opens under any order of keys what was sealed before, and nothing once the key is retired', () => {
    const [old, current] = [newKey(), newKey()]
    const [associated, plaintext] = [Uint8Array.of(1), Uint8Array.of(2, 3)]
    const body = seal(makeKeyring([old]), 'record', associated, plaintext)
    const opened = (keys: string[]) => open(makeKeyring(keys), 'record', associated, body)
    expect(opened([old])).toEqual({ plaintext, newestKey: true })
    expect(opened([current, old])).toEqual({ plaintext, newestKey: false })
    expect(opened([old, current])).toEqual({ plaintext, newestKey: true })
    expect(opened([current])).toBeNull()
    expect(makeKeyring([current]).find(makeKeyring([old]).newest.id)).toBeNull()
  })

  it('finds nothing by an id that is no key’s', () => {
    const ring = makeKeyring([good])
    for (const id of [
      new Uint8Array(),
      new Uint8Array(8),
      ring.newest.id.slice(1),
      Uint8Array.of(...ring.newest.id, 0),
    ]) {
      expect(ring.find(id)).toBeNull()
    }
  })
})

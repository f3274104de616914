import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import ts from 'typescript'
import { afterAll, describe, expect, it } from 'vitest'
import { undocumented } from '../docstrings.mjs'

const folder = mkdtempSync(join(tmpdir(), 'sallyport-docstrings-'))
afterAll(() => rmSync(folder, { recursive: true }))

/** @param {string} text */
function complaintsOf(text) {
  const entry = join(folder, 'index.ts')
  writeFileSync(entry, text)
  return undocumented([entry], { module: ts.ModuleKind.NodeNext, noLib: true }).map(line => line.replace(/^.*: /, ''))
}

describe('the check of docstrings', () => {
  it('complains of an export that says nothing', () => {
    expect(complaintsOf('export interface Bare { x: 1 }\nexport const bare = 1')).toEqual([
      'Bare has no docstring',
      'bare has no docstring',
    ])
  })

  it('complains of a value without an example, and not of a type', () => {
    const text = '/** One. */\nexport type One = 1\n/** Two. */\nexport function two() {}\n'
    expect(complaintsOf(text)).toEqual(['two has no example'])
  })

  it('is content with what says and shows', () => {
    expect(complaintsOf('/**\n * Two.\n * @example two()\n */\nexport function two() {}\n')).toEqual([])
  })
})

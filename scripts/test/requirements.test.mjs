import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { insert, render, titlesOf } from '../requirements.mjs'

describe('the titles of a test file', () => {
  it('are found in every form of a test, except where it is skipped', () => {
    const folder = mkdtempSync(join(tmpdir(), 'sallyport-titles-'))
    const path = join(folder, 'a.test.ts')
    const text = `
      describe('R1: group', () => {
        it('R2: plain', () => {})
        test(\`R3: \${count} of them\`, () => {})
        it.each([1, 2])('R4: each %s', () => {})
        it.each\`a\`('R5: tagged', () => {})
        it.skip('R6: skipped', () => {})
        it.todo('R7: to do')
        describe.skip('R8', () => { it('R9: inside', () => {}) })
        call('R10: no test')
      })`
    try {
      writeFileSync(path, text)
      expect(titlesOf(path)).toEqual(['R1: group', 'R2: plain', 'R3: … of them', 'R4: each %s', 'R5: tagged'])
    } finally {
      rmSync(folder, { recursive: true })
    }
  })
})

describe('the table', () => {
  const groups = { TOTP: { R1: 'Vectors pass.', R2: 'Secrets are random.' } }
  const shown = { file: 'packages/core/test/otp/totp.test.ts', title: 'R1, R2: a | b' }

  it('names the tests that show a requirement', () => {
    const { table, complaints } = render(groups, [shown])
    expect(complaints).toEqual([])
    expect(table).toContain(
      '| **R2** | Secrets are random. | [core: otp/totp.test.ts](../packages/core/test/otp/totp.test.ts): “R1, R2: a \\| b” |',
    )
  })

  it('complains of a requirement that no test shows', () => {
    const { table, complaints } = render(groups, [])
    expect(complaints).toHaveLength(2)
    expect(table).toContain('| **R1** | Vectors pass. | no test yet |')
  })

  it('complains of a number that does not exist', () => {
    const { complaints } = render(groups, [shown, { file: 'a.test.ts', title: 'R99: what?' }])
    expect(complaints).toEqual(['a.test.ts: there is no R99: "R99: what?"'])
  })

  it('takes the place of the one before', () => {
    const page = 'before\n<!-- requirements:begin -->\nold\n<!-- requirements:end -->\nafter\n'
    const made = insert(page, 'new\n')
    expect(made).toBe('before\n<!-- requirements:begin -->\nnew\n<!-- requirements:end -->\nafter\n')
    expect(() => insert('no marks', 'new\n')).toThrow('lacks')
  })
})

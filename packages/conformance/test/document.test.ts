import { readdirSync, readFileSync } from 'node:fs'
import { storeSuite } from '@sallyport/conformance'
import { memoryStore } from '@sallyport/memory'
import { describe, expect, it } from 'vitest'

const read = (path: string) => readFileSync(new URL(`../../../${path}`, import.meta.url), 'utf8')

describe('docs/conformance.md', () => {
  it('lists every case as it is', () => {
    const rows = storeSuite({ open: memoryStore }).map(
      ({ id, level, title }) => `| \`${id}\` | ${level} | ${title.replaceAll('|', '\\|')} |\n`,
    )
    const table = `| id | level | what is asked |\n|---|---|---|\n${rows.join('')}`
    const [, listed] = /<!-- cases:begin -->\n([\s\S]*?)<!-- cases:end -->/.exec(read('docs/conformance.md')) ?? []
    expect(listed).toBe(table)
  })
})

describe('the cases', () => {
  it('import nothing but themselves: no test framework, and no module of Node.js', () => {
    const folder = new URL('../src/', import.meta.url)
    const files = readdirSync(folder, { recursive: true, encoding: 'utf8' })
    const sources = files.filter(file => file.endsWith('.ts') && !file.startsWith('cli'))
    expect(sources.length).toBeGreaterThan(15)
    for (const file of sources) {
      // Those of the examples in docstrings are no imports.
      const imports = readFileSync(new URL(file, folder), 'utf8').matchAll(/^(?! \*).*\bfrom '([^']+)'$/gm)
      for (const [line, module = ''] of imports) {
        if (!line.startsWith('import type ')) expect(module, `${file}: ${line}`).toMatch(/^\.\.?\//)
      }
    }
  })
})

import { describe, expect, it } from 'vitest'
import { region, requote } from '../documents.mjs'
import { anchorsIn, fencesIn, linksIn } from '../lib/markdown.mjs'

const source = 'a\n  // #region login\n  one\n    two\n\n  // #endregion\nb\n'
const read = () => source

describe('a quotation', () => {
  it('is the region, moved to the left margin', () => {
    expect(region(source, 'login')).toBe('one\n  two\n')
    expect(region(source, 'log')).toBeNull()
  })

  it('is taken where it is what stands in the file', () => {
    const text = '<!-- quote a.ts#login -->\n```ts\none\n  two\n```\n'
    expect(requote(text, read)).toEqual({ text, complaints: [] })
  })

  it('is complained of and made true where it is not', () => {
    const { text, complaints } = requote('x\n\n<!-- quote a.ts#login -->\n\n```ts\nthree\n```\ny\n', read)
    expect(text).toBe('x\n\n<!-- quote a.ts#login -->\n```ts\none\n  two\n```\ny\n')
    expect(complaints).toEqual([expect.stringContaining('a.ts#login')])
  })

  it('is complained of without a region or without a block', () => {
    expect(requote('<!-- quote a.ts#no -->\n```ts\n```\n', read).complaints).toEqual(['a.ts has no region no'])
    expect(requote('<!-- quote a.ts#login -->\nwords\n', read).complaints).toHaveLength(1)
  })
})

describe('a document', () => {
  it('gives its fenced blocks with their lines', () => {
    const text = 'a\n\n```ts\nx\n```\n\n- b\n  ```sh\n  y\n    z\n  ```\n````md\n```ts\n```\n````\n'
    expect(fencesIn(text)).toEqual([
      { info: 'ts', text: 'x', line: 4, before: 'a' },
      { info: 'sh', text: 'y\n  z', line: 9, before: '- b' },
      { info: 'md', text: '```ts\n```', line: 13, before: '```' },
    ])
  })

  it('gives its links, except those in code', () => {
    const text = '[a](b.md#c) ![d](e.png "f")\n`[g](h)`\n```\n[i](j)\n```\n[k]: l.md\n<a href="m">\n'
    expect(linksIn(text)).toEqual([
      { target: 'b.md#c', line: 1 },
      { target: 'e.png', line: 1 },
      { target: 'l.md', line: 6 },
      { target: 'm', line: 7 },
    ])
  })

  it('gives the anchors of its headings', () => {
    const anchors = anchorsIn('# A `b`, [c](d)!\n## Same\n## Same\n```sh\n# no\n```\n')
    expect([...anchors]).toEqual(['a-b-c', 'same', 'same-1'])
  })
})

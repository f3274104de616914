/** Strict readers of reports: whatever is not of the form throws. */

export interface Point {
  ok: boolean
  number: number
  description: string
  directive: string | null
  notes: Record<string, unknown>
}

/** Test Anything Protocol 14, as far as the reporter uses it. */
export function parseTap(text: string): Point[] {
  const [version, ...lines] = text.split('\n')
  if (version !== 'TAP version 14') throw new Error(`no TAP: ${version}`)
  if (lines.pop() !== '') throw new Error('no line break at the end')
  const points: Point[] = []
  let plan: number | null = null
  let notes: Record<string, unknown> | null = null
  for (const line of lines) {
    const point = /^(not )?ok (\d+) - ((?:[^\\#]|\\[\\#])*?)(?: # ((?:SKIP|TODO) .+))?$/.exec(line)
    const note = /^ {2}(\w+): (.+)$/.exec(line)
    const planned = /^1\.\.(\d+)$/.exec(line)
    if (plan !== null) throw new Error(`after the plan: ${line}`)
    if (notes !== null && line === '  ...') notes = null
    else if (notes !== null && note) notes[note[1] ?? ''] = JSON.parse(note[2] ?? '')
    else if (notes === null && line === '  ---') notes = points.at(-1)?.notes ?? null
    else if (notes === null && point) {
      const [, not, number, description = '', directive = null] = point
      points.push({ ok: not === undefined, number: Number(number), description, directive, notes: {} })
    } else if (notes === null && planned) plan = Number(planned[1])
    else if (notes !== null || !line.startsWith('# ')) throw new Error(`not TAP: ${line}`)
  }
  if (plan !== points.length) throw new Error(`${plan} planned, ${points.length} run`)
  return points
}

export interface Element {
  name: string
  attributes: Record<string, string>
  children: Element[]
  text: string
}

const entities: Record<string, string> = { amp: '&', lt: '<', gt: '>', quot: '"', apos: "'" }

/** A well-formed XML 1.0 document of elements, attributes and text. */
export function parseXml(document: string): Element {
  // biome-ignore lint/suspicious/noControlCharactersInRegex: XML has no place for them
  if (/[\u0000-\u0008\u000b\u000c\u000e-\u001f\ufffe\uffff]|\p{Surrogate}/u.test(document))
    throw new Error('no characters of XML')
  const declaration = '<?xml version="1.0" encoding="UTF-8"?>\n'
  if (!document.startsWith(declaration)) throw new Error('no XML declaration')
  const top: Element = { name: '', attributes: {}, children: [], text: '' }
  const open = [top]
  const token = /<(\/?)([A-Za-z][\w.-]*)((?: [A-Za-z][\w.-]*="[^"<]*")*)\s*(\/?)>|([^<]+)/gy
  token.lastIndex = declaration.length
  while (token.lastIndex < document.length) {
    const at = token.lastIndex
    const match = token.exec(document)
    const parent = open.at(-1)
    if (match === null || parent === undefined) throw new Error(`not XML: ${document.slice(at, at + 40)}`)
    const [, closing, name = '', attributes = '', empty, text] = match
    if (text !== undefined) parent.text += unescaped(text)
    else if (closing) {
      if (open.pop()?.name !== name) throw new Error(`</${name}> closes nothing`)
    } else {
      const element: Element = { name, attributes: attributesOf(attributes), children: [], text: '' }
      parent.children.push(element)
      if (!empty) open.push(element)
    }
  }
  const [element, ...more] = top.children
  if (open.length !== 1 || element === undefined || more.length > 0) throw new Error('not one element that is closed')
  return element
}

function attributesOf(text: string): Record<string, string> {
  const pairs = [...text.matchAll(/([\w.-]+)="([^"]*)"/g)].map(([, name = '', value = '']) => [name, unescaped(value)])
  const attributes = Object.fromEntries(pairs)
  if (Object.keys(attributes).length !== pairs.length) throw new Error(`an attribute twice: ${text}`)
  return attributes
}

function unescaped(text: string): string {
  if (/&(?!(?:amp|lt|gt|quot|apos|#\d+);)/.test(text)) throw new Error(`not escaped: ${text}`)
  if (text.includes(']]>')) throw new Error(`not escaped: ${text}`)
  return text.replaceAll(/&(?:#(\d+)|(\w+));/g, (_, code, name) =>
    code === undefined ? (entities[name] ?? '') : String.fromCodePoint(Number(code)),
  )
}

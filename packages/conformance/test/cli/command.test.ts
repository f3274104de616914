import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { storeSuite } from '@sallyport/conformance'
import { memoryStore } from '@sallyport/memory'
import { afterAll, describe, expect, it } from 'vitest'
import { type Element, parseTap, parseXml } from '../support/reports.js'
import { node } from '../support/spawn.js'

const source = 'packages/conformance'
const command = (...args: string[]) => node([`${source}/src/cli/main.ts`, ...args])
const onModule = (name: string, ...args: string[]) =>
  command('store', `${source}/test/support/modules/${name}.ts`, ...args)

const folder = mkdtempSync(join(tmpdir(), 'sallyport-conformance-'))
afterAll(() => rmSync(folder, { recursive: true }))

// The stores in files, and the processes of a command, find it there.
process.env['SALLYPORT_CONFORMANCE_FILES'] = folder

/** Writes a module and gives its path. */
function written(name: string, text: string): string {
  const path = join(folder, name)
  writeFileSync(path, text)
  return path
}

/** ms: each starts processes, and some take every case. */
const timeout = 180_000
const ids = storeSuite({ open: memoryStore }).map(({ id }) => id)

describe.concurrent('sallyport-conformance', { timeout }, () => {
  it('ends with 0 where every MUST holds, and lists each case', async () => {
    const { code, out, error } = await onModule('good')
    expect({ code, error }).toEqual({ code: 0, error: '' })
    expect([...out.matchAll(/^[✓-] (?:MUST|SHOULD) +([^:]+): /gm)].map(([, id]) => id)).toEqual(ids)
    expect(out).toMatch(/^- SHOULD expiry\/dropped: .* \[excused: ttl is not declared\]$/m)
    expect(out).toMatch(/^- MUST {3}failure\/thrown: .* \[excused: broken is not given\]$/m)
    expect(out).toMatch(/MUST: \d+ passed, 0 failed\. SHOULD: 1 passed, 0 failed\. 2 excused\.\n$/)
  })

  it('R47: ends with 1 where a MUST fails, and says why it matters', async () => {
    const { code, out } = await onModule('overwriting', '--only', 'put')
    expect(code).toBe(1)
    expect(out).toMatch(
      /^✗ MUST {3}put\/occupied: .*\n {4}put over no record gave true; false was due\n {4}Why it matters: \S/m,
    )
  })

  it('tells a SHOULD that fails, and ends with 0', async () => {
    const { code, out } = await onModule('untidy', '--only', 'expiry/dropped')
    expect({ code, failed: /^✗ SHOULD expiry\/dropped/m.test(out) }).toEqual({ code: 0, failed: true })
  })

  it('ends though the backend keeps a connection, and takes a function that returns a promise', async () => {
    const { code, out } = await onModule('promised', '--only', 'put/insert', '--only', 'get', '--runs', '3')
    expect(code).toBe(0)
    expect(out.match(/^✓/gm)).toHaveLength(6)
    expect(out).toMatch(/put\/insert: .* \(run 3\)\n/)
  })

  it('repeats the plan of a history by its seed', async () => {
    const first = await onModule('racy', '--only', 'history', '--seed', '4294967295')
    expect(first.out).toMatch(/To make the same plan again: seed \d+/)
    expect(first.out).toContain('seed 4294967295')
    const seed = /same plan again: seed (\d+)/.exec(first.out)?.[1] ?? ''
    const again = await onModule('racy', '--only', 'history', '--seed', seed)
    expect({ code: again.code, out: again.out }).toEqual({
      code: 1,
      out: expect.stringContaining(`To make the same plan again: seed ${seed}\n`),
    })
  })

  it('R47: catches with --processes a store whose lock is that of one process', async () => {
    const only = ['--only', 'race/insert', '--only', 'race/update']
    const [alone, several] = await Promise.all([
      onModule('locked-by-process', ...only),
      onModule('locked-by-process', ...only, '--processes', '2'),
    ])
    expect(alone).toMatchObject({ code: 0, error: '' })
    expect(several.code).toBe(1)
    expect(several.out).toMatch(/^✗ MUST {3}race\/update: .*\n {4}\d+ of 50 puts over one version gave true$/m)
  })

  it('passes with --processes a store whose lock is that of all, and passes on what calls throw', async () => {
    const only = ['--only', 'put', '--only', 'body/bytes', '--only', 'race/update', '--only', 'failure']
    const { code, out, error } = await onModule('locked-by-folder', ...only, '--processes', '3')
    expect({ code, error, failed: /^✗/m.test(out) }).toEqual({ code: 0, error: '', failed: false })
    const thrown = await onModule('untidy', '--only', 'delete/absent', '--processes', '2')
    expect(thrown).toMatchObject({ code: 1, out: expect.stringContaining('not ok 99 - forged') })
  })

  it('fails a case whose process ends', async () => {
    const dying = written(
      'dying.mjs',
      'export default { open: () => ({ get() { process.exit(7) }, put() {}, delete() {} }) }',
    )
    const { code, out } = await command('store', dying, '--only', 'get', '--processes', '2')
    expect({ code, told: out.includes('its process ended with 7') }).toEqual({ code: 1, told: true })
  })

  it('reports in TAP that holds whatever a store says', async () => {
    const { code, out } = await onModule('untidy', '--reporter', 'tap', '--only', 'delete', '--only', 'expiry/dropped')
    const points = parseTap(out)
    expect(code).toBe(1)
    expect(points.map(({ number }) => number)).toEqual(points.map((_, index) => index + 1))
    const failed = points.find(({ description }) => description.startsWith('delete/present: '))
    expect(failed).toMatchObject({ ok: false, directive: null, notes: { level: 'MUST', why: expect.any(String) } })
    expect(failed?.notes['message']).toContain('not ok 99 - forged\n')
    const should = points.find(({ description }) => description.startsWith('expiry/dropped: '))
    expect(should).toMatchObject({ ok: false, directive: 'TODO SHOULD' })
    const excused = parseTap(
      (await onModule('good', '--reporter', 'tap', '--only', 'expiry/dropped', '--only', 'get')).out,
    )
    expect(excused[1]).toMatchObject({ ok: true, directive: 'SKIP ttl is not declared' })
  })

  it('reports in JUnit XML that holds whatever a store says', async () => {
    const { code, out } = await onModule(
      'untidy',
      '--reporter',
      'junit',
      '--only',
      'delete',
      '--only',
      'expiry/dropped',
    )
    expect(code).toBe(1)
    const suites = parseXml(out)
    expect(suites).toMatchObject({ name: 'testsuites', attributes: { failures: '5', errors: '0', skipped: '1' } })
    const cases = suites.children[0]?.children.filter(({ name }) => name === 'testcase') ?? []
    expect(String(cases.length)).toBe(suites.attributes['tests'])
    const find = (id: string): Element | undefined =>
      cases.find(({ attributes }) => attributes['name']?.startsWith(`${id}: `))
    expect(find('delete/present')?.attributes).toMatchObject({
      classname: 'store.delete',
      time: expect.stringMatching(/^\d+\.\d{3}$/),
    })
    expect(find('delete/present')?.children).toMatchObject([{ name: 'failure', attributes: { type: 'MUST' } }])
    expect(find('delete/present')?.children[0]?.text).toMatch(
      /forged\n1\.\.0\n {2}\.\.\.\n<\/testsuites>\n\nWhy it matters: /,
    )
    expect(find('expiry/dropped')?.children).toMatchObject([{ name: 'skipped' }])
  })

  it('reports in JSON, to a file', async () => {
    const file = join(folder, 'report.json')
    const { code, out } = await onModule(
      'overwriting',
      '--reporter',
      'json',
      '--only',
      'put',
      '--seed',
      '7',
      '--output',
      file,
    )
    const report = JSON.parse(readFileSync(file, 'utf8'))
    expect({ code, out }).toEqual({ code: 1, out: '' })
    expect(report).toMatchObject({ suite: 'store', seed: 7, runs: 1, must: { passed: 5, failed: 1 }, excused: 0 })
    const failed = report.cases.filter(({ status }: { status: string }) => status === 'failed')
    expect(failed).toMatchObject([{ id: 'put/occupied', level: 'MUST', run: 1, why: expect.any(String) }])
  })

  it('R28: runs the cases of a channel, and ends with 1 where a MUST fails', async () => {
    const module = (name: string) => ['channel', `${source}/test/channel/modules/${name}.ts`]
    const good = await command(...module('good'), '--only', 'id', '--only', 'send', '--only', 'refused')
    expect({ code: good.code, error: good.error }).toEqual({ code: 0, error: '' })
    expect(good.out).toMatch(/^✓ MUST {3}send\/parallel: /m)
    expect(good.out).not.toContain('seed')
    const broken = await command(...module('swallowing'), '--only', 'refused', '--reporter', 'json')
    expect(broken.code).toBe(1)
    expect(JSON.parse(broken.out)).toMatchObject({ suite: 'channel', seed: null, must: { passed: 1, failed: 1 } })
  })

  it('shows how it is used', async () => {
    expect(await command('--help')).toMatchObject({
      code: 0,
      out: expect.stringMatching(/^Usage: sallyport-conformance store /),
    })
  })
})

describe.concurrent('sallyport-conformance, where nothing can run', { timeout }, () => {
  const good = `${source}/test/support/modules/good.ts`
  const cases: [string, string[], RegExp][] = [
    ['no suite is named', [], /nothing to do\n\nUsage: /],
    ['the suite is not known', ['login', good], /there is no suite "login": store, channel/],
    ['no module is named', ['store'], /no module is named/],
    ['a channel is given a seed', ['channel', good, '--seed', '7'], /--seed is for the random histories of a store/],
    ['two modules are named', ['store', good, good], /one module at a time/],
    ['an option is not known', ['store', good, '--quick'], /Unknown option '--quick'/],
    [
      'the reporter is not known',
      ['store', good, '--reporter', 'toString'],
      /no reporter "toString": text, tap, junit, json/,
    ],
    ['the seed is none', ['store', good, '--seed', '4294967296'], /--seed must be an integer from 0 to 4294967295/],
    ['the processes are too few', ['store', good, '--processes', '1'], /--processes must be an integer from 2 to 64/],
    [
      'the module does not load in another process',
      [
        'store',
        written(
          'first.mjs',
          "if (process.send) throw new Error('not here')\nexport default { open: () => ({ get() {}, put() {}, delete() {} }) }",
        ),
        '--processes',
        '2',
      ],
      /could not be loaded in another process: .*not here/,
    ],
    ['the runs are none', ['store', good, '--runs', '0'], /--runs must be an integer from 1 /],
    [
      'no case is called so',
      ['store', good, '--only', 'put/nothing'],
      /no case "put\/nothing"\. There are:\n {2}get\/absent\n/,
    ],
    ['all is excused', ['store', good, '--only', 'expiry/dropped'], /the backend is excused from all of this/],
    ['the module is missing', ['store', 'no-such.mjs'], /there is no file .*no-such\.mjs/],
    [
      'the report has no place',
      ['store', good, '--output', join(folder, 'no/such')],
      /the report cannot be written: ENOENT/,
    ],
    [
      'the module does not parse',
      ['store', written('syntax.mjs', 'export default {')],
      /could not be loaded: Unexpected/,
    ],
    [
      'the module imports what is missing',
      ['store', written('import.mjs', "import 'no-such-package'")],
      /could not be loaded: Cannot find package/,
    ],
    [
      'the module throws',
      ['store', written('throws.mjs', "throw new Error('no DATABASE_URL')")],
      /could not be loaded: no DATABASE_URL/,
    ],
    [
      'there is no default export',
      ['store', written('named.mjs', 'export const backend = {}')],
      /has no default export/,
    ],
    [
      'the function throws',
      ['store', written('fails.mjs', "export default () => { throw new Error('no pool') }")],
      /failed: no pool/,
    ],
    [
      'the export is no backend',
      ['store', written('null.mjs', 'export default null')],
      /is no StoreBackend: it has no function open$/m,
    ],
    [
      'the export is a store',
      ['store', written('store.mjs', 'export default { get() {}, put() {}, delete() {} }')],
      /It is a store: export \{ open: \(\) => store \}/,
    ],
    [
      'the export is a channel',
      ['channel', written('channel.mjs', "export default { id: 'sms', send() {} }")],
      /is no ChannelBackend: it has no function open\. It is a channel: export \{ open: \(\) => channel \}/,
    ],
    [
      'open gives no channel',
      ['channel', written('no-channel.mjs', "export default { open: () => ({ id: 'sms' }) }")],
      /open\(\) gave no channel: send is no function/,
    ],
    [
      'the address is none',
      [
        'channel',
        written('address.mjs', "export default { open: () => ({ id: 'sms', send() {} }), address: '+12025550142' }"),
      ],
      /is no ChannelBackend: backend\.address must be a function/,
    ],
    [
      'the capabilities are none',
      [
        'store',
        written(
          'ttl.mjs',
          "const store = { get() {}, put() {}, delete() {} }\nexport default { open: () => store, capabilities: { ttl: 'never' } }",
        ),
      ],
      /backend\.capabilities\.ttl must be/,
    ],
    [
      'open gives no store',
      ['store', written('open.mjs', 'export default { open: () => ({ get() {} }) }')],
      /open\(\) gave no store: put is no function/,
    ],
    [
      'the server is down',
      [
        'store',
        written(
          'down.mjs',
          "import { connect } from 'node:net'\nexport default { open: () => new Promise((_, reject) => connect(1, '127.0.0.1').on('error', reject)) }",
        ),
      ],
      /a client could not be opened: connect ECONNREFUSED/,
    ],
  ]
  it.each(cases)('ends with 2 and says so: %s', async (_, args, message) => {
    const { code, out, error } = await command(...args)
    expect({ code, out }).toEqual({ code: 2, out: '' })
    expect(error).toMatch(/^sallyport-conformance: /)
    expect(error).toMatch(message)
  })
})

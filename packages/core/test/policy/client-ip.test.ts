import { type ClientIpOptions, clientIp } from '@sallyport/core/ip'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { behind, proxy, real, stranger, trustedProxies } from './behind.js'
import { spelled } from './spellings.js'

const xForwardedFor = 'x-forwarded-for'

describe('the client', () => {
  it('R42: is who connects, where that is no trusted proxy: no header counts', () => {
    fc.assert(
      fc.property(stranger, fc.string(), spelled, ({ text, canonical }, one, other) => {
        const headers = { [xForwardedFor]: one, forwarded: `for="${other.text}"` }
        expect(clientIp({ remoteAddress: text, headers, trustedProxies })).toBe(canonical)
        expect(clientIp({ remoteAddress: '10.0.0.1', headers, trustedProxies: [] })).toBe('10.0.0.1')
      }),
    )
  })

  it('R42: of CVE-2022-4536 is the attacker, not the address that the request claims', () => {
    const claims = { 'X-Forwarded-For': '127.0.0.1', 'Client-IP': '127.0.0.1', 'X-Real-IP': '127.0.0.1' }
    expect(clientIp({ remoteAddress: real, headers: claims, trustedProxies })).toBe(real)
    expect(behind({ ...claims, 'X-Forwarded-For': `127.0.0.1, ${real}` })).toBe(real)
    expect(behind({ ...claims, 'X-Forwarded-For': `10.0.0.9, ${real}, 10.0.0.2` })).toBe(real)
    expect(behind({ 'Client-IP': '127.0.0.1', 'X-Real-IP': '127.0.0.1' })).toBe(proxy)
  })

  it('R43: is told in one spelling, and proxies are known by any', () => {
    expect(behind({ [xForwardedFor]: real }, { remoteAddress: '::ffff:10.0.0.1' })).toBe(real)
    expect(behind({ [xForwardedFor]: `${real}, ::FFFF:A00:2` })).toBe(real)
    expect(behind({ [xForwardedFor]: real }, { trustedProxies: ['::ffff:10.0.0.0/104'] })).toBe(real)
    expect(behind({ [xForwardedFor]: '2001:DB8:0::0001, FD00:0:0::1' })).toBe('2001:db8::1')
    expect(behind({ [xForwardedFor]: `::ffff:${real}` })).toBe(real)
    expect(clientIp({ remoteAddress: `::ffff:${real}`, headers: {}, trustedProxies })).toBe(real)
  })

  it.each([undefined, null, '', 'fe80::1%eth0', '/run/app.sock', '@', 'unknown', '10.1', '10.0.0.1:80'])(
    'R43: is not known where the socket’s address is %j',
    remoteAddress => {
      expect(behind({ [xForwardedFor]: real, forwarded: `for=${real}` }, { remoteAddress })).toBeNull()
    },
  )

  it('R42: is not known where a proxy is to write a header and did not, as of CVE-2022-31813', () => {
    expect(behind({}, { header: xForwardedFor })).toBeNull()
    expect(behind({ forwarded: 'for=192.0.2.66' }, { header: xForwardedFor })).toBeNull()
    expect(behind({ [xForwardedFor]: '192.0.2.66' }, { header: 'forwarded' })).toBeNull()
    // Who comes by no proxy has an address of their own.
    expect(clientIp({ remoteAddress: real, headers: {}, trustedProxies, header: xForwardedFor })).toBe(real)
  })

  it('is the socket’s where there is no header, and none was stated', () => {
    expect(behind({})).toBe(proxy)
    expect(behind({ [xForwardedFor]: undefined, forwarded: [] })).toBe(proxy)
    expect(behind(new Headers())).toBe(proxy)
    expect(behind({ [xForwardedFor]: '' })).toBeNull()
    expect(behind(new Headers({ forwarded: '' }))).toBeNull()
  })

  it('R42: is by both headers the same, or not known', () => {
    const both = (one: string, other: string) => behind({ [xForwardedFor]: one, forwarded: other })
    expect(both(`192.0.2.66, ${real}`, `for=192.0.2.67, for="[::ffff:${real}]:80"`)).toBe(real)
    expect(both(real, 'for=192.0.2.66')).toBeNull()
    expect(both(real, 'for=unknown')).toBeNull()
    expect(both(real, '')).toBeNull()
    expect(both('unknown', `for=${real}`)).toBeNull()
    expect(both('', '')).toBeNull()
  })

  it('takes the headers of the Fetch API, and of Node.js', () => {
    const headers = new Headers([
      ['X-Forwarded-For', '192.0.2.66'],
      ['X-Forwarded-For', real],
    ])
    expect(behind(headers)).toBe(real)
    expect(behind(Object.assign(Object.create(null), { [xForwardedFor]: real }))).toBe(real)
    // Not what somebody may have put on the prototype of all objects.
    const polluted = Object.create(Object.assign(Object.create(null), { [xForwardedFor]: '192.0.2.66' }))
    expect(behind(polluted)).toBe(proxy)
  })

  it('is looked for by the proxies that the list holds now', () => {
    const changing = ['10.0.0.0/8']
    const told = () => behind({ [xForwardedFor]: real }, { trustedProxies: changing })
    expect([told(), told()]).toEqual([real, real])
    changing[0] = '10.0.0.2'
    expect(told()).toBe(proxy)
    changing.push(proxy)
    expect(told()).toBe(real)
    changing.length = 0
    expect(told()).toBe(proxy)
  })
})

describe('the options', () => {
  const good = { remoteAddress: real, headers: {}, trustedProxies }
  const get = () => real

  it.each<[name: string, options: unknown]>([
    ['options', undefined],
    ['options', null],
    ['options', [good]],
    ['options', Promise.resolve(good)],
    ['options has no option "trustedProxy"', { ...good, trustedProxy: [] }],
    ['options.remoteAddress', { ...good, remoteAddress: 7 }],
    ['options.remoteAddress', { ...good, remoteAddress: [real] }],
    ['options.headers', { ...good, headers: undefined }],
    ['options.headers', { ...good, headers: null }],
    ['options.headers', { ...good, headers: 'x-forwarded-for: 203.0.113.7' }],
    ['options.headers', { ...good, headers: ['x-forwarded-for', real] }],
    ['options.headers', { ...good, headers: Promise.resolve(new Headers()) }],
    ['options.headers', { ...good, headers: new Map([['X-Forwarded-For', real]]) }],
    ['options.headers', { ...good, headers: get }],
    ['options.headers', { ...good, headers: new (class Message {})() }],
    ['options.headers["x-forwarded-for"]', { ...good, remoteAddress: proxy, headers: { 'X-Forwarded-For': 7 } }],
    [
      'options.headers["x-forwarded-for"]',
      { ...good, remoteAddress: proxy, headers: { 'x-forwarded-for': [real, null] } },
    ],
    ['options.headers["x-forwarded-for"]', { ...good, remoteAddress: proxy, headers: { get: () => [real] } }],
    ['options.trustedProxies', { ...good, trustedProxies: undefined }],
    ['options.trustedProxies', { ...good, trustedProxies: proxy }],
    ['options.trustedProxies', { ...good, trustedProxies: new Set([proxy]) }],
    ['options.trustedProxies[0]', { ...good, trustedProxies: Array(1) }],
    ['options.trustedProxies[1]', { ...good, trustedProxies: [proxy, 7] }],
    ['options.trustedProxies[2]', { ...good, trustedProxies: [proxy, 'fd00::/8', '10.9.8.7/8'] }],
    ['options.trustedProxies[1]', { ...good, trustedProxies: [proxy, '0.0.0.0/0'] }],
    ['options.trustedProxies[1]', { ...good, trustedProxies: [proxy, '::/0'] }],
    ['options.trustedProxies[2]', { ...good, remoteAddress: null, trustedProxies: [proxy, proxy, 'loopback'] }],
    ['options.header', { ...good, header: 'X-Forwarded-For' }],
    ['options.header', { ...good, header: 'x-real-ip' }],
    ['options.header', { ...good, header: null }],
  ])('are named where they are wrong, and not quoted: %s', (name, options) => {
    const fault = caught(() => clientIp(options as ClientIpOptions))
    expect(fault).toMatchObject({ kind: 'usage', code: 'invalid_argument' })
    expect(fault.message.startsWith(`${name} `) || fault.message === name).toBe(true)
    expect(fault.message).not.toMatch(/203|10\.9|loopback/)
  })
})

function caught(call: () => unknown): Error {
  try {
    call()
  } catch (error) {
    return error as Error
  }
  throw new Error('nothing was thrown')
}

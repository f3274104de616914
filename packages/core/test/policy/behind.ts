import { type ClientIpOptions, clientIp } from '@sallyport/core/ip'
import { spelled } from './spellings.js'

export type Header = NonNullable<ClientIpOptions['header']>

export const proxy = '10.0.0.1'
export const trustedProxies = ['10.0.0.0/8', 'fd00::/8']
export const real = '203.0.113.7'

/** What is told of a request that a trusted proxy passed on. */
export const behind = (headers: ClientIpOptions['headers'], more: Partial<ClientIpOptions> = {}) =>
  clientIp({ remoteAddress: proxy, headers, trustedProxies, ...more })

export const by = (header: Header, value: string) => behind({ [header]: value }, { header })

/** Any address but those of the proxies. */
export const stranger = spelled.filter(({ canonical }) => !canonical.startsWith('10.') && !canonical.startsWith('fd'))

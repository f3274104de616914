/** `@sallyport/core/ip`: whose address a request comes from, behind proxies. Pure and synchronous. */

export { type ClientIpOptions, clientIp, type RequestHeaders } from '../policy/client-ip.js'
export { networkAround, normalizeNetwork } from '../policy/networks.js'

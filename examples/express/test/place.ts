/** Where people are: an honest proxy in front of the application, which says of everybody that they are at one place. */
import { proxyAddress, startProxy } from './proxy.js'
import type { RunningApp, Settings } from './running-app.js'

export const office = '203.0.113.7'
export const officeNetwork = '203.0.113.0/24'
export const home = '198.51.100.9'

/** For an application that believes the proxy, and nobody else. */
export const behindProxy: Settings = { trustedProxies: proxyAddress }

export interface Place {
  /** What the proxy says. */
  address: string
  /** Where people reach the application. */
  origin: string
  stop(): Promise<void>
}

/** Everybody is at the office to begin with. */
export async function startPlace({ origin }: Pick<RunningApp, 'origin'>): Promise<Place> {
  const proxy = await startProxy({ origin, forwarding: 'append', clientAddress: () => place.address })
  const place: Place = { ...proxy, address: office }
  return place
}

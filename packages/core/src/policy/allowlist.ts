/** The IP allowlist: the policy's networks and the subject's own, and what they say of an address (R42–R44). */
import { usageError } from '../errors.js'
import { type Address, parseAddress } from './address.js'
import type { GateFacts } from './decide.js'
import { compileNetworks, listedNetworks, type NetworkList, parseNetwork } from './networks.js'
import type { Policy } from './policy.js'

/** The policy's allowlist, compiled. */
export interface Allowlist {
  mode: 'restrict' | 'bypass'
  networks: NetworkList
  perSubject: boolean
  satisfiesRequirement: boolean
}

/** A network of the subject's own list; `proven`: added by who proved a factor. */
export interface OwnNetwork {
  network: string
  proven: boolean
}

/** The part of the gate's facts that an address decides. */
export type Standing = Pick<GateFacts, 'allowlist' | 'listed' | 'listedSatisfies'>

/** A network on a subject's list is no wider than these: more than one household or office has is a slip of the pen. */
const widestFour = 24
const widestSix = 48

const path = 'options.policy.allowlist.networks'

/**
 * @returns null where the policy has none
 * @throws SallyportError `usage`, naming the network that is none; where the list is empty and can never be anything else; where one
 *   would let everybody skip the prompt
 */
export function compileAllowlist({ allowlist: given }: Policy): Allowlist | null {
  if (given === undefined) return null
  const { mode, networks = [], perSubject = false, satisfiesRequirement = false } = given
  if (networks.length === 0 && !perSubject) {
    throw usageError(path, 'must hold a network where subjects have no list of their own')
  }
  const compiled = compileNetworks(listedNetworks(networks, path))
  return { mode, networks: compiled, perSubject, satisfiesRequirement }
}

/**
 * How a request stands with the lists. A list that restricts and is empty restricts nothing; `bypass` by an empty list exempts nobody.
 *
 * Where a factor is there, only what was added by a proof of one skips the prompt for it: who came before it had the password, and may have
 * been a thief who put an address there for later.
 *
 * @param own the subject's networks, in their written form
 * @param enrolled whether the subject has a factor
 * @param ip as the application gave it: what does not parse strictly is unknown, and so not listed (R43)
 */
export function standingOf(
  allowlist: Allowlist | null,
  own: readonly OwnNetwork[],
  enrolled: boolean,
  ip: string | null | undefined,
): Standing {
  if (allowlist === null) return { allowlist: 'off', listed: false, listedSatisfies: false }
  const { mode, networks, perSubject, satisfiesRequirement: listedSatisfies } = allowlist
  const counts = ({ proven }: OwnNetwork) => perSubject && (mode === 'restrict' || !enrolled || proven)
  const counted = own.filter(counts).map(({ network }) => network)
  if (networks.isEmpty && counted.length === 0) return { allowlist: 'off', listed: false, listedSatisfies }
  const address = addressOf(ip)
  const listed = networks.includes(address) || compileOwn(counted).includes(address)
  return { allowlist: mode, listed, listedSatisfies }
}

/** The one written form of a network for a subject's list; null for what is none, or too wide. */
export function judgeOwnNetwork(typed: unknown): string | null {
  if (typeof typed !== 'string' || typed.length > 64) return null
  const network = parseNetwork(typed.trim())
  if (network === null) return null
  const widest = network.first.length === 8 ? widestFour : widestSix
  return network.prefix < widest ? null : network.written
}

/** The address that the application gave; null where it is unknown. */
export function addressOf(ip: string | null | undefined): Address | null {
  return ip === null || ip === undefined ? null : parseAddress(ip)
}

function compileOwn(own: readonly string[]): NetworkList {
  return compileNetworks(own.map(parseNetwork).filter(network => network !== null))
}

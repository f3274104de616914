/** The subject's own allowlist: networks in their one written form, each with a name (R31, R53). What they mean is the policy's. */
import { refusal } from '../errors.js'
import { sentCodesProve } from './answers.js'
import type { AllowedNetwork, Facts, SubjectState } from './state.js'

/** The most networks on one list. */
const mostNetworks = 50

/**
 * Whether an entry was added by who proved what would have to be proven to add it now: before the first factor nobody proved any, and a
 * code that was sent is worth nothing beside an authenticator (R27, R31).
 */
export function isProven({ proof }: AllowedNetwork, state: SubjectState, facts: Pick<Facts, 'weakProofs'>): boolean {
  return proof === 'strong' || (proof === 'sent' && sentCodesProve(state, facts))
}

/** @throws Refusal `limit_reached` where the list is full, or holds this very network */
export function withNetwork(state: SubjectState, added: AllowedNetwork): SubjectState {
  const { allowlist } = state
  if (allowlist.length >= mostNetworks || allowlist.some(({ network }) => network === added.network)) {
    throw refusal('limit_reached')
  }
  return { ...state, allowlist: [...allowlist, added] }
}

/** @throws Refusal `not_found` where the subject's list has no entry of that id (R32) */
export function withoutNetwork(state: SubjectState, id: string): SubjectState {
  const allowlist = state.allowlist.filter(entry => entry.id !== id)
  if (allowlist.length === state.allowlist.length) throw refusal('not_found')
  return { ...state, allowlist }
}

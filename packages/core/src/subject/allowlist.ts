/** The subject's own allowlist: networks in their one written form, each with a name (R31, R53). What they mean is the policy's. */
import { refusal } from '../errors.js'
import type { AllowedNetwork, SubjectState } from './state.js'

/** The most networks on one list. */
const mostNetworks = 50

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

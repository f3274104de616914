/** The subject's own allowlist: networks added and removed, each a change of factors (R31), none without a look at who is shut out. */
import * as z from 'zod/mini'
import { refusal, usageError } from '../errors.js'
import type { Changed, Input, Method, Proof } from '../outcomes.js'
import { judgeOwnNetwork } from '../policy/allowlist.js'
import { withNetwork, withoutNetwork } from '../subject/allowlist.js'
import { isSent, refuseIfPermitOutstanding } from '../subject/answers.js'
import { type AllowedNetwork, hasFactor, type SubjectState } from '../subject/state.js'
import { checked, checkSubject, plainObject } from '../usage.js'
import { decisionOf, deniedBy } from './admission.js'
import { takeChangeProof } from './beginnings.js'
import { type Change, changeFactors } from './changes.js'
import { type Context, checkContext } from './context.js'
import type { Gatehouse } from './gatehouse.js'
import { judgeId, judgeName } from './input.js'

/**
 * The subject's own allowlist, where the policy has one for each (`allowlist.perSubject`). A change of factors: it takes a proof where
 * there is a factor, voids what was handed out before, and ends the other sessions.
 */
export interface OwnAllowlist {
  /**
   * Adds a network. One read, one write. One that is added before the first factor never skips the prompt for a factor that comes later:
   * `status` shows it as not `proven`; remove it and add it again.
   *
   * @param entry `network`: an address, or a network no wider than /24 (IPv4) or /48 (IPv6), whose bits after the prefix are zero; `name`:
   *   what the person calls it, at most 64 characters; `acceptLockOut`: true where the person has been told that it shuts out the address
   *   of this very request, and wants it
   * @param proof of a factor; null while the subject has none (a grant, where `policy.firstEnrollment` names a channel)
   * @param context with `ip`
   * @throws Refusal `invalid_input` (field `network` or `name`), `would_lock_out`, `limit_reached` (50, or this very network),
   *   `proof_required`, `permit_required` and those of a proof
   *
   * @example
   * ```ts
   * import type { TwoFactor } from '@sallyport/core'
   * import { networkAround } from '@sallyport/core/ip'
   *
   * async function fromHere(twoFactor: TwoFactor, userId: string, ip: string | null, code: string) {
   *   const entry = { network: networkAround(ip), name: 'Office' }
   *   await twoFactor.allowlist.add(userId, entry, { method: 'totp', code }, { ip })
   * }
   * ```
   */
  add(
    subject: string,
    entry: { network: Input; name?: Input; acceptLockOut?: boolean | undefined },
    proof: Proof | null,
    context?: Context,
  ): Promise<Changed & { id: string }>

  /**
   * Removes a network. One read, one write.
   *
   * @param entry `id`: as `status` lists it; `acceptLockOut` as for `add`
   * @throws Refusal `not_found`, `would_lock_out`, `proof_required`, `permit_required` and those of a proof
   *
   * @example
   * ```ts
   * import type { TwoFactor } from '@sallyport/core'
   *
   * async function officeMoved(twoFactor: TwoFactor, userId: string, id: unknown, ip: string, code: string) {
   *   await twoFactor.allowlist.remove(userId, { id }, { method: 'totp', code }, { ip })
   * }
   * ```
   */
  remove(
    subject: string,
    entry: { id: Input; acceptLockOut?: boolean | undefined },
    proof: Proof | null,
    context?: Context,
  ): Promise<Changed>
}

const anything = z.optional(z.unknown())
const acceptLockOut = z.optional(z.boolean())
const addedSchema = plainObject({ network: anything, name: anything, acceptLockOut })
const removedSchema = plainObject({ id: anything, acceptLockOut })

/** The flow behind {@link OwnAllowlist}. */
export function allowlistFlow(house: Gatehouse): OwnAllowlist {
  function change(
    subject: string,
    proof: Proof | null,
    context: Context,
    apply: Change['apply'],
    mayShutOut: boolean,
  ): Promise<Changed> {
    return changeFactors(house, subject, proof, context, {
      apply,
      events: [{ type: 'allowlist_changed' }],
      refuse(state, { now }) {
        refuseIfPermitOutstanding(state)
        const after = apply(state, null)
        const denied = (one: SubjectState) => deniedBy(house, one, context) !== null
        const refused = (one: SubjectState) => decisionOf(house, one, 'none', context, now).gate === 'refuse'
        // Whatever else refuses now: a factor may come, and the address stays shut out.
        const shutsOut = [denied, refused].some(shut => shut(after) && !shut(state))
        if (shutsOut && !mayShutOut) throw refusal('would_lock_out')
      },
      prove: (state, judged, facts) => takeChangeProof(house, state, judged, facts),
    })
  }

  return {
    async add(subject, given, proof, rest = {}) {
      checkSubject(subject)
      const context = checkContext(rest)
      const entry = checked(addedSchema, given, 'entry')
      if (!house.settings.allowlist?.perSubject) {
        throw usageError('options.policy.allowlist.perSubject', 'must be true where subjects keep a list of their own')
      }
      const network = judgeOwnNetwork(entry.network)
      if (network === null) throw refusal('invalid_input', { field: 'network' })
      const name = judgeName(entry.name, network)
      const id = house.newId()
      const added = { id, network, name, createdAt: house.now() }
      const apply: Change['apply'] = (state, method) =>
        withNetwork(state, { ...added, proof: strengthOf(state, method) })
      return { ...(await change(subject, proof, context, apply, entry.acceptLockOut === true)), id }
    },

    async remove(subject, given, proof, rest = {}) {
      checkSubject(subject)
      const context = checkContext(rest)
      const entry = checked(removedSchema, given, 'entry')
      const id = judgeId(entry.id)
      const apply = (state: SubjectState) => withoutNetwork(state, id)
      return change(subject, proof, context, apply, entry.acceptLockOut === true)
    },
  }
}

function strengthOf(state: SubjectState, method: Method | null): AllowedNetwork['proof'] {
  // Before the first factor a code on the account's own address may have been asked for; a factor it was not.
  if (method === null || !hasFactor(state)) return null
  return isSent(method) ? 'sent' : 'strong'
}

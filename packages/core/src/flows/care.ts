/** What a profile page does with factors that are there: look, remove, regenerate, turn off. */
import { isChannelId } from '../delivery/channel.js'
import { refusal } from '../errors.js'
import type { Changed, Input, Proof, RecoveryCodes, Status } from '../outcomes.js'
import { requiredFrom } from '../policy/policy.js'
import { shut } from '../subject/attempts.js'
import { refuseIfLastOrUnknown, withoutAuthenticator } from '../subject/authenticators.js'
import { hintOf, refuseIfLastOrUnknownDestination, withoutDestination } from '../subject/destinations.js'
import { newRecoveryCodes, recoveryCodeCount, recoveryCodesLeft } from '../subject/recovery-codes.js'
import { hasFactor, type SubjectState, withoutFactors } from '../subject/state.js'
import { checkSubject } from '../usage.js'
import { ownNetworks, standing } from './admission.js'
import { changeFactors } from './changes.js'
import { type Context, checkContext } from './context.js'
import { devicesShown } from './devices.js'
import type { Gatehouse } from './gatehouse.js'
import { judgeId } from './input.js'
import { channelsFor, methodsShown } from './sending.js'

/** The verbs of a profile page, enrolment apart. */
export interface Care {
  /** The subject's authenticators. */
  totp: {
    /**
     * Removes one of several authenticators. One read, one write. The last factor leaves through `disable`.
     *
     * @throws Refusal `not_found`, `would_lock_out` (the last factor), `proof_required`, `not_enrolled` and those of a proof
     *
     * @example
     * ```ts
     * import type { TwoFactor } from '@sallyport/core'
     *
     * async function lostTablet(twoFactor: TwoFactor, userId: string, id: string, code: string) {
     *   await twoFactor.totp.remove(userId, id, { method: 'totp', code })
     * }
     * ```
     */
    remove(subject: string, id: Input, proof: Proof, context?: Context): Promise<Changed>
  }

  /** The subject's recovery codes. */
  recoveryCodes: {
    /**
     * Makes a new set; the old one is void in the same write (R20). One read, one write.
     *
     * @returns ten codes of 120 bits, shown this once
     * @throws Refusal `proof_required`, `not_enrolled` and those of a proof
     *
     * @example
     * ```ts
     * import type { TwoFactor } from '@sallyport/core'
     *
     * async function freshCodes(twoFactor: TwoFactor, userId: string, code: string) {
     *   return (await twoFactor.recoveryCodes.regenerate(userId, { method: 'totp', code })).recoveryCodes
     * }
     * ```
     */
    regenerate(subject: string, proof: Proof, context?: Context): Promise<Changed & { recoveryCodes: RecoveryCodes }>
  }

  /** The subject's destinations. */
  destinations: {
    /**
     * Removes the destination on a channel. One read, one write. The last factor leaves through `disable`.
     *
     * @throws Refusal `not_found`, `would_lock_out` (the last factor), `proof_required`, `not_enrolled` and those of a proof
     *
     * @example
     * ```ts
     * import type { TwoFactor } from '@sallyport/core'
     *
     * async function numberGivenUp(twoFactor: TwoFactor, userId: string, code: string) {
     *   await twoFactor.destinations.remove(userId, 'sms', { method: 'totp', code })
     * }
     * ```
     */
    remove(subject: string, channel: Input, proof: Proof, context?: Context): Promise<Changed>
  }

  /**
   * What the profile page shows. One read, no write; nothing secret.
   *
   * @example
   * ```ts
   * import type { TwoFactor } from '@sallyport/core'
   *
   * async function profile(twoFactor: TwoFactor, userId: string) {
   *   const status = await twoFactor.status(userId)
   *   return status.enabled ? `on, ${status.recoveryCodes?.left ?? 0} recovery codes left` : 'off'
   * }
   * ```
   */
  status(subject: string, context?: Context): Promise<Status>

  /**
   * Turns two-factor authentication off: every factor and recovery code goes. The subject's allowlist stays. One read, one write.
   *
   * @throws Refusal `proof_required`, `not_enrolled` and those of a proof
   *
   * @example
   * ```ts
   * import type { TwoFactor } from '@sallyport/core'
   *
   * async function turnOff(twoFactor: TwoFactor, userId: string, code: string) {
   *   await twoFactor.disable(userId, { method: 'totp', code })
   * }
   * ```
   */
  disable(subject: string, proof: Proof, context?: Context): Promise<Changed>
}

/** The flow behind {@link Care}. */
export function careFlow(house: Gatehouse): Care {
  return {
    totp: {
      async remove(subject, id, proof, given = {}) {
        checkSubject(subject)
        const authenticator = judgeId(id)
        const apply = (state: SubjectState) => withoutAuthenticator(state, authenticator)
        const context = checkContext(given)
        const channels = channelsFor(house, context)
        const refuse = (state: SubjectState) => refuseIfLastOrUnknown(state, authenticator, channels)
        const events = [{ type: 'removed', authenticator }] as const
        return changeFactors(house, subject, proof, context, { apply, events, refuse })
      },
    },

    recoveryCodes: {
      async regenerate(subject, proof, given = {}) {
        checkSubject(subject)
        const context = checkContext(given)
        const material = house.newRecoveryMaterial()
        const { set, written } = newRecoveryCodes(material, house.now())
        const apply = (state: SubjectState) => ({ ...state, recoveryCodes: set })
        const events = [{ type: 'recovery_codes_regenerated', left: recoveryCodeCount }] as const
        return { ...(await changeFactors(house, subject, proof, context, { apply, events })), recoveryCodes: written }
      },
    },

    destinations: {
      async remove(subject, channel, proof, given = {}) {
        checkSubject(subject)
        if (!isChannelId(channel)) throw refusal('not_found')
        const context = checkContext(given)
        const apply = (state: SubjectState) => withoutDestination(state, channel)
        const channels = channelsFor(house, context)
        const refuse = (state: SubjectState) => refuseIfLastOrUnknownDestination(state, channel, channels)
        const events = [{ type: 'destination_removed', channel }] as const
        return changeFactors(house, subject, proof, context, { apply, events, refuse })
      },
    },

    async status(subject, given = {}) {
      checkSubject(subject)
      const context = checkContext(given)
      const state = await house.read(subject, context)
      return describe(house, state, context)
    },

    async disable(subject, proof, given = {}) {
      checkSubject(subject)
      const context = checkContext(given)
      return changeFactors(house, subject, proof, context, { apply: withoutFactors, events: [{ type: 'disabled' }] })
    },
  }
}

function describe(house: Gatehouse, state: SubjectState, context: Context): Status {
  const now = house.now()
  const enabled = hasFactor(state)
  const { listed, listedSatisfies } = standing(house, state, context)
  const exempt = context.eligible === false || (listed && listedSatisfies)
  const from = exempt ? null : requiredFrom(house.settings.policy, context.required, context.createdAt)
  const left = recoveryCodesLeft(state)
  const channels = channelsFor(house, context)
  const present = ['totp', ...state.destinations.map(({ channel }) => channel)]
  return {
    enabled,
    permitRequired: state.permit !== null,
    generation: state.generation,
    required: from !== null && now >= from,
    enrollBy: !enabled && from !== null && now < from ? new Date(from) : null,
    methods: methodsShown(state, channels, now).filter(({ method }) => shut(state, method, now) === null),
    locks: present.flatMap(method => {
      const how = shut(state, method, now)
      return how === null ? [] : [{ method, until: dateOrNull(how.until) }]
    }),
    authenticators: state.authenticators.map(({ id, name, createdAt, lastUsedAt }) => ({
      id,
      name,
      createdAt: new Date(createdAt),
      lastUsedAt: dateOrNull(lastUsedAt),
    })),
    recoveryCodes:
      left === null || state.recoveryCodes === null
        ? null
        : { left, createdAt: new Date(state.recoveryCodes.createdAt) },
    destinations: state.destinations.map(({ channel, address, createdAt, lastUsedAt }) => ({
      channel,
      hint: hintOf(address),
      createdAt: new Date(createdAt),
      lastUsedAt: dateOrNull(lastUsedAt),
    })),
    trustedDevices: devicesShown(house, state, context),
    allowlist: ownNetworks(house, state).map(({ id, network, name, proven, createdAt }) => ({
      id,
      network,
      name,
      proven,
      createdAt: new Date(createdAt),
    })),
  }
}

function dateOrNull(moment: number | null): Date | null {
  return moment === null ? null : new Date(moment)
}

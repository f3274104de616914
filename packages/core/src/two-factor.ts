/** `createTwoFactor`: the public face, put together from the flows. */
import { allowlistFlow, type OwnAllowlist } from './flows/allowlist.js'
import { type Care, careFlow } from './flows/care.js'
import { type ChallengeCodes, challengeCodesFlow } from './flows/challenge-codes.js'
import { type DestinationEnrollment, destinationEnrollmentFlow } from './flows/destinations.js'
import { type TrustedDevices, trustedDevicesFlow } from './flows/devices.js'
import { type TotpEnrollment, totpEnrollmentFlow } from './flows/enrollment.js'
import { makeGatehouse } from './flows/gatehouse.js'
import { type Login, loginFlow } from './flows/login.js'
import { type Operator, operatorFlow } from './flows/operator.js'
import { type StepUp, stepUpFlow } from './flows/step-up.js'
import { checkOptions, type TwoFactorOptions } from './options.js'

/**
 * The second door of an application's own login. Every verb either does what it says or throws: a `Refusal` for an expected
 * "no", a `SallyportError` of another kind for misuse, a failing store, or a record that cannot be believed.
 */
export interface TwoFactor {
  /** Between the password and the session. */
  login: Login
  /** A fresh proof within a session, for one purpose. */
  stepUp: StepUp
  /** A code by mail or SMS, for a challenge. */
  sendCode: ChallengeCodes['sendCode']
  /** The subject's authenticators. */
  totp: TotpEnrollment & Care['totp']
  /** The subject's recovery codes. */
  recoveryCodes: Care['recoveryCodes']
  /** The addresses that codes can be sent to. */
  destinations: DestinationEnrollment & Care['destinations']
  /** The browsers that skip the prompt for a while. */
  trustedDevices: TrustedDevices
  /** The addresses that the subject may sign in from, or without a prompt. */
  allowlist: OwnAllowlist
  /** What the profile page shows. */
  status: Care['status']
  /** Turns two-factor authentication off. */
  disable: Care['disable']
  /** The verbs of an operator, never reachable by the subject. */
  operator: Operator
}

/**
 * Makes the second door. Synchronous and cheap: no I/O, one per request is fine.
 *
 * @param options see {@link TwoFactorOptions}
 * @returns the verbs, which share nothing but the options
 * @throws SallyportError `usage`, naming the option that is wrong
 *
 * @example
 * ```ts
 * import { createTwoFactor } from '@sallyport/core'
 * import { memoryStore } from '@sallyport/memory'
 *
 * const twoFactor = createTwoFactor({
 *   issuer: 'Acme',
 *   keys: [process.env['SALLYPORT_KEY']], // openssl rand -base64 32
 *   store: memoryStore(),
 * })
 * ```
 */
export function createTwoFactor(options: TwoFactorOptions): TwoFactor {
  const house = makeGatehouse(checkOptions(options))
  const { totp, destinations, ...care } = careFlow(house)
  return {
    login: loginFlow(house),
    stepUp: stepUpFlow(house),
    ...challengeCodesFlow(house),
    totp: { ...totpEnrollmentFlow(house), ...totp },
    destinations: { ...destinationEnrollmentFlow(house), ...destinations },
    trustedDevices: trustedDevicesFlow(house),
    allowlist: allowlistFlow(house),
    ...care,
    operator: operatorFlow(house),
  }
}

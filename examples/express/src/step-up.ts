/** A fresh code for something of the application's own: asked for where the form is shown, spent where it is posted. */
import { isRefusal } from '@sallyport/core'
import type { Request } from 'express'
import { signedInUser } from './signed-in.js'
import type { TwoFactorLogin } from './two-factor.js'

/** Begins a challenge for `purpose`. Throws the refusal `not_enrolled` where the person has no second factor. */
export async function askForCode(
  req: Request,
  purpose: string,
  { twoFactor, contextOf }: TwoFactorLogin,
): Promise<void> {
  const user = signedInUser(req)
  const { challenge } = await twoFactor.stepUp.begin(user.id, purpose, contextOf(req, user))
  req.session.challenges = { ...req.session.challenges, [purpose]: challenge }
}

/** Returns where the posted code is right, once; throws a refusal otherwise. */
export async function requireCode(req: Request, purpose: string, login: TwoFactorLogin): Promise<void> {
  const { twoFactor, contextOf } = login
  const user = signedInUser(req)
  const context = contextOf(req, user)
  const { method, code } = req.body
  const challenge = req.session.challenges?.[purpose]
  try {
    const { grant } = await twoFactor.stepUp.verify(user.id, challenge, { method, code }, context)
    await twoFactor.stepUp.redeem(grant.token, user.id, purpose, context)
  } catch (error) {
    // The form is shown again, and needs a challenge that still lives.
    if (isRefusal(error) && error.code === 'challenge_expired') await askForCode(req, purpose, login)
    throw error
  }
}

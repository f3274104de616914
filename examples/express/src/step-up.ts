/** A fresh code within a session: asked for where a form is shown, taken where it is posted. */
import { isRefusal, type Proof } from '@sallyport/core'
import type { Request } from 'express'
import { type Asked, type CodeForm, codeForm, sendingOf } from './code-form.js'
import { isChannelId, type StrongMethod, strongMethodOf } from './methods.js'
import { signedInUser } from './signed-in.js'
import type { TwoFactorLogin } from './two-factor.js'

/** What proves for a change of factors. Any other purpose is the application's own. */
export const factors = 'factors'

export type StepUp = ReturnType<typeof makeStepUp>

export function makeStepUp({ twoFactor, contextOf }: TwoFactorLogin, clock: () => number) {
  const waiting = (req: Request, purpose: string): Asked | undefined => req.session.challenges?.[purpose]

  function keep(req: Request, purpose: string, asked: Asked): void {
    req.session.challenges = { ...req.session.challenges, [purpose]: asked }
  }

  /** Begins a challenge. Throws the refusal `not_enrolled` where the person has no second factor. */
  async function begin(req: Request, purpose: string): Promise<Asked> {
    const user = signedInUser(req)
    const { challenge, methods } = await twoFactor.stepUp.begin(user.id, purpose, contextOf(req, user))
    const asked = { challenge, methods }
    keep(req, purpose, asked)
    return asked
  }

  /** A form is shown again after a refusal, and needs a challenge that still lives. */
  async function beginAgain(req: Request, purpose: string, error: unknown): Promise<void> {
    if (isRefusal(error) && error.code === 'challenge_expired') await begin(req, purpose)
  }

  /** Takes the posted code, and returns the grant that it earns. */
  async function grantFor(req: Request, purpose: string): Promise<string> {
    const user = signedInUser(req)
    const { method, code } = req.body
    const challenge = waiting(req, purpose)?.challenge
    try {
      const { grant } = await twoFactor.stepUp.verify(user.id, challenge, { method, code }, contextOf(req, user))
      delete req.session.challenges?.[purpose]
      return grant.token
    } catch (error) {
      await beginAgain(req, purpose, error)
      throw error
    }
  }

  /** What a form shows that asks for a code. Its challenge is a new one, unless a code is on its way, which belongs to the old. */
  async function form(req: Request, purpose: string, chosen: unknown): Promise<CodeForm> {
    const asked = waiting(req, purpose)
    const onItsWay = Object.values(asked?.sent ?? {}).some(({ expiresAt }) => clock() < expiresAt)
    return codeForm(asked !== undefined && onItsWay ? asked : await begin(req, purpose), chosen, clock())
  }

  /** Returns where the posted code is right, once; throws a refusal otherwise. */
  async function requireCode(req: Request, purpose: string): Promise<void> {
    const user = signedInUser(req)
    const grant = await grantFor(req, purpose)
    await twoFactor.stepUp.redeem(grant, user.id, purpose, contextOf(req, user))
  }

  async function isOn(req: Request): Promise<boolean> {
    const user = signedInUser(req)
    return (await twoFactor.status(user.id, contextOf(req, user))).enabled
  }

  return {
    grantFor,
    form,
    requireCode,

    /** What the form of an admin asks for; null, nothing, where the admin has no second factor. */
    async strongMethod(req: Request, purpose: string, chosen: unknown): Promise<StrongMethod | null> {
      if (!(await isOn(req))) return null
      await form(req, purpose, chosen)
      return strongMethodOf(chosen)
    },

    /** As `requireCode`, but for who has no second factor. */
    async requireCodeWhereOn(req: Request, purpose: string): Promise<void> {
      if (await isOn(req)) await requireCode(req, purpose)
    },

    /** Sends a code by the posted method. */
    async send(req: Request, purpose: string): Promise<void> {
      const user = signedInUser(req)
      const { method } = req.body
      const asked = waiting(req, purpose) ?? (await begin(req, purpose))
      try {
        const sent = await twoFactor.sendCode(asked.challenge, method, contextOf(req, user))
        keep(req, purpose, { ...asked, sent: { ...asked.sent, [method]: sendingOf(sent) } })
      } catch (error) {
        await beginAgain(req, purpose, error)
        throw error
      }
    },

    /** The posted proof of a change of factors. A sent code belongs to a challenge: it proves by the grant that it earns. */
    async proofOf(req: Request): Promise<Proof> {
      const { method, code } = req.body
      return isChannelId(method) ? { grant: await grantFor(req, factors) } : { method, code }
    },
  }
}

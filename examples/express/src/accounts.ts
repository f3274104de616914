/** The application's own users: a small table in memory, and its passwords. */
import { randomBytes, randomUUID } from 'node:crypto'
import { hash, verify } from '@node-rs/argon2'

export interface User {
  readonly id: string
  readonly email: string
  readonly operator: boolean
  readonly apiKey: string
  readonly createdAt: Date
  passwordHash: string
  /** Grows with every change of the password: challenges begun under the old one end. */
  passwordVersion: number
  /** The last generation of the second factor that this application saw. */
  twoFactorGeneration: number | undefined
  /** Grows when the user's sessions are ended: a session that was begun under an older one is over. */
  sessionsVersion: number
}

/** What is wrong with a form, said to the person who filled it in. */
export class FormProblem extends Error {
  constructor(
    readonly field: 'email' | 'password' | 'current',
    message: string,
  ) {
    super(message)
  }
}

/** Checked where there is no such user. Argon2id with the package's defaults (19 MiB, 2 passes), as OWASP recommends them. */
const nobodysHash = hash(randomBytes(16))

export type Accounts = ReturnType<typeof makeAccounts>

export function makeAccounts() {
  const byId = new Map<string, User>()
  const byEmail = new Map<string, User>()

  return {
    /** The first account is the operator's: a real application appoints its operators elsewhere. */
    async signUp(email: unknown, password: unknown): Promise<User> {
      const address = readEmail(email)
      if (address === null) throw new FormProblem('email', 'Enter an email address, such as you@example.com.')
      const passwordHash = await hashNew(password)
      if (byEmail.has(address)) throw new FormProblem('email', 'There is an account with this address already.')
      const user: User = {
        id: randomUUID(),
        email: address,
        operator: byId.size === 0,
        apiKey: `acme_live_${randomBytes(18).toString('base64url')}`,
        createdAt: new Date(),
        passwordHash,
        passwordVersion: 1,
        twoFactorGeneration: undefined,
        sessionsVersion: 1,
      }
      byId.set(user.id, user)
      byEmail.set(address, user)
      return user
    },

    /**
     * The user, if the password is right; null otherwise, after the same work, whether the user or the password is unknown.
     * A real application also limits how often this may be tried, by account and by address.
     */
    async checkPassword(email: unknown, password: unknown): Promise<User | null> {
      const user = byEmail.get(readEmail(email) ?? '')
      const right = await verify(
        user?.passwordHash ?? (await nobodysHash),
        typeof password === 'string' ? password : '',
      )
      return right && user !== undefined ? user : null
    },

    /** Ends what was begun under the old password; ending the other sessions is up to the caller. */
    async changePassword(user: User, current: unknown, password: unknown): Promise<void> {
      if ((await this.checkPassword(user.email, current)) !== user) {
        throw new FormProblem('current', 'That is not your current password.')
      }
      user.passwordHash = await hashNew(password)
      user.passwordVersion += 1
    },

    find: (id: string | undefined): User | null => (id === undefined ? null : (byId.get(id) ?? null)),

    /** The user that must be there. */
    get(id: string): User {
      const user = byId.get(id)
      if (user === undefined) throw new Error('there is no such user')
      return user
    },

    all: (): readonly User[] => [...byId.values()],
  }
}

async function hashNew(password: unknown): Promise<string> {
  if (typeof password !== 'string' || password.length < 8) {
    throw new FormProblem('password', 'Choose a password of at least 8 characters.')
  }
  return hash(password)
}

/** An address in lower case; null where it is none. `:` is left out, since it parts issuer and account in a key URI. */
function readEmail(email: unknown): string | null {
  if (typeof email !== 'string') return null
  const address = email.trim().toLowerCase()
  return address.length <= 254 && /^[^\s@:]+@[^\s@:]+$/.test(address) ? address : null
}

/** The application's own users: a table of its database, and their passwords. */
import { randomBytes, randomUUID } from 'node:crypto'
import { hash, verify } from '@node-rs/argon2'
import type { Database } from './database.js'
import { FormProblem } from './form-problem.js'
import { Prisma, type User as Row } from './generated/application/client.js'

/** An admin helps others back in and chooses the policy; an editor does the work. */
export const roles = ['admin', 'editor'] as const

export type Role = (typeof roles)[number]

/** A user as it was read. Functions of {@link Accounts} change it, in the database. */
export interface User {
  readonly id: string
  readonly email: string
  readonly role: Role
  readonly apiKey: string
  readonly createdAt: Date
  /** Grows with every change of the password: challenges begun under the old one end. */
  readonly passwordVersion: number
  /** The last generation of the second factor that this application saw; 0 before the first. */
  readonly twoFactorGeneration: number
  /** Grows when the user's sessions are ended: a session that was begun under an older one is over. */
  readonly sessionsVersion: number
}

/** Checked where there is no such user. Argon2id with the package's defaults (19 MiB, 2 passes), as OWASP recommends them. */
const nobodysHash = hash(randomBytes(16))

export type Accounts = ReturnType<typeof makeAccounts>

/** @param clock ms; for tests */
export function makeAccounts(database: Database, clock: () => number = Date.now) {
  const { user: users } = database

  return {
    /** The first account is an admin's: a real application appoints its first admin elsewhere. */
    async signUp(email: unknown, password: unknown): Promise<User> {
      const address = readEmail(email)
      if (address === null) throw new FormProblem('email', 'Enter an email address, such as you@example.com.')
      const passwordHash = await hashNew(password)
      const apiKey = `acme_live_${randomBytes(18).toString('base64url')}`
      const data = { id: randomUUID(), email: address, passwordHash, apiKey, createdAt: new Date(clock()) }
      const where = { id: data.id }
      try {
        const [, , row] = await database.$transaction([
          users.create({ data }),
          // The database gives the numbers, so that of two who sign up at once only one is the first.
          users.updateMany({ where: { ...where, number: 1 }, data: { role: 'admin' } }),
          users.findUniqueOrThrow({ where }),
        ])
        return toUser(row)
      } catch (error) {
        if (!(error instanceof Prisma.PrismaClientKnownRequestError && error.code === 'P2002')) throw error
        throw new FormProblem('email', 'There is an account with this address already.')
      }
    },

    /**
     * The user, if the password is right; null otherwise, after the same work, whether the user or the password is unknown.
     * A real application also limits how often this may be tried, by account and by address.
     */
    async checkPassword(email: unknown, password: unknown): Promise<User | null> {
      const row = await users.findUnique({ where: { email: readEmail(email) ?? '' } })
      const right = await verify(row?.passwordHash ?? (await nobodysHash), typeof password === 'string' ? password : '')
      return right && row !== null ? toUser(row) : null
    },

    /** Ends what was begun under the old password; ending the other sessions is up to the caller. */
    async changePassword({ id, email }: User, current: unknown, password: unknown): Promise<void> {
      const user = await this.checkPassword(email, current)
      if (user === null) throw notTheCurrentOne()
      const passwordHash = await hashNew(password)
      const { count } = await users.updateMany({
        // Of two changes at once the second was given a password that is no longer the current one.
        where: { id, passwordVersion: user.passwordVersion },
        data: { passwordHash, passwordVersion: { increment: 1 } },
      })
      if (count === 0) throw notTheCurrentOne()
    },

    /**
     * Gives somebody else a role, and ends their sessions: one that began under another role may never have seen a code. False where
     * `by` is no admin, which the same statement sees to: of two admins who demote each other at once one stays.
     */
    async giveRole(id: string, role: Role, by: User): Promise<boolean> {
      if (id === by.id) return false
      const changed = await database.$executeRaw`
        UPDATE "user" SET "role" = ${role}, "sessions_version" = "sessions_version" + 1
        WHERE "id" = ${id} AND (SELECT "role" FROM "user" WHERE "id" = ${by.id}) = 'admin'`
      return changed === 1
    },

    /** Keeps the highest: two requests at once may come in any order. */
    async keepGeneration(id: string, generation: number): Promise<void> {
      const where = { id, twoFactorGeneration: { lt: generation } }
      await users.updateMany({ where, data: { twoFactorGeneration: generation } })
    },

    /** Ends all sessions of the user, and returns the version under which one may go on. */
    async endSessions(id: string): Promise<number> {
      const data = { sessionsVersion: { increment: 1 } }
      return (await users.update({ where: { id }, data, select: { sessionsVersion: true } })).sessionsVersion
    },

    async find(id: string): Promise<User | null> {
      const row = await users.findUnique({ where: { id } })
      return row === null ? null : toUser(row)
    },

    /** Nobody has power over their own account on the pages of admins: for that there is the profile. */
    async findOther(id: string, than: User): Promise<User | null> {
      return id === than.id ? null : this.find(id)
    },

    /** The user that must be there. */
    async get(id: string): Promise<User> {
      const user = await this.find(id)
      if (user === null) throw new Error('there is no such user')
      return user
    },

    async all(): Promise<readonly User[]> {
      return (await users.findMany({ orderBy: { number: 'asc' } })).map(toUser)
    },

    async isEmpty(): Promise<boolean> {
      return (await users.findFirst({ select: { number: true } })) === null
    },
  }
}

function toUser({ number: _number, passwordHash: _hash, role, twoFactorGeneration, ...row }: Row): User {
  return { ...row, role: roleOf(role) ?? 'editor', twoFactorGeneration: Number(twoFactorGeneration) }
}

export function roleOf(value: unknown): Role | undefined {
  return roles.find(role => role === value)
}

function notTheCurrentOne(): FormProblem {
  return new FormProblem('current', 'That is not your current password.')
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

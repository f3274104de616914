import { createTwoFactor, type Store, type Stored, type Write } from '@sallyport/core'
import { virtualAuthenticator } from '@sallyport/core/testing'
import { describe, expect, it } from 'vitest'
import { errorOf, expectRefusal, makeApplication, minute } from '../support/harness.js'
import { newStore } from '../support/new-store.js'

/** A store whose rows a thief can read and write. */
function openStore() {
  const rows = new Map<string, Stored>()
  const writes: [string, Write][] = []
  const inner = newStore()
  const store: Store = {
    get: key => inner.get(key),
    async put(key, record, ifVersion) {
      writes.push([key, record])
      const landed = await inner.put(key, record, ifVersion)
      if (landed) rows.set(key, { version: record.version, body: record.body.slice() })
      return landed
    },
    delete: key => inner.delete(key),
  }
  /** Puts any row into the place of another. */
  async function plant(key: string, { version, body }: Stored): Promise<void> {
    await inner.delete(key)
    await inner.put(key, { version, body: body.slice(), expiresAt: null, summary: null }, null)
  }
  return { store, rows, plant, erase: (key: string) => inner.delete(key), writes }
}

async function twoSubjects() {
  const open = openStore()
  const application = makeApplication({ store: open.store })
  const alice = await application.enroll('alice')
  const [aliceKey = ''] = [...open.rows.keys()]
  const bob = await application.enroll('bob')
  const bobKey = [...open.rows.keys()].find(key => key !== aliceKey) ?? ''
  const row = (key: string) => open.rows.get(key) as Stored
  return { ...application, ...open, alice, bob, aliceKey, bobKey, row }
}

describe('a sealed record', () => {
  it('R39: does not open in the place of another, under another version, altered or cut', async () => {
    const { twoFactor, plant, aliceKey, bobKey, row, context, writes } = await twoSubjects()
    const good = row(aliceKey)
    const flipped = (position: number) => good.body.map((byte, index) => (index === position ? byte ^ 1 : byte))
    const bad: Stored[] = [
      row(bobKey),
      { version: row(bobKey).version, body: good.body },
      { version: '0'.repeat(32), body: good.body },
      { version: good.version, body: row(bobKey).body },
      { version: good.version, body: good.body.slice(0, -1) },
      { version: good.version, body: new Uint8Array() },
      { version: good.version, body: new Uint8Array(33 * 1024) },
      ...[0, 1, 8, 9, 32, 33, good.body.length - 17, good.body.length - 1].map(position => ({
        version: good.version,
        body: flipped(position),
      })),
    ]
    writes.length = 0
    for (const planted of bad) {
      await plant(aliceKey, planted)
      expect(await errorOf(twoFactor.login.begin('alice', context))).toMatchObject({
        kind: 'corrupt',
        code: 'record_unreadable',
      })
      expect(await errorOf(twoFactor.status('alice'))).toMatchObject({ code: 'record_unreadable' })
      const enroll = twoFactor.totp.enroll('alice', { account: 'a' }, context)
      expect(await errorOf(enroll)).toMatchObject({ code: 'record_unreadable' })
    }
    expect(writes).toEqual([])
    await plant(aliceKey, good)
    expect((await twoFactor.login.begin('alice', context)).outcome).toBe('challenge')
  })

  it('R46: is missed when its row is deleted, where the application keeps the generation', async () => {
    const { twoFactor, erase, aliceKey, alice, context } = await twoSubjects()
    await erase(aliceKey)
    const known = { ...context, generation: alice.generation }
    expect(await errorOf(twoFactor.login.begin('alice', known))).toMatchObject({ code: 'record_missing' })
    expect(await errorOf(twoFactor.totp.enroll('alice', { account: 'a' }, known))).toMatchObject({
      code: 'record_missing',
    })
  })

  it('R46: is not believed when an older copy with older factors is put back', async () => {
    const { twoFactor, plant, aliceKey, row, alice, context, clock } = await twoSubjects()
    const older = row(aliceKey)
    clock.advance(minute)
    const { generation } = await twoFactor.recoveryCodes.regenerate('alice', { method: 'totp', code: alice.code() })
    await plant(aliceKey, older)
    expect(await errorOf(twoFactor.login.begin('alice', { ...context, generation }))).toMatchObject({
      code: 'record_stale',
    })
  })

  it('R40: shows nothing of the subject but what the summary is for', async () => {
    const { writes, alice, twoFactor, challenge, context } = await twoSubjects()
    const answer = { method: 'recovery_code', code: alice.recoveryCodes[0] }
    await twoFactor.login.verify(await challenge('alice'), answer, context)
    const [, last] = writes.at(-1) as [string, Write]
    expect(last.summary).toEqual({
      subject: 'alice',
      enabled: true,
      methods: ['totp', 'recovery_code'],
      recoveryCodesLeft: 9,
    })
    expect(last.expiresAt).toBeNull()
    for (const [key, { version, body }] of writes) {
      expect(key).toMatch(/^[0-9a-f]{64}$/)
      expect(version).toMatch(/^[0-9a-f]{32}$/)
      const text = Buffer.from(body).toString('latin1')
      for (const secret of ['alice', 'epoch', 'totp', alice.setupKey.replaceAll(' ', ''), ...alice.recoveryCodes]) {
        expect(text).not.toContain(secret)
      }
    }
    expect(new Set(writes.map(([, { version }]) => version)).size).toBe(writes.length)
  })

  it('R52: is read by one namespace alone, and its tokens too', async () => {
    const { store, settings, twoFactor, challenge, context, alice } = await twoSubjects()
    const other = createTwoFactor({ ...settings, store, namespace: 'other' })
    expect((await other.status('alice')).enabled).toBe(false)
    const token = await challenge('alice')
    const answer = { method: 'totp', code: alice.code() }
    await expectRefusal(other.login.verify(token, answer, context), 'challenge_expired')
    const pending = await other.totp.enroll('alice', { account: 'a' }, context)
    await expectRefusal(twoFactor.totp.confirm('alice', pending.token, answer, context), 'enrollment_expired')
  })

  it('stays far below what a store must take, however much is in it', async () => {
    const { twoFactor, alice, writes, context, clock } = await twoSubjects()
    for (let count = 0; count < 4; count++) {
      const proof = { method: 'recovery_code', code: alice.recoveryCodes[count] }
      const pending = await twoFactor.totp.enroll('alice', { account: 'a', proof }, context)
      const code = virtualAuthenticator(pending.uri, clock).code()
      await twoFactor.totp.confirm('alice', pending.token, { code, name: '😀'.repeat(32) }, context)
    }
    expect(writes.at(-1)?.[1].body.length).toBeLessThan(8 * 1024)
  })
})

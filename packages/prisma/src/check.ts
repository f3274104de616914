/** Tries a table with a record of its own: what the contract of a store asks, and what tables get wrong. */
import { SallyportError, type Store, type Stored, type Write } from '@sallyport/core'

/** Every byte, as often as the largest body has room for. */
const largestBody = Uint8Array.from({ length: 32 * 1024 }, (_, index) => index % 256)

/**
 * @param store the store of the table
 * @param readRow reads all columns that the model has
 * @param subject what the report is tried with
 * @throws SallyportError `store_failed`, naming what is wrong; `usage` where the report does not do
 */
export async function checkTable(
  store: Store,
  readRow: (key: string) => Promise<unknown>,
  subject?: string,
): Promise<void> {
  const key = `check ${crypto.randomUUID()}`
  const [first, second, other] = ['1', '2', '3'].map(digit => digit.repeat(32)) as [string, string, string]
  // Expires at once: should it be left behind, purgeExpired takes it away.
  const write = (version: string): Write => ({ version, body: largestBody, expiresAt: Date.now(), summary: null })
  // First what writes nothing: a user who lacks a right leaves nothing behind.
  must((await store.get(key)) === null, 'it has a record that nobody wrote')
  await store.delete(key)
  // The report is tried here, where no row is met: no foreign key asks for the user.
  const writesOver = (subject: string) =>
    store.put(key, { ...write(first), summary: { subject, enabled: false, methods: [], recoveryCodesLeft: 0 } }, other)
  must(!(await tryReport(writesOver, subject)), 'it writes over a record that is not there')
  try {
    must(await store.put(key, write(first), null), 'it does not tell that it took a record')
    must(!(await store.put(key, write(second), null)), 'it takes two records of one key: it needs a primary key')
    must(!(await store.put(key, write(second), other)), 'it writes over another version')
    must(await store.put(key, write(second), first), 'it does not tell that it wrote')
    must(
      isRecord(await store.get(key), second),
      'what was read is not what was written: a replica, a cache, or a body of less than 32 KiB',
    )
    await readRow(key)
  } catch (cause) {
    await store.delete(key).catch(() => undefined) // what went wrong before is the news
    throw cause
  }
  await store.delete(key)
  must((await store.get(key)) === null, 'what was deleted is still there: it does not go with soft deletes')
}

/** @param put with which a report is tried: of the subject given, else of a number, else of a UUID, which most ids are */
async function tryReport(put: (subject: string) => Promise<boolean>, subject: string | undefined): Promise<boolean> {
  if (subject !== undefined) return put(subject)
  try {
    return await put('1')
  } catch (cause) {
    return put('00000000-0000-4000-8000-000000000000').catch(() => {
      throw cause
    })
  }
}

function must(holds: boolean, otherwise: string): void {
  if (!holds) throw new SallyportError('store', 'store_failed', `the table of the records: ${otherwise}`)
}

function isRecord(found: Stored | null, version: string): boolean {
  return found?.version === version && found.body.join() === largestBody.join()
}

/** Stores in a folder that several processes share: each record a file, read, compared and written under a lock. */
import { mkdir, readFile, rename, rm, rmdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import type { StoreBackend } from '@sallyport/conformance'
import type { Stored } from '@sallyport/core'
import { tick } from './broken-stores/breaking.js'

export type Lock = <T>(path: string, work: () => Promise<T>) => Promise<T>

/** @param thinking milliseconds between the check of a put and its write: in them another process can check as well */
export function fileBackend(folder: string, locked: Lock, thinking = 0): StoreBackend {
  const pathOf = (key: string) => join(folder, Buffer.from(key).toString('hex'))
  const read = async (path: string): Promise<Stored | null> => {
    const text = await readFile(path, 'utf8').catch(() => null)
    if (text === null) return null
    const [version = '', body = ''] = text.split(' ')
    return { version, body: new Uint8Array(Buffer.from(body, 'base64')) }
  }
  const store: ReturnType<StoreBackend['open']> = {
    get: key => read(pathOf(key)),
    put: (key, { version, body }, ifVersion) => {
      const path = pathOf(key)
      return locked(path, async () => {
        if (((await read(path))?.version ?? null) !== ifVersion) return false
        if (thinking > 0) await tick(thinking)
        await writeFile(`${path}.${version}`, `${version} ${Buffer.from(body).toString('base64')}`)
        await rename(`${path}.${version}`, path)
        return true
      })
    },
    delete: key => locked(pathOf(key), () => rm(pathOf(key), { force: true })),
  }
  return { open: () => store }
}

const last = new Map<string, Promise<unknown>>()

/** A lock of this module, and so of one process. */
export const lockOfProcess: Lock = (path, work) => {
  const done = (last.get(path) ?? Promise.resolve()).then(work)
  last.set(path, done)
  return done
}

/** A folder that is made and removed: only one process can make it. */
export const lockOfFolder: Lock = async (path, work) => {
  const held = `${path}.lock`
  for (;;) {
    const made = await mkdir(held).then(
      () => true,
      () => false,
    )
    if (made) break
    await tick(1)
  }
  try {
    return await work()
  } finally {
    await rmdir(held)
  }
}

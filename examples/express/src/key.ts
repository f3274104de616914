/** The key that seals second factors and tokens. */
import { randomBytes } from 'node:crypto'
import { existsSync, linkSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'

/**
 * `SALLYPORT_KEY`, or else one that is made once and kept in the data folder: with a new key for every run nothing that the last one
 * sealed would open. Beside the database it protects nothing from whoever copies the folder: that is for demonstrations alone.
 */
export function readKey(folder: string): string {
  const given = process.env['SALLYPORT_KEY']
  if (given !== undefined) return given
  const file = join(folder, 'key')
  console.log(`SALLYPORT_KEY is not set: the key is in ${file}. A real application keeps it away from its database.`)
  if (!existsSync(file)) make(file)
  return readFileSync(file, 'utf8').trim()
}

/** Made aside and linked: of two processes that start at once one key stays, and neither reads half of it. */
function make(file: string): void {
  const aside = `${file}.${process.pid}`
  writeFileSync(aside, `${randomBytes(32).toString('base64')}\n`, { mode: 0o600 })
  try {
    linkSync(aside, file)
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error
  } finally {
    rmSync(aside)
  }
}

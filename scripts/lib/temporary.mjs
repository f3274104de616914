import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

/** @type {string[]} */
const folders = []

/**
 * @param {string} name
 * @returns {string} a new folder that goes when this process ends, however it ends
 */
export function temporaryFolder(name) {
  const folder = mkdtempSync(join(tmpdir(), `sallyport-${name}-`))
  if (folders.length === 0) {
    process.on('exit', () => {
      for (const folder of folders) rmSync(folder, { recursive: true, force: true })
    })
  }
  folders.push(folder)
  return folder
}

import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

/**
 * @param {string} name
 * @returns {string} a new folder that goes when this process ends, however it ends
 */
export function temporaryFolder(name) {
  const folder = mkdtempSync(join(tmpdir(), `sallyport-${name}-`))
  process.on('exit', () => rmSync(folder, { recursive: true, force: true }))
  return folder
}

/** Packages of older majors, which tests of compatibility want: installed outside the workspaces, so that a contributor's install stays small. */
import { execFile } from 'node:child_process'
import { existsSync, mkdirSync, mkdtempSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'

const cache = fileURLToPath(new URL('../node_modules/.cache/sallyport', import.meta.url))

/**
 * Installs them where they are first asked for.
 *
 * @param name of the folder that keeps them; another for other dependencies
 * @param dependencies as in a package.json
 * @returns the folder that has them in its node_modules
 */
export async function installAside(name: string, dependencies: Record<string, string>): Promise<string> {
  const place = join(cache, name)
  if (existsSync(place)) return place
  mkdirSync(cache, { recursive: true })
  // Made aside and moved: workers that ask at once do not see each other's half.
  const aside = mkdtempSync(join(cache, 'installing-'))
  writeFileSync(join(aside, 'package.json'), JSON.stringify({ private: true, dependencies }))
  const options = ['--prefer-offline', '--no-audit', '--no-fund', '--ignore-scripts']
  await promisify(execFile)('npm', ['install', ...options], { cwd: aside })
  try {
    renameSync(aside, place)
  } catch (error) {
    rmSync(aside, { recursive: true, force: true })
    if (!existsSync(place)) throw error
  }
  return place
}

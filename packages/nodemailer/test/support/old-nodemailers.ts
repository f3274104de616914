/** The older majors of nodemailer and their types, installed when they are first asked for: a contributor's first install stays small. */
import { execFile } from 'node:child_process'
import { existsSync, mkdirSync, mkdtempSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import type * as nodemailer from 'nodemailer'

const cache = fileURLToPath(new URL('../../../../node_modules/.cache/sallyport', import.meta.url))
const majors = [7, 8, 9] as const

/** The types of 9 are those of 8. */
const dependencies = Object.fromEntries(
  majors.flatMap(major => [
    [`nodemailer-${major}`, `npm:nodemailer@${major}`],
    [`@types/nodemailer-${major}`, `npm:@types/nodemailer@${Math.min(major, 8)}`],
  ]),
)

/** @returns the folder that has them in its node_modules */
export async function installOldNodemailers(): Promise<string> {
  const place = join(cache, 'nodemailers-of-older-majors')
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

const require = createRequire(join(await installOldNodemailers(), 'package.json'))

/** With the types of the present major: what differs is not used here. */
export const oldNodemailers = majors.map(major => ({
  name: `nodemailer ${major}`,
  createTransport: (require(`nodemailer-${major}`) as typeof nodemailer).createTransport,
}))

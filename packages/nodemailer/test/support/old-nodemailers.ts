/** The older majors of nodemailer and their types, installed when they are first asked for: a contributor's first install stays small. */
import { createRequire } from 'node:module'
import { join } from 'node:path'
import type * as nodemailer from 'nodemailer'
import { installAside } from '../../../../test/older-packages.js'

const majors = [7, 8, 9] as const

/** The types of 9 are those of 8. */
const dependencies = Object.fromEntries(
  majors.flatMap(major => [
    [`nodemailer-${major}`, `npm:nodemailer@${major}`],
    [`@types/nodemailer-${major}`, `npm:@types/nodemailer@${Math.min(major, 8)}`],
  ]),
)

/** @returns the folder that has them in its node_modules */
export const installOldNodemailers = (): Promise<string> => installAside('nodemailers-of-older-majors', dependencies)

const require = createRequire(join(await installOldNodemailers(), 'package.json'))

/** With the types of the present major: what differs is not used here. */
export const oldNodemailers = majors.map(major => ({
  name: `nodemailer ${major}`,
  createTransport: (require(`nodemailer-${major}`) as typeof nodemailer).createTransport,
}))

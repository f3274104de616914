import { run } from '../lib/processes.mjs'
import { StepFailed } from '../lib/steps.mjs'

/**
 * @param {string} name of a user whom the server's package made
 * @returns {Promise<import('./server.mjs').Owner>} that user, where this one is root; otherwise undefined: this user will do
 */
export async function userToRunAs(name) {
  if (process.getuid?.() !== 0) return undefined
  const [uid, gid] = await Promise.all(['-u', '-g'].map(async flag => (await run('id', [flag, name])).output.trim()))
  if (!/^\d+$/.test(uid ?? '') || !/^\d+$/.test(gid ?? ''))
    throw new StepFailed(`there is no user ${name} to run the server as`)
  return { uid: Number(uid), gid: Number(gid) }
}

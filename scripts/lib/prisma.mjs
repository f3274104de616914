import { join } from 'node:path'
import { root } from './root.mjs'
import { must } from './steps.mjs'

/**
 * Generates a Prisma client. It needs no network.
 *
 * @param {string} schema a file, or a folder of files
 */
export async function generatePrismaClient(schema) {
  const env = {
    // Generating looks for an engine that it does not use, and would download it: any file that exists will do.
    PRISMA_SCHEMA_ENGINE_BINARY: process.execPath,
    PRISMA_HIDE_UPDATE_MESSAGE: '1',
    CHECKPOINT_DISABLE: '1',
  }
  await must(join(root, 'node_modules/.bin/prisma'), ['generate', `--schema=${schema}`, '--no-hints'], { env })
}

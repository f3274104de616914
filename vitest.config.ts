import { fileURLToPath } from 'node:url'
import { defineConfig } from 'vitest/config'

const source = (path: string) => fileURLToPath(new URL(`./packages/${path}`, import.meta.url))

/** Tests run on the sources; the built packages are proven by the package checks of `npm test`. */
const alias = [
  { find: /^@sallyport\/core\/(otp|qr|http|testing)$/, replacement: source('core/src/$1/index.ts') },
  { find: /^@sallyport\/(core|memory)$/, replacement: source('$1/src/index.ts') },
]

export default defineConfig({
  test: {
    // Also the core that would be left to the main process: it has little to do.
    maxWorkers: '100%',
    projects: [
      {
        resolve: { alias },
        test: {
          name: 'unit',
          include: ['packages/*/test/**/*.test.ts', 'scripts/test/*.test.mjs'],
        },
      },
      {
        resolve: { alias },
        test: { name: 'examples', include: ['examples/*/test/*.test.ts'], testTimeout: 30_000, hookTimeout: 60_000 },
      },
      {
        resolve: { alias },
        test: {
          name: 'browser',
          include: ['examples/*/test/browser/**/*.test.ts'],
          testTimeout: 60_000,
          hookTimeout: 60_000,
          fileParallelism: false,
        },
      },
    ],
  },
})

import { fileURLToPath } from 'node:url'
import { defineConfig } from 'vitest/config'

const source = (path: string) => fileURLToPath(new URL(`./packages/${path}`, import.meta.url))

/** Tests run on the sources; the built packages are proven by the package checks of `npm test`. */
const alias = [
  { find: /^@sallyport\/core\/(otp|qr|http|ip|testing)$/, replacement: source('core/src/$1/index.ts') },
  { find: /^@sallyport\/sms\/phone$/, replacement: source('sms/src/phone.ts') },
  {
    find: /^@sallyport\/(core|memory|redis|prisma|conformance|nodemailer|sms)$/,
    replacement: source('$1/src/index.ts'),
  },
]

/** Starts the servers that no variable points to, once for all projects of a run. */
const globalSetup = './scripts/servers/setup.mjs'
const exampleClients = './scripts/example-clients.mjs'

/** The tests of core that touch a store are run once more on each of these: test/backends/index.ts. */
const remoteStores = ['redis', 'redis-cluster', 'sqlite', 'postgresql', 'mariadb']

export default defineConfig({
  test: {
    // Also the core that would be left to the main process: it has little to do.
    maxWorkers: '100%',
    projects: [
      {
        resolve: { alias },
        test: {
          name: 'unit',
          include: ['packages/{core,memory,conformance,nodemailer,sms}/test/**/*.test.ts', 'scripts/test/*.test.mjs'],
          // What has to be quick says so itself: a busy machine takes many times as long for everything.
          testTimeout: 30_000,
          hookTimeout: 60_000,
        },
      },
      {
        resolve: { alias },
        test: {
          name: 'stores',
          include: [
            'packages/{redis,prisma}/test/**/*.test.ts',
            'test/**/*.test.ts',
            'examples/drizzle-store/test/*.test.ts',
          ],
          globalSetup,
          testTimeout: 60_000,
          // In hooks older packages are installed, once.
          hookTimeout: 240_000,
        },
      },
      ...remoteStores.map(name => ({
        resolve: { alias },
        test: {
          name: `core on ${name}`,
          include: ['packages/core/test/{flows,store}/**/*.test.ts'],
          env: { SALLYPORT_TEST_STORE: name },
          globalSetup,
          testTimeout: 60_000,
          hookTimeout: 60_000,
        },
      })),
      {
        resolve: { alias },
        test: {
          name: 'examples',
          include: ['examples/express/test/*.test.ts'],
          globalSetup: [globalSetup, exampleClients],
          testTimeout: 60_000,
          hookTimeout: 60_000,
        },
      },
      {
        resolve: { alias },
        test: {
          name: 'browser',
          include: ['examples/express/test/browser/**/*.test.ts'],
          globalSetup: exampleClients,
          testTimeout: 60_000,
          hookTimeout: 60_000,
          // Beside each other two Chromiums at times fail to take a screenshot.
          fileParallelism: false,
        },
      },
    ],
  },
})

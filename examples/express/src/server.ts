/** Starts the example on localhost. */
import type { AddressInfo } from 'node:net'
import { fileURLToPath } from 'node:url'
import { SallyportError } from '@sallyport/core'
import { makeAccounts } from './accounts.js'
import { createApp } from './app.js'
import { openDatabase } from './database.js'
import { readKey } from './key.js'
import { StartFailure } from './start-failure.js'
import { openStore } from './store.js'

try {
  await start()
} catch (error) {
  const known = error instanceof StartFailure || error instanceof SallyportError
  console.error('Acme cannot start:', known ? error.message : error)
  process.exit(1)
}

async function start(): Promise<void> {
  const folder = process.env['DATA'] ?? fileURLToPath(new URL('../data', import.meta.url))
  const database = await openDatabase(folder)
  const { store, close } = await openStore(process.env['TWO_FACTOR_STORE'], database)
  const required = process.env['TWO_FACTOR'] === 'required'
  const app = createApp({ accounts: makeAccounts(database), store, key: readKey(folder), required, https: false })

  const port = Number(process.env['PORT'] ?? 3000)
  const server = app.listen(port, 'localhost', error => {
    if (error) {
      console.error(`Cannot listen on port ${port}: ${error.message}`)
      process.exit(1)
    }
    console.log(`Acme is at http://localhost:${(server.address() as AddressInfo).port}`)
  })

  for (const signal of ['SIGINT', 'SIGTERM'] as const) {
    process.once(signal, () => {
      server.close(async () => {
        await close()
        await database.$disconnect()
        process.exit(0)
      })
      server.closeAllConnections()
    })
  }
}

/** Starts the example on localhost. */
import { randomBytes } from 'node:crypto'
import type { AddressInfo } from 'node:net'
import { createApp } from './app.js'

const port = Number(process.env['PORT'] ?? 3000)
let key = process.env['SALLYPORT_KEY']
if (key === undefined) {
  key = randomBytes(32).toString('base64')
  console.log('SALLYPORT_KEY is not set: a random key was made for this run. Real ones: openssl rand -base64 32')
}

const app = createApp({ key, required: process.env['TWO_FACTOR'] === 'required', https: false })
const server = app.listen(port, 'localhost', error => {
  if (error) {
    console.error(`Cannot listen on port ${port}: ${error.message}`)
    process.exit(1)
  }
  console.log(`Acme is at http://localhost:${(server.address() as AddressInfo).port}`)
})

for (const signal of ['SIGINT', 'SIGTERM'] as const) {
  process.once(signal, () => {
    server.close(() => process.exit(0))
    server.closeAllConnections()
  })
}

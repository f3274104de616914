/** Starts the example on localhost. */
import type { AddressInfo } from 'node:net'
import { fileURLToPath } from 'node:url'
import { SallyportError } from '@sallyport/core'
import type { EmailChannel } from '@sallyport/nodemailer'
import { makeAccounts } from './accounts.js'
import { createApp } from './app.js'
import { codesByMail, codesByTextMessage } from './channels.js'
import { openDatabase } from './database.js'
import { readKey } from './key.js'
import { openMail } from './mail.js'
import { makeNotices } from './notices.js'
import { initialPolicy, makePolicies } from './policy.js'
import { reasonOf, StartFailure } from './start-failure.js'
import { openStore } from './store.js'
import { trustedProxiesIn } from './trusted-proxies.js'

try {
  await start()
} catch (error) {
  const known = error instanceof StartFailure || error instanceof SallyportError
  console.error('Acme cannot start:', known ? error.message : error)
  process.exit(1)
}

async function start(): Promise<void> {
  const trustedProxies = trustedProxiesIn(process.env['TRUSTED_PROXIES'])
  const folder = process.env['DATA'] ?? fileURLToPath(new URL('../data', import.meta.url))
  const database = await openDatabase(folder)
  const { store, close } = await openStore(process.env['TWO_FACTOR_STORE'] || undefined, database)
  const accounts = makeAccounts(database)
  const mail = await openMail(process.env['SMTP_URL'], process.env['MAIL_FROM'])
  const byMail = codesByMail(mail, accounts, firstEnrollmentByMail())
  const texts = codesByTextMessage(process.env, mail.inbox === null ? null : console.log)
  const notices = makeNotices({ accounts, mail })
  void tellOfBrokenMail(byMail)

  const app = createApp({
    accounts,
    store,
    key: readKey(folder),
    channels: [byMail, ...texts.channels],
    notices,
    policies: makePolicies(database, initialPolicy(process.env['TWO_FACTOR'] === 'required')),
    firstEnrollment: firstEnrollmentByMail() ? { channel: byMail.id } : 'password',
    trustedProxies,
    https: false,
    demo: { inbox: mail.inbox, printsTexts: texts.printed },
  })

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
        await notices.close()
        await mail.close()
        await close()
        await database.$disconnect()
        process.exit(0)
      })
      server.closeAllConnections()
    })
  }
}

function firstEnrollmentByMail(): boolean {
  const chosen = process.env['FIRST_ENROLLMENT']
  if (chosen !== undefined && chosen !== 'email')
    throw new StartFailure('FIRST_ENROLLMENT must be email, or not be set')
  return chosen === 'email'
}

/** A mail server that is away keeps nobody from logging in with an authenticator: the application starts all the same, and says so. */
async function tellOfBrokenMail(byMail: EmailChannel): Promise<void> {
  try {
    await byMail.verify()
  } catch (error) {
    console.warn(`Mail cannot be sent now: ${reasonOf(error)}`)
  }
}

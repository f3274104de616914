/** What codes can be sent by: mail, and text messages. */
import type { Channel } from '@sallyport/core'
import { type EmailChannel, emailChannel } from '@sallyport/nodemailer'
import { consoleChannel, twilioChannel } from '@sallyport/sms'
import { phoneNumbers } from '@sallyport/sms/phone'
import type { CountryCode } from 'libphonenumber-js'
import type { Accounts } from './accounts.js'
import type { Mail } from './mail.js'
import { StartFailure } from './start-failure.js'

/** @param asksFirst whether a first enrolment takes a code by mail */
export function codesByMail({ transport, from }: Mail, accounts: Accounts, asksFirst: boolean): EmailChannel {
  if (!asksFirst) return emailChannel({ transport, from })
  return emailChannel({
    transport,
    from,
    // Nobody has ever shown to read the address that an account was made with, so it is given only where the first enrolment asks a code
    // of it, which shows just that; otherwise people add an address in the profile, and that takes a code. An application that has its
    // addresses confirmed gives those here, always, and null for the others: they then become destinations with the first factor.
    addressOf: async subject => (await accounts.find(subject))?.email ?? null,
  })
}

/**
 * By Twilio, where its variables are set; else a text message is a line where the application runs, in a demonstration and nowhere else:
 * codes and numbers are in it. Where messages cost money, the countries that they go to have to be named: calls and messages to far places
 * are what toll fraud lives on.
 *
 * @param print null where this is no demonstration
 */
export function codesByTextMessage(
  env: NodeJS.ProcessEnv,
  print: ((line: string) => void) | null,
): { channels: readonly Channel[]; printed: boolean } {
  const countries = env['SMS_COUNTRIES']
  const normalize = countries === undefined ? phoneNumbers() : numbersOf(countries)
  const { TWILIO_ACCOUNT_SID: accountSid, TWILIO_AUTH_TOKEN: authToken, TWILIO_FROM: from } = env
  if (accountSid === undefined) {
    return print === null
      ? { channels: [], printed: false }
      : { channels: [consoleChannel({ print, normalize })], printed: true }
  }
  if (authToken === undefined || from === undefined || countries === undefined) {
    throw new StartFailure('beside TWILIO_ACCOUNT_SID, set TWILIO_AUTH_TOKEN, TWILIO_FROM and SMS_COUNTRIES')
  }
  return { channels: [twilioChannel({ accountSid, authToken, from, normalize })], printed: false }
}

/** @param countries as in `US,CA`; a number without a country code is one of the first */
function numbersOf(countries: string): (typed: string) => string | null {
  const codes = countries.split(',') as [CountryCode, ...CountryCode[]]
  try {
    return phoneNumbers({ countries: codes, defaultCountry: codes[0] })
  } catch {
    throw new StartFailure('SMS_COUNTRIES must be codes of countries, such as US,CA')
  }
}

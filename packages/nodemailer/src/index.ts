/** `@sallyport/nodemailer`: a channel that mails codes by nodemailer. */

export { type EmailChannel, type EmailChannelOptions, emailChannel } from './channel.js'
export { codeEmail, type EmailContent } from './message.js'
export type { MailTransport } from './transport.js'

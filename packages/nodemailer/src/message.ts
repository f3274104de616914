/** The default message: what the code is, what it is for, how long it is good, and what to do where it was somebody else. */
import type { CodeMessage } from '@sallyport/core'

/** What a mail says. */
export interface EmailContent {
  subject: string
  text: string
  html?: string
}

const minute = 60_000
/** No code lives longer (R23), whatever the two clocks say. */
const longestLifetime = 10
/** A moment passes between the count of a send and its mail, ms. */
const margin = 10_000

const said: Record<CodeMessage['purpose'], (issuer: string) => { use: string; otherwise: string }> = {
  login: issuer => ({
    use: `Type it in to finish signing in to ${issuer}.`,
    otherwise: 'If this was not you, somebody has your password: change it.',
  }),
  step_up: issuer => ({
    use: `Type it in to confirm that it is you who is using ${issuer}.`,
    otherwise: 'If this was not you, somebody is in your account: sign out everywhere and change your password.',
  }),
  destination: issuer => ({
    use: `Type it in to confirm this address for signing in to ${issuer}.`,
    otherwise: 'If this was not you, do nothing: without the code this address will not be used.',
  }),
}

/**
 * The message that `emailChannel` sends by default, in English: as text, and as HTML without links, images and colours. The code comes first in
 * the subject.
 *
 * @param message what the channel was given
 * @returns subject, text and HTML, to be sent as they are or changed
 *
 * @example
 * ```ts
 * import { codeEmail, emailChannel } from '@sallyport/nodemailer'
 * import { createTransport } from 'nodemailer'
 *
 * const email = emailChannel({
 *   transport: createTransport(process.env['SMTP_URL'] ?? 'smtp://localhost'),
 *   from: 'Acme <no-reply@acme.example>',
 *   message: message => ({ ...codeEmail(message), subject: `Your ${message.issuer} code` }), // not on a locked screen
 * })
 * ```
 */
export function codeEmail(message: CodeMessage): Required<EmailContent> {
  // One line, whatever it is: it stands in a header.
  const issuer = message.issuer.replace(/[\p{Cc}\p{Zl}\p{Zp}]+/gu, ' ')
  const { use, otherwise } = said[message.purpose](issuer)
  const subject = `${message.code} is your ${issuer} code`
  const life = `It is good for ${timeLeft(message.expiresAt)}. Give it to nobody, whoever asks.`
  return {
    subject,
    text: `${subject}.\n\n${use}\n${life}\n\n${otherwise}\n`,
    html: page(subject, [
      `<p>Your ${escaped(issuer)} code:</p>`,
      `<p style="font-size: 32px; font-weight: bold; letter-spacing: 4px">${escaped(message.code)}</p>`,
      `<p>${escaped(use)} ${escaped(life)}</p>`,
      `<p>${escaped(otherwise)}</p>`,
    ]),
  }
}

/** Rounded down, but for that moment: a code for five minutes says five. */
function timeLeft(expiresAt: Date): string {
  const minutes = Math.min(Math.floor((expiresAt.getTime() - Date.now() + margin) / minute), longestLifetime)
  if (minutes < 1) return 'less than a minute'
  return minutes === 1 ? '1 minute' : `${minutes} minutes`
}

/** Without colours, so that a client may choose them: light on dark, or the other way round. */
function page(title: string, paragraphs: readonly string[]): string {
  return `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width">
<meta name="color-scheme" content="light dark">
<title>${escaped(title)}</title>
</head>
<body style="font-family: sans-serif; font-size: 16px; line-height: 1.5">
${paragraphs.join('\n')}
</body>
</html>
`
}

const entities: Record<string, string> = { '&': '&amp;', '<': '&lt;', '>': '&gt;', '"': '&quot;', "'": '&#39;' }

function escaped(text: string): string {
  return text.replace(/[&<>"']/g, character => entities[character] ?? '')
}

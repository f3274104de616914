/**
 * `@sallyport/core/otp`: one-time passwords on their own (RFC 4226, RFC 6238, Key URI Format). Pure and synchronous; knows
 * no user, no storage and no budget of guesses.
 */
export { hotp } from './hotp.js'
export { keyUri, parseKeyUri } from './key-uri.js'
export { generateSecret, type Secret } from './secret.js'
export { totp, verifyTotp } from './totp.js'

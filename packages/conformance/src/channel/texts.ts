/** What people, and those who are no friends, type where an address belongs. */

/** Texts that are no address anywhere, or hardly; `near` is one that is, where there is one. */
export function oddTexts(near: string | null): readonly string[] {
  const plain = [
    '',
    ' ',
    '\t',
    '\u00a0',
    '\u200b',
    '\u202e',
    '\ufeff',
    '\0',
    '\r\n',
    '\u2028',
    '\ud800',
    '\udc00',
    'null',
    'undefined',
    'constructor',
    '__proto__',
    '[object Object]',
    '{"$ne":null}',
    '%00',
    '%s%n',
    '{{code}}',
    '../../etc/passwd',
    "' or 1=1 --",
    '<script>alert(1)</script>',
    '@',
    '@@',
    '+',
    '0',
    '-1',
    '1e999',
    'a@b',
    'a@localhost',
    'a@[127.0.0.1]',
    '"a b"@example.com',
    'a@example..com',
    'ä@bücher.example',
    'a@пример.example',
    '<a@example.com>',
    'A <a@example.com>',
    'mailto:a@example.com',
    'tel:+12025550142',
    '+12025550142;ext=1',
    '+１２０２５５５０１４２',
    '\u{1f4e7}@example.com',
    `${'a'.repeat(64)}@${'b'.repeat(63)}.example`,
    `${'a'.repeat(250)}@example.com`,
    `a@${'b.'.repeat(126)}example`,
    '9'.repeat(300),
    '\u{1f4e7}'.repeat(100),
  ]
  if (near === null) return plain
  const around = [
    `\0${near}`,
    `${near}\0`,
    `${near}\r\n`,
    `${near}\nRCPT TO:<a@example.com>`,
    `\ud800${near}`,
    `${near}\udfff`,
    `${near}\u202e`,
    `\u202a${near}\u202c`,
    `${near}${'x'.repeat(300)}`,
    `${' '.repeat(300)}${near}`,
    near.toUpperCase(),
    near.slice(0, -1),
    `${near}0`,
    ` ${near} `,
  ]
  return [...plain, ...around]
}

/** Two addresses in one text, in the ways that mail programs, phones and HTTP clients take for two. */
export function severalIn(first: string, second: string): readonly string[] {
  const between = [',', ', ', ';', '; ', ' ', '\t', '\n', '\r\n', '\0', '|', '&', '\r\nBcc: ', '%0a', '&To=', ',,']
  const joined = between.map(mark => `${first}${mark}${second}`)
  return [...joined, `<${first}>,<${second}>`, `a: ${first}, ${second};`, `["${first}","${second}"]`]
}

/** What makes a regular expression that backtracks do so, once it is long enough. */
export const tedious: readonly string[] = [
  'a',
  '1',
  ' ',
  '-',
  '.',
  '(',
  '@',
  'a@',
  'a.',
  'a-',
  '1 ',
  '+1',
  '1-',
  '"',
  '<',
  '\u00a0',
  'ä',
]

/** UTF-16 units: by small steps first, since what takes exponential time would never end at a larger one. */
export function lengths(): number[] {
  const small = Array.from({ length: 29 }, (_, index) => 8 + 2 * index)
  return [...small, 128, 256, 512, 1_024, 4_096, 16_384, 65_536, 262_144, 1_048_576]
}

/** Everybody's own address. */
export function addressOf(subject: string): string {
  return `${subject}@example.com`
}
